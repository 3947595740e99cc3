import { Progress } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useRoundJobs } from "~/api/rounds";
import { useMetrics } from "~/api/training";
import type { Job, Round } from "~/api/types";
import { Curves } from "~/components/curves";
import { Facts } from "~/components/facts";
import { number, quantity } from "~/components/format";
import { useMethodName } from "~/components/method-name";
import { RoundChoices } from "~/components/round-moves";
import { Loaded, Sentence } from "~/components/sentence";
import { stageOf } from "~/components/stage-strip";
import { useLive } from "~/live/use-live";
import classes from "./rounds.module.css";

/** What runs now, how far it is and what comes next; a blocked round says why and asks. */
export function Now({
  round,
  pollMs,
  editable,
}: {
  round: Round;
  pollMs: number;
  editable: boolean;
}) {
  const { t } = useTranslation();
  const jobs = useRoundJobs(round.id, pollMs);
  if (round.blocked) return <BlockedRound round={round} editable={editable} />;
  switch (round.state) {
    case "draft":
      return <Sentence>{t(editable ? "rounds.nowDraft" : "rounds.nowDraftView")}</Sentence>;
    case "cancelled":
      return <Sentence>{t("rounds.nowCancelled")}</Sentence>;
    case "labeling":
      return <Labeling round={round} />;
    default:
      return <Loaded query={jobs}>{(list) => <JobNow jobs={list} round={round} />}</Loaded>;
  }
}

/** The running job, else the last one that trained something: its curves tell most. */
export function jobToShow(jobs: Job[]): Job | undefined {
  return (
    jobs.findLast((job) => job.state === "running" || job.state === "starting") ??
    jobs.findLast((job) => job.state === "failed") ??
    jobs.findLast((job) => job.state === "succeeded" && job.checkpoint) ??
    jobs.at(-1)
  );
}

function JobNow({ jobs, round }: { jobs: Job[]; round: Round }) {
  const { t } = useTranslation();
  const methodName = useMethodName();
  const job = jobToShow(jobs);
  const running = job?.state === "running" || job?.state === "starting";
  const live = useLive(job && running ? `job:${job.id}` : undefined);
  const metrics = useMetrics(job?.id, running ? (live ? 5_000 : 3_000) : false);
  if (!job) return <Sentence>{t("rounds.nowWaiting")}</Sentence>;
  return (
    <>
      <p className={classes.nowLine}>
        <Link to={`/jobs/${job.id}`}>{methodName(job.method)}</Link>{" "}
        {running ? t("rounds.runs") : t(`jobState.${job.state}`).toLowerCase()}
        {job.total !== null &&
          ` · ${t("training.stepOf", { step: number(job.step), total: number(job.total) })}`}
      </p>
      {running && job.total !== null && job.total > 0 && (
        <Progress
          value={(100 * job.step) / job.total}
          aria-label={t("training.progress")}
          mb="md"
        />
      )}
      {metrics.data && <Curves rows={metrics.data.rows} most={2} />}
      <Next round={round} />
    </>
  );
}

function Labeling({ round }: { round: Round }) {
  const { t } = useTranslation();
  const { done, total, per_hour } = round.progress.labels;
  return (
    <>
      <p className={classes.nowLine}>
        {t("projects.progress.labels", { done: number(done), total: number(total) })}
      </p>
      <Progress
        value={total > 0 ? (100 * done) / total : 0}
        aria-label={t("rounds.labelProgress")}
        mb="md"
      />
      <Facts
        rows={[
          [t("rounds.peopleNow"), number(round.progress.people_now)],
          [t("rounds.perHour"), number(per_hour)],
          [t("rounds.promptsAsked"), number(round.progress.prompts)],
        ]}
      />
      {round.progress.people_now === 0 && done < total && (
        <p className={classes.hint}>{t("rounds.nobody")}</p>
      )}
      <Next round={round} />
    </>
  );
}

function Next({ round }: { round: Round }) {
  const { t } = useTranslation();
  const stage = stageOf(round);
  if (round.state === "done") return null;
  return <p className={classes.next}>{t(`rounds.next.${stage}`)}</p>;
}

function BlockedRound({ round, editable }: { round: Round; editable: boolean }) {
  const { t } = useTranslation();
  const { blocked } = round;
  if (!blocked) return null;
  return (
    <div className={classes.blocked}>
      <p className={classes.reason}>{blocked.reason}</p>
      <Evidence evidence={blocked.evidence} />
      {editable ? (
        <RoundChoices roundId={round.id} actions={blocked.actions} />
      ) : (
        <p className="quiet">{t("rounds.askManager")}</p>
      )}
    </div>
  );
}

/** What the block was decided on; ids become links, numbers keep their names. */
function Evidence({ evidence }: { evidence: unknown }) {
  const { t } = useTranslation();
  if (typeof evidence !== "object" || evidence === null) return null;
  const link = (noun: "job" | "checkpoint", id: unknown) => (
    <Link to={`/${noun}s/${String(id)}`}>{t(`rounds.evidence.${noun}`)}</Link>
  );
  const rows = Object.entries(evidence).map(([name, value]): [string, React.ReactNode] => {
    if (name === "job" || name === "checkpoint")
      return [t("rounds.evidence.where"), link(name, value)];
    if (typeof value === "number") return [evidenceName(name, t), quantity(value)];
    if (typeof value === "object" && value !== null) {
      return [evidenceName(name, t), Object.values(value).filter(Boolean).join(": ")];
    }
    return [evidenceName(name, t), value === null ? null : String(value)];
  });
  return (
    <div className={classes.evidence}>
      <Facts rows={rows} />
    </div>
  );
}

function evidenceName(name: string, t: ReturnType<typeof useTranslation>["t"]): string {
  switch (name) {
    case "metric":
    case "value":
    case "least":
    case "most":
    case "error":
      return t(`rounds.evidence.${name}`);
    default:
      return name.replaceAll("_", " ");
  }
}
