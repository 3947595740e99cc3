import type { TFunction } from "i18next";
import type { Ladder, LadderEntry } from "~/api/types";
import { number } from "./format";

/** Best first; checkpoints without enough votes for an estimate come last. */
export function byStrength(entries: LadderEntry[]): LadderEntry[] {
  return [...entries].sort((a, b) => (b.elo ?? -Infinity) - (a.elo ?? -Infinity));
}

/** Rows first..last of the plot, all pairs of which the votes do not tell apart. */
export interface Bracket {
  first: number;
  last: number;
}

/** The widest groups of neighbouring rows in which no pair is told apart; one row is no group. */
export function brackets(
  entries: LadderEntry[],
  indistinguishable: Ladder["indistinguishable"],
): Bracket[] {
  const same = new Set(
    indistinguishable.flatMap(({ first, second }) => [`${first} ${second}`, `${second} ${first}`]),
  );
  const alike = (i: number, j: number) =>
    same.has(`${entries[i]?.checkpoint.id} ${entries[j]?.checkpoint.id}`);
  const found: Bracket[] = [];
  for (let first = 0; first < entries.length; first++) {
    let last = first;
    while (last + 1 < entries.length && everyPair(first, last + 1, alike)) last++;
    const inside = found.at(-1);
    if (last > first && !(inside && inside.last >= last)) found.push({ first, last });
  }
  return found;
}

function everyPair(first: number, last: number, alike: (i: number, j: number) => boolean): boolean {
  for (let i = first; i < last; i++) if (!alike(i, last)) return false;
  return true;
}

/** Ends and ticks of an Elo axis that holds every interval, in round steps. */
export function axis(entries: LadderEntry[]): { low: number; high: number; ticks: number[] } {
  const ends = entries
    .flatMap(({ elo, low, high }) => [elo, low, high])
    .filter((value) => value !== null);
  const least = Math.min(...ends, 1000);
  const most = Math.max(...ends, 1000);
  const step =
    [10, 20, 25, 50, 100, 200, 250, 500, 1000].find((s) => (most - least) / s <= 6) ?? 2000;
  const low = Math.floor((least - step / 4) / step) * step;
  const high = Math.ceil((most + step / 4) / step) * step;
  const ticks = Array.from({ length: (high - low) / step + 1 }, (_, i) => low + i * step);
  return { low, high, ticks };
}

/** The ladder for who cannot see the plot: every strength, and every pair still open. */
export function ladderInWords(ladder: Ladder, t: TFunction): string {
  const entries = byStrength(ladder.entries);
  const name = new Map(entries.map(({ checkpoint }) => [checkpoint.id, checkpoint.name]));
  const lines = entries.map(({ checkpoint, elo, low, high }) => {
    if (elo === null) return t("ladder.wordsNone", { name: checkpoint.name });
    return t("ladder.words", {
      name: checkpoint.name,
      elo: number(elo),
      low: low === null ? t("ladder.unbounded") : number(low),
      high: high === null ? t("ladder.unbounded") : number(high),
    });
  });
  const open = ladder.indistinguishable.map(({ first, second, more }) => {
    const [a, b] = [name.get(first) ?? first, name.get(second) ?? second];
    return more === null
      ? t("ladder.wordsSame", { a, b })
      : t("ladder.wordsSameVotes", { a, b, votes: number(more) });
  });
  return [...lines, ...open].join(" ");
}
