import { Button, Group, Tabs } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link, useParams, useSearchParams } from "react-router";
import { useProject } from "~/api/projects";
import { useLadder, useRound, useStartRound } from "~/api/rounds";
import type { Round } from "~/api/types";
import { IntervalPlot } from "~/components/interval-plot";
import { LabelTable } from "~/components/label-table";
import { notifyFailure } from "~/components/notify";
import { LoadedPage, Page } from "~/components/page";
import { Loaded, Sentence } from "~/components/sentence";
import { StageStrip } from "~/components/stage-strip";
import { RoundBadge } from "~/components/state-badge";
import { pollEvery, useLive } from "~/live/use-live";
import { Blocks } from "./block";
import { DatasetsTab } from "./datasets-tab";
import { GatesTab } from "./gates-tab";
import { HistoryTab } from "./history-tab";
import { JobsTab } from "./jobs-tab";
import { Now } from "./now";
import { PlanTab } from "./plan-tab";
import { usePulse } from "./pulse";
import classes from "./rounds.module.css";
import { SamplesTab } from "./samples-tab";
import { SettingsTab } from "./settings-tab";
import { Steering } from "./steering";
import { Successor } from "./successor";

const TABS = [
  "plan",
  "samples",
  "labels",
  "dataset",
  "jobs",
  "gates",
  "settings",
  "history",
] as const;

export function Component() {
  const { id = "" } = useParams();
  const live = useLive(`round:${id}`);
  const round = useRound(id, pollEvery(live));
  return (
    <LoadedPage query={round}>
      {(data) => <RoundScreen key={data.id} round={data} pollMs={pollEvery(live)} />}
    </LoadedPage>
  );
}

function RoundScreen({ round, pollMs }: { round: Round; pollMs: number }) {
  const { t } = useTranslation();
  const project = useProject(round.project.id);
  const ladder = useLadder(round.id, pollMs);
  const [parameters, setParameters] = useSearchParams();
  const tab = parameters.get("tab") ?? "plan";
  const editable = project.data?.permissions.includes("round.edit") ?? false;
  const pulse = usePulse(round);
  return (
    <Page
      title={t("round", { number: round.number })}
      crumbs={[
        { label: t("nav.projects"), to: "/projects" },
        { label: round.project.name, to: `/projects/${round.project.id}` },
      ]}
      badge={<RoundBadge round={round} />}
      actions={editable && <Moves round={round} />}
    >
      <div className={classes.strip}>
        <StageStrip round={round} />
        {pulse && <p className={classes.pulse}>{pulse}</p>}
      </div>
      <Blocks round={round} editable={editable} />
      <div className={classes.columns}>
        <section className="panel" aria-label={t("rounds.now")}>
          <h2 className={classes.panelTitle}>{t("rounds.now")}</h2>
          <Now round={round} pollMs={pollMs} editable={editable} />
        </section>
        <section className="panel" aria-label={t("projects.ladder")}>
          <h2 className={classes.panelTitle}>{t("projects.ladder")}</h2>
          <Loaded query={ladder}>
            {(data) =>
              data.entries.length > 0 ? (
                <IntervalPlot ladder={data} />
              ) : (
                <Sentence>{t("ladder.empty")}</Sentence>
              )
            }
          </Loaded>
        </section>
      </div>
      <Successor round={round} editable={editable} />
      <Tabs
        value={tab}
        onChange={(value) => setParameters(value === "plan" ? {} : { tab: value ?? "" })}
        keepMounted={false}
      >
        <Tabs.List mb="lg">
          {TABS.map((name) => (
            <Tabs.Tab key={name} value={name}>
              {t(`rounds.tab.${name}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="plan">
          <PlanTab round={round} pollMs={pollMs} />
        </Tabs.Panel>
        <Tabs.Panel value="samples">
          <SamplesTab roundId={round.id} />
        </Tabs.Panel>
        <Tabs.Panel value="labels">
          <LabelTable projectId={round.project.id} round={round.id} />
        </Tabs.Panel>
        <Tabs.Panel value="dataset">
          <DatasetsTab round={round} />
        </Tabs.Panel>
        <Tabs.Panel value="jobs">
          <JobsTab roundId={round.id} pollMs={pollMs} />
        </Tabs.Panel>
        <Tabs.Panel value="gates">
          <GatesTab round={round} />
        </Tabs.Panel>
        <Tabs.Panel value="settings">
          <SettingsTab round={round} editable={editable} />
        </Tabs.Panel>
        <Tabs.Panel value="history">
          <HistoryTab round={round} />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}

function Moves({ round }: { round: Round }) {
  const { t } = useTranslation();
  const start = useStartRound();
  const isOver = round.state === "done" || round.state === "cancelled";
  return (
    <Group gap="xs">
      {round.state === "draft" && (
        <>
          <Button component={Link} to={`/rounds/${round.id}/recipe`} variant="default">
            {t("rounds.editRecipe")}
          </Button>
          <Button
            loading={start.isPending}
            onClick={() => start.mutate(round.id, { onError: notifyFailure })}
          >
            {t("rounds.start")}
          </Button>
        </>
      )}
      {isOver && (
        <Button
          component={Link}
          to={`/projects/${round.project.id}/new-round?copy=${round.id}`}
          variant="default"
        >
          {t("rounds.copy")}
        </Button>
      )}
      <Steering round={round} />
    </Group>
  );
}
