import type { Said } from "~/api/types";
import type { Asked, Complaint, Kept } from "../kind";

/** A rank (1 is best, equal is a tie), "unrankable", or null while nothing was said. */
export type Rank = number | "unrankable" | null;

export interface Ranking {
  ranks: Rank[];
  /** The response that digits speak about. */
  focus: number;
}

export type Action =
  | { type: "focus"; index: number }
  | { type: "moveFocus"; by: number }
  | { type: "rank"; rank: number; index?: number }
  | { type: "raise"; index?: number }
  | { type: "lower"; index?: number }
  | { type: "unrankable"; index?: number }
  | { type: "clear"; index?: number };

export const untouched = ({ letters }: Asked): Ranking => ({
  ranks: letters.map(() => null),
  focus: 0,
});

export function reduce(state: Ranking, action: Action, { policy }: Asked): Ranking {
  const count = state.ranks.length;
  switch (action.type) {
    case "focus":
      return action.index < count ? { ...state, focus: action.index } : state;
    case "moveFocus":
      return { ...state, focus: clamp(state.focus + action.by, 0, count - 1) };
    case "rank":
      return action.rank >= 1 && action.rank <= count
        ? put(state, action.index, () => action.rank)
        : state;
    case "raise":
      return put(state, action.index, (now) =>
        typeof now === "number" ? clamp(now - 1, 1, count) : worst(state),
      );
    case "lower":
      return put(state, action.index, (now) =>
        typeof now === "number" ? clamp(now + 1, 1, count) : worst(state),
      );
    case "unrankable":
      return policy.allow_unrankable
        ? put(state, action.index, (now) => (now === "unrankable" ? null : "unrankable"))
        : state;
    case "clear":
      return put(state, action.index, () => null);
  }
}

/** Sets the rank of one response, by default the focused one, and moves the focus to it. */
function put(state: Ranking, index = state.focus, next: (now: Rank) => Rank): Ranking {
  const ranks = state.ranks.map((now, i) => (i === index ? next(now) : now));
  return { ranks, focus: index };
}

/** The rank just below everything ranked so far: where a response enters by a button. */
function worst({ ranks }: Ranking): number {
  const given = ranks.filter((rank) => typeof rank === "number");
  return clamp(Math.max(0, ...given) + 1, 1, ranks.length);
}

/** `low` where there is nothing between, as of no responses. */
function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}

export function complaint({ ranks }: Ranking, { policy }: Asked): Complaint | null {
  const open = ranks.flatMap((rank, i) => (rank === null ? [i] : []));
  if (open.length === ranks.length) return { why: "untouched", responses: [] };
  if (open.length > 0) return { why: "open", responses: open };
  const tied = tiers(ranks).find((tier) => tier.length > 1);
  return tied && !policy.allow_ties ? { why: "tied", responses: tied } : null;
}

/** Responses grouped by rank, best first; unranked and unrankable ones are left out. */
export function tiers(ranks: Rank[]): number[][] {
  const byRank = new Map<number, number[]>();
  ranks.forEach((rank, i) => {
    if (typeof rank === "number") byRank.set(rank, [...(byRank.get(rank) ?? []), i]);
  });
  return [...byRank.entries()].sort(([a], [b]) => a - b).map(([, tier]) => tier);
}

export function said({ ranks }: Ranking): Said {
  const ranking = dense(ranks);
  const none = ranking.every((rank) => rank === null);
  return { ranking: none ? null : ranking, strength: null, all_bad: none };
}

/** Ranks without gaps: [1, 3, 3] says the same as [1, 2, 2]. */
export function dense(ranks: Rank[]): (number | null)[] {
  const order = tiers(ranks);
  return ranks.map((_, i) => {
    const tier = order.findIndex((members) => members.includes(i));
    return tier < 0 ? null : tier + 1;
  });
}

/** The digits as typed: a gap may be where the next rank goes. */
export function toDraft({ ranks }: Ranking): Kept {
  const ranking = ranks.map((rank) => (typeof rank === "number" ? rank : null));
  return {
    answer: { ranking, strength: null, all_bad: false },
    open: ranks.flatMap((rank, i) => (rank === null ? [i] : [])),
  };
}

export function fromDraft({ answer, open = [] }: Kept, asked: Asked): Ranking {
  if (!("ranking" in answer)) return untouched(asked);
  const { ranking, all_bad } = answer;
  const rankAt = (i: number): Rank => {
    if (open.includes(i)) return null;
    if (ranking) return ranking[i] ?? "unrankable";
    return all_bad ? "unrankable" : null;
  };
  return { ranks: asked.letters.map((_, i) => rankAt(i)), focus: 0 };
}
