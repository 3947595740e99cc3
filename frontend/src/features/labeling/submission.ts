import type { Assignment, Draft, LabelSubmission } from "~/api/types";
import { type Answer, type Choice, type Rank, type Strength, tiers, untouched } from "./state";

type Said = Pick<LabelSubmission, "ranking" | "strength" | "all_bad" | "flags" | "comment">;

/** The answer as the API takes it: one dense rank per response in the order shown. */
export function said(answer: Answer): Said {
  const notes = { flags: answer.flags, comment: answer.comment.trim() };
  if (answer.kind === "compare") return { ...fromChoice(answer.choice), ...notes };
  const ranking = dense(answer.ranks);
  const none = ranking.every((rank) => rank === null);
  return { ranking: none ? null : ranking, strength: null, all_bad: none, ...notes };
}

function fromChoice(choice: Choice): Omit<Said, "flags" | "comment"> {
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

/** Ranks without gaps: [1, 3, 3] says the same as [1, 2, 2]. */
export function dense(ranks: Rank[]): (number | null)[] {
  const order = tiers(ranks);
  return ranks.map((_, i) => {
    const tier = order.findIndex((members) => members.includes(i));
    return tier < 0 ? null : tier + 1;
  });
}

/** What is kept of an unfinished answer, here and on the server. */
export function toDraft(
  answer: Answer,
  activeSeconds: number,
  savedAt: number,
): Draft & { saved_at: number } {
  const notes = { flags: answer.flags, comment: answer.comment };
  const stamp = { active_seconds: activeSeconds, saved_at: savedAt };
  if (answer.kind === "compare") return { ...fromChoice(answer.choice), ...notes, ...stamp };
  return {
    ranking: answer.ranks.map((rank) => (typeof rank === "number" ? rank : null)),
    open: answer.ranks.flatMap((rank, i) => (rank === null ? [i] : [])),
    strength: null,
    all_bad: false,
    ...notes,
    ...stamp,
  };
}

/** The answer a draft stands for; also reads back a label, which is a draft with nothing open. */
export function fromDraft(assignment: Assignment, draft: Draft | null): Answer {
  const empty = untouched(assignment.kind, assignment.responses.length);
  if (!draft) return empty;
  const notes = { flags: draft.flags ?? [], comment: draft.comment ?? "" };
  if (empty.kind === "compare") return { ...empty, choice: toChoice(draft), ...notes };
  const open = new Set(draft.open ?? []);
  const { ranking } = draft;
  const ranks = empty.ranks.map((_, i): Rank => {
    if (open.has(i)) return null;
    if (ranking) return ranking[i] ?? "unrankable";
    return draft.all_bad ? "unrankable" : null;
  });
  return { ...empty, ranks, ...notes };
}

function toChoice(draft: Draft): Choice {
  if (draft.all_bad) return { kind: "allBad" };
  const [a, b] = draft.ranking ?? [];
  if (typeof a !== "number" || typeof b !== "number") return { kind: "none" };
  if (a === b) return { kind: "tie" };
  const strength = Math.min(3, Math.max(1, draft.strength ?? 1)) as Strength;
  return { kind: "better", side: a < b ? 0 : 1, strength };
}
