import type { Assignment, TaskKind } from "~/api/types";

/** What is said about a pair. Nothing is chosen at first. */
export type Choice =
  | { kind: "none" }
  | { kind: "better"; side: Side; strength: Strength }
  | { kind: "tie" }
  | { kind: "allBad" };
export type Side = 0 | 1;
export type Strength = 1 | 2 | 3;

/** A rank (1 is best, equal is a tie), "unrankable", or null while nothing was said. */
export type Rank = number | "unrankable" | null;

interface Notes {
  flags: string[];
  comment: string;
}

export type Answer =
  | ({ kind: "compare"; choice: Choice } & Notes)
  | ({ kind: "rank"; ranks: Rank[]; focus: number } & Notes);

export type Action =
  | { type: "choose"; side: Side }
  | { type: "say"; choice: Choice }
  | { type: "focus"; index: number }
  | { type: "moveFocus"; by: number }
  | { type: "rank"; rank: number; index?: number }
  | { type: "raise"; index?: number }
  | { type: "lower"; index?: number }
  | { type: "unrankable"; index?: number }
  | { type: "clear"; index?: number }
  | { type: "flag"; flag: string }
  | { type: "comment"; text: string };

export function untouched(kind: TaskKind, count: number): Answer {
  const notes = { flags: [], comment: "" };
  return kind === "compare"
    ? { kind, choice: { kind: "none" }, ...notes }
    : { kind, ranks: Array<Rank>(count).fill(null), focus: 0, ...notes };
}

/** The next answer. An action that does not apply to this kind of task changes nothing. */
export function reduce(answer: Answer, action: Action): Answer {
  switch (action.type) {
    case "flag": {
      const flags = answer.flags.includes(action.flag)
        ? answer.flags.filter((flag) => flag !== action.flag)
        : [...answer.flags, action.flag];
      return { ...answer, flags };
    }
    case "comment":
      return { ...answer, comment: action.text };
    default:
      return answer.kind === "compare" ? compare(answer, action) : rank(answer, action);
  }
}

type Compare = Extract<Answer, { kind: "compare" }>;
type Ranking = Extract<Answer, { kind: "rank" }>;

function compare(answer: Compare, action: Action): Compare {
  switch (action.type) {
    case "choose":
      return { ...answer, choice: stronger(answer.choice, action.side) };
    case "say":
      return { ...answer, choice: action.choice };
    case "clear":
      return { ...answer, choice: { kind: "none" } };
    default:
      return answer;
  }
}

/** Choosing the same side again makes the preference stronger, up to "much better". */
function stronger(choice: Choice, side: Side): Choice {
  if (choice.kind !== "better" || choice.side !== side)
    return { kind: "better", side, strength: 1 };
  return { kind: "better", side, strength: Math.min(3, choice.strength + 1) as Strength };
}

function rank(answer: Ranking, action: Action): Ranking {
  const count = answer.ranks.length;
  switch (action.type) {
    case "focus":
      return action.index < count ? { ...answer, focus: action.index } : answer;
    case "moveFocus":
      return { ...answer, focus: clamp(answer.focus + action.by, 0, count - 1) };
    case "rank":
      return action.rank >= 1 && action.rank <= count
        ? put(answer, action.index, () => action.rank)
        : answer;
    case "raise":
      return put(answer, action.index, (now) =>
        typeof now === "number" ? clamp(now - 1, 1, count) : worst(answer),
      );
    case "lower":
      return put(answer, action.index, (now) =>
        typeof now === "number" ? clamp(now + 1, 1, count) : worst(answer),
      );
    case "unrankable":
      return put(answer, action.index, (now) => (now === "unrankable" ? null : "unrankable"));
    case "clear":
      return put(answer, action.index, () => null);
    default:
      return answer;
  }
}

/** Sets the rank of one response, by default the focused one, and moves the focus to it. */
function put(answer: Ranking, index = answer.focus, next: (now: Rank) => Rank): Ranking {
  const ranks = answer.ranks.map((now, i) => (i === index ? next(now) : now));
  return { ...answer, ranks, focus: index };
}

/** The rank just below everything ranked so far: where a response enters by a button. */
function worst(answer: Ranking): number {
  const ranks = answer.ranks.filter((rank) => typeof rank === "number");
  return clamp(Math.max(0, ...ranks) + 1, 1, answer.ranks.length);
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

/** Why an answer cannot be sent yet, or null when it says everything that was asked. */
export type Complaint =
  | { kind: "untouched" }
  | { kind: "open"; responses: number[] }
  | { kind: "tied"; responses: number[] };

export function complaint(answer: Answer, policy: Assignment["policy"]): Complaint | null {
  if (answer.kind === "compare") {
    return answer.choice.kind === "none" ? { kind: "untouched" } : null;
  }
  const open = answer.ranks.flatMap((rank, i) => (rank === null ? [i] : []));
  if (open.length === answer.ranks.length) return { kind: "untouched" };
  if (open.length > 0) return { kind: "open", responses: open };
  if (!policy.allow_ties) {
    const tied = tiers(answer.ranks).find((tier) => tier.length > 1);
    if (tied) return { kind: "tied", responses: tied };
  }
  return null;
}

/** Responses grouped by rank, best first; unranked and unrankable ones are left out. */
export function tiers(ranks: Rank[]): number[][] {
  const byRank = new Map<number, number[]>();
  ranks.forEach((rank, i) => {
    if (typeof rank === "number") byRank.set(rank, [...(byRank.get(rank) ?? []), i]);
  });
  return [...byRank.entries()].sort(([a], [b]) => a - b).map(([, tier]) => tier);
}
