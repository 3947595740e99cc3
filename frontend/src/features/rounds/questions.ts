/** What a round asks people, and what they have answered: read off its steps and decisions. */
import type { Choice, Decision, Question, Round, RoundStep, Verdict } from "~/api/types";

type Choices = Choice["choice"];

/** A step that waits: what it still asks, and what it asked and was answered meanwhile. */
export interface Block {
  step: RoundStep;
  open: Question[];
  answered: Answer[];
}

/** A bound that was not kept, and what somebody decided about it. */
export interface Answer {
  verdict: Verdict;
  decision: Decision;
}

/** The steps that wait for people, in order. */
export function blocksOf({ steps, decisions }: Pick<Round, "steps" | "decisions">): Block[] {
  return steps
    .filter(({ state }) => state === "blocked")
    .map((step) => {
      const isOpen = new Set(step.questions.map(({ subject }) => subject));
      // A bound that is broken and no longer asked about has its answer, the newest one.
      const answered = step.verdicts
        .filter(({ passed, subject }) => !passed && !isOpen.has(subject))
        .flatMap((verdict) => {
          const decision = decisions.findLast(
            (one) => one.step === step.name && one.subject === verdict.subject,
          );
          return decision ? [{ verdict, decision }] : [];
        });
      return { step, open: step.questions, answered };
    });
}

/** How many decisions a round waits for. */
export function openCount(round: Pick<Round, "steps">): number {
  return round.steps.reduce((sum, { questions }) => sum + questions.length, 0);
}

/** What a person has to say besides the choice itself. */
export function needOf(choice: Choices): "change" | "step" | "count" | "checkpoint" | null {
  switch (choice) {
    case "change":
      return "change";
    case "redo":
      return "step";
    case "more_labels":
    case "more_prompts":
      return "count";
    case "accept_checkpoint":
      return "checkpoint";
    default:
      return null;
  }
}

/** Whether it throws away or ends something, which is said in red. */
export function isGrave(choice: Choices): boolean {
  return choice === "cancel" || choice === "discard";
}

/** What more labels or prompts are asked beyond: the number in force now. */
export function countNow({ effective_recipe }: Pick<Round, "effective_recipe">, choice: Choices) {
  for (const step of effective_recipe.steps) {
    if (choice === "more_labels" && step.kind === "label") return step.labels_wanted;
    if (choice === "more_prompts" && step.kind === "generate") return step.prompts.count;
  }
  return 0;
}
