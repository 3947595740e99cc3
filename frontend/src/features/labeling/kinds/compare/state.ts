import type { Said } from "~/api/types";
import type { Asked, Complaint, Kept } from "../kind";

/** What is said about a pair. Nothing is chosen at first. */
export type Choice =
  | { kind: "none" }
  | { kind: "better"; side: Side; strength: Strength }
  | { kind: "tie" }
  | { kind: "allBad" };
export type Side = 0 | 1;
export type Strength = 1 | 2 | 3;

export interface Comparison {
  choice: Choice;
  /** Whether the texts show what differs, and whether they scroll together. */
  difference: boolean;
  linked: boolean;
}

export type Action =
  | { type: "choose"; side: Side }
  | { type: "say"; choice: Choice }
  | { type: "clear" }
  | { type: "difference" }
  | { type: "linkScroll" };

export const untouched = (): Comparison => ({
  choice: { kind: "none" },
  difference: false,
  linked: false,
});

export function reduce(state: Comparison, action: Action, { letters, policy }: Asked): Comparison {
  switch (action.type) {
    case "choose":
      return letters.length < 2 ? state : { ...state, choice: stronger(state.choice, action.side) };
    case "say":
      if (letters.length < 2 || (action.choice.kind === "tie" && !policy.allow_ties)) return state;
      return { ...state, choice: action.choice };
    case "clear":
      return { ...state, choice: { kind: "none" } };
    case "difference":
      return { ...state, difference: !state.difference };
    case "linkScroll":
      return { ...state, linked: !state.linked };
  }
}

/** Choosing the same side again makes the preference stronger, up to "much better". */
function stronger(choice: Choice, side: Side): Choice {
  const again = choice.kind === "better" && choice.side === side;
  return { kind: "better", side, strength: again ? STRONGER[choice.strength] : 1 };
}

const STRONGER = { 1: 2, 2: 3, 3: 3 } as const;

export function complaint({ choice }: Comparison): Complaint | null {
  return choice.kind === "none" ? { why: "untouched", responses: [] } : null;
}

export function said({ choice }: Comparison): Said {
  switch (choice.kind) {
    case "better":
      return {
        ranking: choice.side === 0 ? [1, 2] : [2, 1],
        strength: choice.strength,
        all_bad: false,
      };
    case "tie":
      return { ranking: [1, 1], strength: null, all_bad: false };
    case "allBad":
      return { ranking: null, strength: null, all_bad: true };
    case "none":
      return { ranking: null, strength: null, all_bad: false };
  }
}

export const toDraft = (state: Comparison): Kept => ({ answer: said(state) });

export const fromDraft = ({ answer }: Kept): Comparison => ({
  ...untouched(),
  choice: choiceOf(answer),
});

function choiceOf(answer: Said): Choice {
  if (!("ranking" in answer)) return { kind: "none" };
  const { ranking, strength, all_bad } = answer;
  if (all_bad) return { kind: "allBad" };
  const [a, b] = ranking ?? [];
  if (typeof a !== "number" || typeof b !== "number") return { kind: "none" };
  if (a === b) return { kind: "tie" };
  const graded = strength === 2 || strength === 3 ? strength : 1;
  return { kind: "better", side: a < b ? 0 : 1, strength: graded };
}
