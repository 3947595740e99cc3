import { Button, Progress } from "@mantine/core";
import type { TFunction } from "i18next";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { useProject } from "~/api/projects";
import { useJob, useJobLog, useMetrics, useMoveJob } from "~/api/training";
import type { Job } from "~/api/types";
import { ConfirmButton } from "~/components/confirm-button";
import { Curves } from "~/components/curves";
import { Facts } from "~/components/facts";
import { ago, dateTime, duration, number } from "~/components/format";
import { useMethodName } from "~/components/method-name";
import { notifyFailure } from "~/components/notify";
import { LoadedPage, Page, Section } from "~/components/page";
import { Loaded } from "~/components/sentence";
import { JobBadge } from "~/components/state-badge";
import { pollEvery, useLive } from "~/live/use-live";
import { MetricTable } from "./metric-table";
import classes from "./training.module.css";

export function Component() {
  const { id = "" } = useParams();
  const live = useLive(`job:${id}`);
  const job = useJob(id, pollEvery(live));
  return <LoadedPage query={job}>{(data) => <JobScreen job={data} live={live} />}</LoadedPage>;
}

function JobScreen({ job, live }: { job: Job; live: boolean }) {
  const { t } = useTranslation();
  const methodName = useMethodName();
  const project = useProject(job.project.id);
  const open = ["queued", "starting", "running"].includes(job.state);
  const metrics = useMetrics(job.id, open ? (live ? 5_000 : 3_000) : false);
  const result = job.result?.metrics;
  return (
    <Page
      title={methodName(job.method)}
      badge={<JobBadge state={job.state} />}
      crumbs={[
        { label: job.project.name, to: `/projects/${job.project.id}` },
        ...(job.round
          ? [{ label: t("round", { number: job.round.number }), to: `/rounds/${job.round.id}` }]
          : []),
      ]}
      actions={project.data?.permissions.includes("job.edit") && <Moves job={job} open={open} />}
    >
      {job.error && (
        <div className={classes.error} role="alert">
          <strong>{job.error.class}</strong>
          <p>{job.error.text}</p>
          {job.attempt < job.max_attempts && job.state !== "failed" && (
            <p className="quiet">{t("training.willRetry")}</p>
          )}
        </div>
      )}
      {open && job.total !== null && job.total > 0 && (
        <Progress
          value={(100 * job.step) / job.total}
          mb="lg"
          aria-label={t("training.progress")}
        />
      )}
      <Section title={t("training.about")}>
        <div className="panel">
          <Facts rows={aboutJob(job, t)} />
        </div>
      </Section>
      <Section title={t("training.curves")}>
        <Loaded query={metrics}>{({ rows }) => <Curves rows={rows} />}</Loaded>
      </Section>
      {result && Object.keys(result).length > 0 && (
        <Section title={t("training.results")}>
          <MetricTable metrics={result} />
        </Section>
      )}
      <Section title={t("training.settings")}>
        <SettingsOf spec={job.spec} />
      </Section>
      <Section title={t("training.log")}>
        <Log id={job.id} />
      </Section>
    </Page>
  );
}

function aboutJob(job: Job, t: TFunction): [string, React.ReactNode][] {
  const ended = job.finished_at ? Date.parse(job.finished_at) : Date.now();
  return [
    [
      t("training.steps"),
      job.total === null
        ? number(job.step)
        : t("training.stepOf", { step: number(job.step), total: number(job.total) }),
    ],
    [
      t("training.attempt"),
      t("training.attemptOf", { attempt: job.attempt, most: job.max_attempts }),
    ],
    [t("training.created"), dateTime(job.created_at)],
    [t("training.took"), job.started_at && duration((ended - Date.parse(job.started_at)) / 1000)],
    [
      t("training.heartbeat"),
      job.state === "running" && job.heartbeat_at ? ago(job.heartbeat_at) : null,
    ],
    [
      t("training.made"),
      job.checkpoint && <Link to={`/checkpoints/${job.checkpoint.id}`}>{job.checkpoint.name}</Link>,
    ],
  ];
}

function Moves({ job, open }: { job: Job; open: boolean }) {
  const { t } = useTranslation();
  const move = useMoveJob(job.id);
  if (open) {
    return (
      <ConfirmButton
        variant="default"
        question={t("training.cancelQuestion")}
        loading={move.isPending || job.cancel_requested}
        onConfirm={() => move.mutate("cancel", { onError: notifyFailure })}
      >
        {t("training.cancel")}
      </ConfirmButton>
    );
  }
  if (job.state === "succeeded") return null;
  return (
    <Button
      loading={move.isPending}
      onClick={() => move.mutate("retry", { onError: notifyFailure })}
    >
      {t("training.retry")}
    </Button>
  );
}

/** The settings of the spec that names them, and the whole spec for who wants to see it all. */
function SettingsOf({ spec }: { spec: Job["spec"] }) {
  const { t } = useTranslation();
  const { settings = {} } = spec;
  const names = Object.keys(settings);
  return (
    <div className="panel">
      {names.length > 0 ? (
        <Facts
          rows={names.map((name) => [
            <code key={name}>{name}</code>,
            JSON.stringify(settings[name]),
          ])}
        />
      ) : (
        <p className="quiet" style={{ margin: 0 }}>
          {t("recipe.defaults")}
        </p>
      )}
      <details className={classes.spec}>
        <summary>{t("training.spec")}</summary>
        <pre>{JSON.stringify(spec, null, 2)}</pre>
      </details>
    </div>
  );
}

function Log({ id }: { id: string }) {
  const { t } = useTranslation();
  const [shown, setShown] = useState(false);
  const log = useJobLog(id, shown);
  if (!shown) {
    return (
      <Button variant="default" size="xs" onClick={() => setShown(true)}>
        {t("training.showLog")}
      </Button>
    );
  }
  return (
    <Loaded query={log}>
      {(text) =>
        text ? (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling text is reached by key.
          <pre className={classes.log} tabIndex={0}>
            {text}
          </pre>
        ) : (
          <p className="quiet">{t("training.emptyLog")}</p>
        )
      }
    </Loaded>
  );
}
