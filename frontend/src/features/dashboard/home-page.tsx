import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useOutboxState, useQueues } from "~/api/labeling";
import { may } from "~/api/permissions";
import { useProjects } from "~/api/projects";
import { useSession } from "~/api/session";
import type { Queue } from "~/api/types";
import { number } from "~/components/format";
import { Page, Section } from "~/components/page";
import { Loaded, Sentence } from "~/components/sentence";
import classes from "./home.module.css";

/** The queue to start with: the one with most waiting. */
export function firstQueue(queues: Queue[]): Queue | undefined {
  return [...queues].sort((a, b) => b.waiting - a.waiting).find((queue) => queue.waiting > 0);
}

export function Component() {
  const { t } = useTranslation();
  const { data: session } = useSession();
  const labels = may(session, "label.create");
  const name = session?.user?.name;
  return (
    <Page title={name ? t("dashboard.greeting", { name }) : t("dashboard.title")} narrow>
      {session?.memberships.length === 0 && <Sentence>{t("dashboard.noTeam")}</Sentence>}
      {labels && <Work />}
      {may(session, "round.view") && <Projects />}
    </Page>
  );
}

function Work() {
  const { t } = useTranslation();
  const queues = useQueues();
  const { waiting } = useOutboxState();
  return (
    <Loaded query={queues}>
      {(list) => (
        <>
          {waiting.length > 0 && (
            <p className={classes.notice} role="status">
              {t("dashboard.unsent", { count: waiting.length })}
            </p>
          )}
          {list
            .filter((queue) => queue.round && queue.guidelines_changed)
            .map((queue) => (
              <GuidelinesChanged key={queue.project.id} queue={queue} />
            ))}
          <Start queues={list} />
          {list.some((queue) => queue.round) && <Queues queues={list} />}
        </>
      )}
    </Loaded>
  );
}

function Start({ queues }: { queues: Queue[] }) {
  const { t } = useTranslation();
  const first = firstQueue(queues);
  const sum = (key: "waiting" | "mine_today" | "mine_week") =>
    queues.reduce((total, queue) => total + queue[key], 0);
  const today = sum("mine_today");
  return (
    <section className={`panel ${classes.start}`} aria-label={t("dashboard.start")}>
      <div>
        <p className={classes.waiting}>
          {first
            ? t("dashboard.waiting", { count: sum("waiting") })
            : t("dashboard.nothingWaiting")}
        </p>
        {first ? (
          <Button component={Link} to={`/label/${first.project.id}`} size="lg">
            {today > 0 ? t("dashboard.resume") : t("dashboard.start")}
          </Button>
        ) : (
          <p className="quiet">{t("dashboard.empty")}</p>
        )}
      </div>
      <dl className={classes.mine}>
        <div>
          <dt>{t("dashboard.today")}</dt>
          <dd>{number(today)}</dd>
        </div>
        <div>
          <dt>{t("dashboard.week")}</dt>
          <dd>{number(sum("mine_week"))}</dd>
        </div>
      </dl>
    </section>
  );
}

function Queues({ queues }: { queues: Queue[] }) {
  const { t } = useTranslation();
  // With one queue the big button above says it all.
  const several = queues.filter((queue) => queue.waiting > 0).length > 1;
  return (
    <Section title={t("dashboard.queues")}>
      <ul className={`panel ${classes.queues}`}>
        {queues.map((queue) => (
          <li key={queue.project.id}>
            <div className={classes.queue}>
              <Link to={`/label/${queue.project.id}`} className={classes.project}>
                {queue.project.name}
              </Link>
              <span className="quiet">
                {queue.round && `${t("round", { number: queue.round.number })} · `}
                {t(`dashboard.kind.${queue.kind}`)}
              </span>
            </div>
            <span className={classes.count}>
              {queue.waiting > 0
                ? t("dashboard.waiting", { count: queue.waiting })
                : t("dashboard.nothingWaiting")}
            </span>
            {several && queue.waiting > 0 && (
              <Button
                component={Link}
                to={`/label/${queue.project.id}`}
                variant="default"
                size="xs"
                aria-label={`${t("dashboard.start")}: ${queue.project.name}`}
              >
                {t("dashboard.start")}
              </Button>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}

function GuidelinesChanged({ queue }: { queue: Queue }) {
  const { t } = useTranslation();
  return (
    <div className={classes.notice} role="status">
      <strong>{t("dashboard.guidelinesChanged", { project: queue.project.name })}</strong>{" "}
      {t("dashboard.guidelinesChangedBody")}{" "}
      <Link to={`/guidelines/${queue.project.id}`}>{t("dashboard.guidelinesRead")}</Link>
    </div>
  );
}

function Projects() {
  const { t } = useTranslation();
  const projects = useProjects();
  return (
    <Section
      title={t("dashboard.managed")}
      aside={<Link to="/projects">{t("dashboard.managedAll")}</Link>}
    >
      <Loaded query={projects}>
        {(list) => (
          <ul className={`panel ${classes.queues}`}>
            {list.slice(0, 8).map((project) => (
              <li key={project.id}>
                <div className={classes.queue}>
                  <Link to={`/projects/${project.id}`} className={classes.project}>
                    {project.name}
                  </Link>
                  <span className="quiet">{project.team.name}</span>
                </div>
              </li>
            ))}
            {list.length === 0 && <li className="quiet">{t("projects.empty")}</li>}
          </ul>
        )}
      </Loaded>
    </Section>
  );
}
