import { useTranslation } from "react-i18next";
import type { JobState, Round, RoundStage, StepState } from "~/api/types";
import classes from "./state-badge.module.css";

/** Shape carries the state for who does not see the colour: ring, half, full, square, triangle. */
type Shape = "ring" | "half" | "full" | "square" | "triangle" | "cross";

const SHAPE: Record<RoundStage | JobState | StepState | "paused", [Shape, string]> = {
  draft: ["ring", "quiet"],
  generating: ["half", "accent"],
  labeling: ["half", "accent"],
  aggregating: ["half", "accent"],
  training: ["half", "accent"],
  evaluating: ["half", "accent"],
  done: ["full", "good"],
  blocked: ["triangle", "warn"],
  cancelled: ["cross", "quiet"],
  queued: ["ring", "quiet"],
  starting: ["half", "accent"],
  running: ["half", "accent"],
  succeeded: ["full", "good"],
  failed: ["square", "bad"],
  waiting: ["ring", "quiet"],
  skipped: ["cross", "quiet"],
  paused: ["ring", "warn"],
};

function Mark({ shape }: { shape: Shape }) {
  switch (shape) {
    case "ring":
      return <circle cx="6" cy="6" r="4" fill="none" stroke="currentColor" strokeWidth="2" />;
    case "half":
      return (
        <>
          <circle cx="6" cy="6" r="4" fill="none" stroke="currentColor" strokeWidth="2" />
          <path d="M6 2a4 4 0 0 1 0 8z" fill="currentColor" />
        </>
      );
    case "full":
      return <circle cx="6" cy="6" r="5" fill="currentColor" />;
    case "square":
      return <rect x="1.5" y="1.5" width="9" height="9" fill="currentColor" />;
    case "triangle":
      return <path d="M6 1 11.5 11H.5z" fill="currentColor" />;
    case "cross":
      return <path d="m2 2 8 8m0-8-8 8" stroke="currentColor" strokeWidth="2" />;
  }
}

function Badge({ shape, tone, children }: { shape: Shape; tone: string; children: string }) {
  return (
    <span className={classes.badge} data-tone={tone}>
      <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
        <Mark shape={shape} />
      </svg>
      {children}
    </span>
  );
}

/** Where a round is; one that is paused says so, unless it waits for a decision anyway. */
export function RoundBadge({ round }: { round: Pick<Round, "stage" | "is_paused"> }) {
  const { t } = useTranslation();
  const state = round.is_paused && round.stage !== "blocked" ? "paused" : round.stage;
  const [shape, tone] = SHAPE[state];
  return (
    <Badge shape={shape} tone={tone}>
      {state === "paused" ? t("rounds.paused") : t(`roundState.${state}`)}
    </Badge>
  );
}

export function StepBadge({ state }: { state: StepState }) {
  const { t } = useTranslation();
  const [shape, tone] = SHAPE[state];
  return (
    <Badge shape={shape} tone={tone}>
      {t(`rounds.stepState.${state}`)}
    </Badge>
  );
}

export function JobBadge({ state }: { state: JobState }) {
  const { t } = useTranslation();
  const [shape, tone] = SHAPE[state];
  return (
    <Badge shape={shape} tone={tone}>
      {t(`jobState.${state}`)}
    </Badge>
  );
}
