import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useRecipes, useRoundJobs } from "~/api/rounds";
import { useDatasets } from "~/api/training";
import type { Round, RoundStep } from "~/api/types";
import { ago, duration, quantity } from "~/components/format";
import { useMethodName } from "~/components/method-name";
import { StepBadge } from "~/components/state-badge";
import { saySentence } from "~/i18n/say";
import classes from "./rounds.module.css";
import { useStepLine, useStepTitle } from "./step-words";

/** The plan of the round: its steps in order, how far each is, what it read and what it made. */
export function PlanTab({ round, pollMs }: { round: Round; pollMs: number }) {
  const { t } = useTranslation();
  const { data: known } = useRecipes();
  const { data: datasets = [] } = useDatasets(round.project.id);
  const { data: jobs = [] } = useRoundJobs(round.id, pollMs);
  const title = useStepTitle(known);
  const line = useStepLine(round.project.id, known);
  const methodName = useMethodName();
  const keyOf = (id: string) => datasets.find((one) => one.id === id)?.key ?? t("training.dataset");
  const jobOf = (id: string) => {
    const job = jobs.find((one) => one.id === id);
    return job ? methodName(job.method) : t("training.job");
  };
  return (
    <ol className={`panel ${classes.plan}`} aria-label={t("recipe.steps")}>
      {round.effective_recipe.steps.map((step, i) => {
        const row = round.steps.find(({ name }) => name === step.name);
        return (
          <li key={step.name} className={classes.planStep} data-state={row?.state}>
            <span className={classes.place} aria-hidden>
              {i + 1}
            </span>
            <div className={classes.planWords}>
              <h3 className={classes.planTitle}>
                {title(step)} <code>{step.name}</code>
              </h3>
              <p className={classes.planLine}>{line(step)}</p>
              {row && <Verdicts row={row} />}
              {row && (
                <dl className={classes.planFlow}>
                  <Flow name={t("rounds.reads")} links={readLinks(row, keyOf)} />
                  <Flow name={t("rounds.made")} links={madeLinks(row, keyOf)} />
                  <Flow
                    name={t("rounds.tab.jobs")}
                    links={row.jobs.map((id) => ({ to: `/jobs/${id}`, text: jobOf(id) }))}
                  />
                </dl>
              )}
            </div>
            <div className={classes.planState}>
              {row && <StepBadge state={row.state} />}
              {row && <Progress row={row} />}
            </div>
          </li>
        );
      })}
    </ol>
  );
}

interface Target {
  to: string;
  text: string;
}

const checkpointLink = ({ id, name }: { id: string; name: string }): Target => ({
  to: `/checkpoints/${id}`,
  text: name,
});

function readLinks({ reads }: RoundStep, keyOf: (id: string) => string): Target[] {
  return reads.flatMap(({ checkpoints, datasets }) => [
    ...checkpoints.map(checkpointLink),
    ...datasets.map((id) => ({ to: `/datasets/${id}`, text: keyOf(id) })),
  ]);
}

function madeLinks({ checkpoints, datasets }: RoundStep, keyOf: (id: string) => string): Target[] {
  return [
    ...checkpoints.map(checkpointLink),
    ...datasets.map((id) => ({ to: `/datasets/${id}`, text: keyOf(id) })),
  ];
}

function Flow({ name, links }: { name: string; links: Target[] }): ReactNode {
  if (links.length === 0) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {links.map(({ to, text }, i) => (
          <span key={to}>
            {i > 0 && ", "}
            <Link to={to}>{text}</Link>
          </span>
        ))}
      </dd>
    </div>
  );
}

/** Each bound of a gate by itself, and what an evaluation found. */
function Verdicts({ row }: { row: RoundStep }) {
  const { t } = useTranslation();
  const wins = row.evaluation?.wins;
  return (
    <>
      {wins && (
        <p className={classes.planLine}>
          {t("rounds.wins", {
            value: quantity(100 * wins.value),
            low: quantity(100 * wins.low),
            high: quantity(100 * wins.high),
            count: wins.n,
          })}
        </p>
      )}
      {row.verdicts.length > 0 && (
        <ul className={classes.verdicts}>
          {row.verdicts.map((verdict) => (
            <li key={verdict.subject} data-passed={verdict.passed || undefined}>
              <span aria-hidden>{verdict.passed ? "✓" : "✕"}</span>{" "}
              <span className="visually-hidden">
                {t(verdict.passed ? "rounds.kept" : "rounds.broken")}:
              </span>{" "}
              {saySentence(verdict.title)}: {saySentence(verdict.said)}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Progress({ row }: { row: RoundStep }) {
  const { t } = useTranslation();
  const { started_at, finished_at, attempts, take } = row;
  const seconds =
    started_at && finished_at && (Date.parse(finished_at) - Date.parse(started_at)) / 1000;
  const parts = [
    seconds !== null && seconds !== "" ? duration(seconds) : started_at && ago(started_at),
    attempts > 1 && t("rounds.attempts", { count: attempts }),
    take > 1 && t("rounds.take", { count: take - 1 }),
  ];
  return <span className={classes.planTimes}>{parts.filter(Boolean).join(" · ")}</span>;
}
