import i18n from "i18next";
import { beforeAll, expect, it } from "vitest";
import type { Ladder, LadderEntry } from "~/api/types";
import { startI18n } from "~/i18n";
import { axis, brackets, byStrength, ladderInWords } from "./ladder";

beforeAll(() => startI18n("en"));

const entry = (id: string, elo: number | null, half = 20): LadderEntry => ({
  checkpoint: { id, name: `model ${id}`, kind: "policy" },
  elo,
  low: elo === null ? null : elo - half,
  high: elo === null ? null : elo + half,
  se: half / 2,
  rank_low: 1,
  rank_high: 2,
  votes: 10,
  wins: 5,
  ties: 0,
  losses: 5,
  anchored: false,
  estimable: elo !== null,
  component: 0,
  win_rate: 0.5,
});

const ladder = (entries: LadderEntry[], open: Ladder["indistinguishable"]): Ladder => ({
  computed_at: "2026-01-01T00:00:00Z",
  final: false,
  votes: 10,
  labelers: 2,
  method: { code: "ladder_method", params: {}, text: "Bradley-Terry" },
  order: [],
  win_matrix: [],
  components: [],
  live_elo: [],
  duel: null,
  entries,
  indistinguishable: open,
});

it("puts the strongest first and what cannot be estimated last", () => {
  const order = byStrength([entry("a", 980), entry("b", null), entry("c", 1040)]);

  expect(order.map(({ checkpoint }) => checkpoint.id)).toEqual(["c", "a", "b"]);
});

it("brackets neighbours only when no pair among them is told apart", () => {
  const rows = [entry("a", 1100), entry("b", 1050), entry("c", 1020), entry("d", 900)];

  const found = brackets(rows, [
    { first: "a", second: "b", more: 40 },
    { first: "c", second: "b", more: null },
  ]);

  expect(found).toEqual([
    { first: 0, last: 1 },
    { first: 1, last: 2 },
  ]);
});

it("draws one bracket around a whole group, not one per pair", () => {
  const rows = [entry("a", 1100), entry("b", 1090), entry("c", 1080)];

  const found = brackets(rows, [
    { first: "a", second: "b", more: null },
    { first: "b", second: "c", more: null },
    { first: "a", second: "c", more: null },
  ]);

  expect(found).toEqual([{ first: 0, last: 2 }]);
});

it("has no bracket where everything is told apart", () => {
  expect(brackets([entry("a", 1100), entry("b", 900)], [])).toEqual([]);
});

it("holds every interval on the axis, in round steps", () => {
  const { low, high, ticks } = axis([entry("a", 1045, 31), entry("b", 934, 18)]);

  expect(low).toBeLessThanOrEqual(916);
  expect(high).toBeGreaterThanOrEqual(1076);
  expect(new Set(ticks.slice(1).map((tick, i) => tick - (ticks[i] ?? 0))).size).toBe(1);
});

it("reads as sentences to who cannot see the plot", () => {
  const words = ladderInWords(
    ladder(
      [entry("a", 1045), entry("b", 1021), entry("c", null)],
      [{ first: "a", second: "b", more: 140 }],
    ),
    i18n.t,
  );

  expect(words).toBe(
    "model a: 1,045 Elo, interval 1,025 to 1,065. model b: 1,021 Elo, interval 1,001 to 1,041. " +
      "model c: not enough votes yet. " +
      "model a and model b are not distinguishable yet; about 140 more votes would tell.",
  );
});

it("says so where the votes bound an interval on one side only", () => {
  const words = ladderInWords(ladder([{ ...entry("a", 1200), high: null }], []), i18n.t);

  expect(words).toContain("interval 1,180 to no bound");
});
