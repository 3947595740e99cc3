import { useTranslation } from "react-i18next";
import type { Round, RoundStage } from "~/api/types";
import classes from "./stage-strip.module.css";

export const STAGES = [
  "draft",
  "generating",
  "labeling",
  "aggregating",
  "training",
  "evaluating",
  "done",
] as const satisfies RoundStage[];
export type Stage = (typeof STAGES)[number];

/** What is read of a round to say where it is. */
export type Turn = Pick<Round, "stage"> & {
  steps: Pick<Round["steps"][number], "stage" | "state">[];
};

/** The stage a round is at; one that waits for people or was cancelled is where it stopped. */
export function stageOf({ stage, steps }: Turn): Stage {
  if (stage !== "blocked" && stage !== "cancelled") return stage;
  return steps.find(({ state }) => state === stage)?.stage ?? "draft";
}

/** The stages that the plan of a round goes through; all of them before there is one. */
export function stagesOf({ steps }: Turn): Stage[] {
  const its = new Set<Stage>(["draft", ...steps.map(({ stage }) => stage), "done"]);
  return STAGES.filter((stage) => steps.length === 0 || its.has(stage));
}

/** Draft to done, with the present stage marked by word, weight and shape. */
export function StageStrip({ round, small = false }: { round: Turn; small?: boolean }) {
  const { t } = useTranslation();
  const stages = stagesOf(round);
  const now = stages.indexOf(stageOf(round));
  const isStopped = round.stage === "blocked" || round.stage === "cancelled";
  return (
    <ol
      className={small ? `${classes.strip} ${classes.small}` : classes.strip}
      aria-label={t("rounds.stages")}
    >
      {stages.map((stage, i) => (
        <li
          key={stage}
          data-past={i < now || round.stage === "done" || undefined}
          data-now={(i === now && round.stage !== "done") || undefined}
          data-stopped={(i === now && isStopped) || undefined}
          aria-current={i === now ? "step" : undefined}
        >
          <span className={classes.dot} aria-hidden />
          <span className={small ? "visually-hidden" : classes.word}>
            {t(`roundState.${stage}`)}
          </span>
        </li>
      ))}
    </ol>
  );
}
