import { useTranslation } from "react-i18next";
import { type RoundState, STAGES, type Stage } from "~/api/types";
import classes from "./stage-strip.module.css";

interface Turn {
  state: RoundState;
  blocked: { state: RoundState } | null;
  steps: { state: RoundState }[];
}

/** The stage a round is at; one that is blocked or cancelled is at the stage where it stopped. */
export function stageOf(round: Turn): Stage {
  const stages: readonly string[] = STAGES;
  if (stages.includes(round.state)) return round.state as Stage;
  const stopped =
    round.blocked?.state ?? round.steps.findLast((s) => stages.includes(s.state))?.state;
  return stages.includes(stopped ?? "") ? (stopped as Stage) : "draft";
}

/** Draft to done, with the present stage marked by word, weight and shape. */
export function StageStrip({ round, small = false }: { round: Turn; small?: boolean }) {
  const { t } = useTranslation();
  const now = STAGES.indexOf(stageOf(round));
  return (
    <ol
      className={small ? `${classes.strip} ${classes.small}` : classes.strip}
      aria-label={t("rounds.stages")}
    >
      {STAGES.map((stage, i) => (
        <li
          key={stage}
          data-past={i < now || round.state === "done" || undefined}
          data-now={(i === now && round.state !== "done") || undefined}
          data-stopped={
            (i === now && (round.state === "blocked" || round.state === "cancelled")) || undefined
          }
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
