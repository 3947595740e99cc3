import { Alert, Button, Tabs } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link, useParams, useSearchParams } from "react-router";
import { useOverview, useProject } from "~/api/projects";
import type { Overview, Project } from "~/api/types";
import { interval, number } from "~/components/format";
import { Happenings } from "~/components/happenings";
import { IntervalPlot } from "~/components/interval-plot";
import { LabelTable } from "~/components/label-table";
import { LoadedPage, Page, Section } from "~/components/page";
import { Loaded, Sentence } from "~/components/sentence";
import { saySentence } from "~/i18n/say";
import { pollEvery, useLive } from "~/live/use-live";
import { Checkpoints } from "./checkpoints";
import { Files } from "./files";
import { Guidelines } from "./guidelines";
import classes from "./projects.module.css";
import { Prompts } from "./prompts";
import { ArchivedRounds, RoundRows } from "./round-rows";

const TABS = [
  "rounds",
  "prompts",
  "guidelines",
  "labels",
  "checkpoints",
  "files",
  "events",
] as const;

export function Component() {
  const { id = "" } = useParams();
  const project = useProject(id);
  return (
    <LoadedPage query={project}>
      {(data) => <ProjectScreen key={data.id} project={data} />}
    </LoadedPage>
  );
}

function ProjectScreen({ project }: { project: Project }) {
  const { t } = useTranslation();
  const live = useLive(`project:${project.id}`);
  const overview = useOverview(project.id, pollEvery(live));
  const [parameters, setParameters] = useSearchParams();
  const tab = parameters.get("tab") ?? "rounds";
  const can = (action: string) => project.permissions.includes(action);
  return (
    <Page
      title={project.name}
      crumbs={[{ label: t("nav.projects"), to: "/projects" }]}
      lead={project.description}
      actions={
        can("round.edit") &&
        !project.archived_at && (
          <Button component={Link} to={`/projects/${project.id}/new-round`}>
            {t("projects.newRound")}
          </Button>
        )
      }
    >
      {project.archived_at && <Alert mb="lg">{t("projects.archives.isArchived")}</Alert>}
      {overview.data && <Decisions overview={overview.data} editable={can("round.edit")} />}
      <Tabs
        value={tab}
        onChange={(value) => setParameters(value === "rounds" ? {} : { tab: value ?? "" })}
        keepMounted={false}
      >
        <Tabs.List mb="lg">
          {TABS.map((name) => (
            <Tabs.Tab key={name} value={name}>
              {t(`projects.tab.${name}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="rounds">
          <Loaded query={overview}>
            {(data) => <Rounds project={project} overview={data} editable={can("round.edit")} />}
          </Loaded>
        </Tabs.Panel>
        <Tabs.Panel value="prompts">
          <Prompts
            project={project}
            rights={{ edit: can("prompt.edit"), remove: can("prompt.delete") }}
          />
        </Tabs.Panel>
        <Tabs.Panel value="guidelines">
          <Guidelines project={project} editable={can("project.edit")} />
        </Tabs.Panel>
        <Tabs.Panel value="labels">
          <LabelTable projectId={project.id} />
        </Tabs.Panel>
        <Tabs.Panel value="checkpoints">
          <Checkpoints project={project} editable={can("checkpoint.edit")} />
        </Tabs.Panel>
        <Tabs.Panel value="files">
          <Files project={project} rounds={overview.data?.rounds ?? []} />
        </Tabs.Panel>
        <Tabs.Panel value="events">
          <Happenings scene={{ noun: "project", id: project.id }} />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}

/** What stalls until somebody decides: at the top of the page and nowhere else. */
function Decisions({ overview, editable }: { overview: Overview; editable: boolean }) {
  const { t } = useTranslation();
  if (overview.questions.length === 0) return null;
  return (
    <section className={classes.decisions} aria-label={t("projects.decisions")}>
      {overview.questions.map(({ round, number, step, subject, title, said }) => (
        <div key={`${round} ${step} ${subject}`} className={classes.decision}>
          <div>
            <Link to={`/rounds/${round}`}>{t("round", { number })}</Link>
            <p>
              {title && `${saySentence(title)}: `}
              {saySentence(said)}
            </p>
          </div>
          {editable && (
            <Button component={Link} to={`/rounds/${round}`} variant="default">
              {t("rounds.decideHere")}
            </Button>
          )}
        </div>
      ))}
    </section>
  );
}

function Rounds({
  project,
  overview,
  editable,
}: {
  project: Project;
  overview: Overview;
  editable: boolean;
}) {
  const { t } = useTranslation();
  const rights = { edit: editable, remove: project.permissions.includes("round.delete") };
  if (overview.rounds.length === 0) {
    return (
      <Sentence
        title={t("projects.noRounds")}
        action={
          project.prompts_count === 0 ? (
            <Button component={Link} to="?tab=files" variant="default">
              {t("projects.addPrompts")}
            </Button>
          ) : (
            editable && (
              <Button component={Link} to={`/projects/${project.id}/new-round`}>
                {t("projects.newRound")}
              </Button>
            )
          )
        }
      >
        {t(project.prompts_count === 0 ? "projects.noPromptsLead" : "projects.noRoundsLead")}
      </Sentence>
    );
  }
  return (
    <div className={classes.columns}>
      <Section title={t("projects.tab.rounds")}>
        <RoundRows projectId={project.id} rounds={overview.rounds} rights={rights} />
        <ArchivedRounds projectId={project.id} rights={rights} />
      </Section>
      <div>
        <Section title={t("projects.now")}>
          <div className={`panel ${classes.now}`}>
            <div>
              <span className={classes.big}>{overview.people_now}</span>{" "}
              {t("projects.peopleNow", { count: overview.people_now })}
            </div>
            <div>
              <span className="quiet">{t("projects.agreement")}</span>
              <br />
              {overview.agreement
                ? `${interval(overview.agreement)} · ${t("projects.agreementOf", { count: overview.agreement.n })}`
                : t("projects.noAgreement")}
            </div>
            <div>
              <span className="quiet">{t("projects.forecast")}</span>
              <br />
              {overview.forecast.gain
                ? t("projects.forecastGain", {
                    more: number(overview.forecast.gain.more),
                    value: number(overview.forecast.gain.value, 1),
                    low: number(overview.forecast.gain.low, 1),
                    high: number(overview.forecast.gain.high, 1),
                  })
                : t("projects.noForecast")}
            </div>
          </div>
        </Section>
        <Section title={t("projects.ladder")}>
          <div className="panel">
            {overview.latest_ladder ? (
              <IntervalPlot ladder={overview.latest_ladder} />
            ) : (
              <Sentence>{t("ladder.empty")}</Sentence>
            )}
          </div>
        </Section>
      </div>
    </div>
  );
}
