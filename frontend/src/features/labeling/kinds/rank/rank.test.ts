import i18n from "i18next";
import { beforeAll, describe, expect, it } from "vitest";
import { setLanguage, startI18n } from "~/i18n";
import type { Asked } from "../kind";
import { rank } from "./rank";
import { type Action, dense, type Rank, type Ranking, tiers } from "./state";

beforeAll(() => startI18n("en"));

const POLICY = { allow_ties: true, allow_unrankable: true, strengths: 0 };
const of = (count: number, policy = POLICY): Asked => ({
  letters: Array.from("ABCDEFGHI").slice(0, count),
  policy,
});
const four = of(4);
const start = rank.untouched(four);
const answered = (from: Ranking, ...actions: Action[]) =>
  actions.reduce((state, action) => rank.reduce(state, action, four), from);
const ranked = (...ranks: Rank[]): Ranking => ({ ranks, focus: 0 });

describe("an answer", () => {
  it("is open everywhere at first, so the order shown is never sent", () => {
    expect(start.ranks).toEqual([null, null, null, null]);
    expect(rank.complaint(start, four)?.why).toBe("untouched");
  });

  it("gives the focused response the rank typed", () => {
    const state = answered(start, { type: "focus", index: 2 }, { type: "rank", rank: 1 });

    expect(state).toEqual({ ranks: [null, null, 1, null], focus: 2 });
  });

  it("reads the same digit twice as a tie", () => {
    const state = answered(
      start,
      { type: "rank", rank: 2, index: 0 },
      { type: "rank", rank: 1, index: 1 },
      { type: "rank", rank: 2, index: 2 },
      { type: "unrankable", index: 3 },
    );

    expect(state.ranks).toEqual([2, 1, 2, "unrankable"]);
    expect(rank.complaint(state, four)).toBeNull();
  });

  it("names what is still open", () => {
    expect(rank.complaint(ranked(1, null, 2, null), four)).toEqual({
      why: "open",
      responses: [1, 3],
    });
  });

  it("names a tie where the project wants none", () => {
    const strict = of(3, { ...POLICY, allow_ties: false });

    expect(rank.complaint(ranked(1, 2, 2), strict)).toEqual({ why: "tied", responses: [1, 2] });
  });

  it("leaves out nothing where the project wants every response ranked", () => {
    const strict = of(4, { ...POLICY, allow_unrankable: false });

    expect(rank.reduce(start, { type: "unrankable" }, strict)).toEqual(start);
  });

  it("keeps the focus inside and ignores ranks that do not exist", () => {
    const left = answered(start, { type: "moveFocus", by: -1 });
    const right = answered(start, { type: "focus", index: 3 }, { type: "moveFocus", by: 1 });
    const beyond = answered(start, { type: "rank", rank: 5 }, { type: "focus", index: 7 });

    expect(left.focus).toBe(0);
    expect(right.focus).toBe(3);
    expect(beyond).toEqual(start);
  });

  it("moves one rank up or down by button, entering below what is ranked", () => {
    const two = answered(start, { type: "rank", rank: 1, index: 0 }, { type: "raise", index: 1 });
    const moved = answered(two, { type: "raise", index: 1 }, { type: "lower", index: 0 });

    expect(two.ranks).toEqual([1, 2, null, null]);
    expect(moved.ranks).toEqual([2, 1, null, null]);
  });

  it("takes back what cannot be ranked with the same key", () => {
    const once = answered(start, { type: "unrankable" });
    const twice = answered(once, { type: "unrankable" });

    expect(once.ranks).toEqual(["unrankable", null, null, null]);
    expect(twice.ranks).toEqual([null, null, null, null]);
  });

  it("stays untouched where there is nothing to rank", () => {
    const none = of(0);
    const actions: Action[] = [
      { type: "moveFocus", by: 1 },
      { type: "rank", rank: 1 },
      { type: "raise" },
      { type: "unrankable" },
    ];
    const state = actions.reduce((now, action) => rank.reduce(now, action, none), ranked());

    expect(state).toEqual(ranked());
    expect(rank.complaint(state, none)?.why).toBe("untouched");
  });
});

describe("what is sent", () => {
  it("has dense ranks from 1, whatever digits were typed", () => {
    expect(dense([3, 1, 3, "unrankable"])).toEqual([2, 1, 2, null]);
    expect(dense([9, 9, 9])).toEqual([1, 1, 1]);
    expect(rank.said(ranked(3, 1, 3, "unrankable"))).toEqual({
      ranking: [2, 1, 2, null],
      strength: null,
      all_bad: false,
    });
  });

  it("says all bad when no response can be ranked", () => {
    const state = ranked("unrankable", "unrankable", "unrankable");

    expect(rank.said(state)).toEqual({ ranking: null, strength: null, all_bad: true });
  });

  it("comes back from a draft as it was, with what was open still open", () => {
    const state = ranked(2, null, "unrankable", 4);

    expect(rank.fromDraft(rank.toDraft(state), four)).toEqual(state);
    expect(rank.fromDraft(rank.toDraft(start), four)).toEqual(start);
  });

  it("reads a label that is taken back to be changed", () => {
    const label = { answer: { ranking: [1, 2, null, 2], strength: null, all_bad: false } };
    const allBad = { answer: { ranking: null, strength: null, all_bad: true } };

    expect(rank.fromDraft(label, four).ranks).toEqual([1, 2, "unrankable", 2]);
    expect(rank.fromDraft(allBad, of(2)).ranks).toEqual(["unrankable", "unrankable"]);
  });
});

const words = (...ranks: Rank[]) => rank.inWords(ranked(...ranks), four.letters, i18n.t);

it.each<[Rank[], string]>([
  [[1, 2, 2, "unrankable"], "A, then B = C; D cannot be ranked"],
  [[3, 1, null, 3], "B, then A = D; C still open"],
  [[null, null, null, null], "Nothing ranked yet."],
  [["unrankable", "unrankable"], "A, B cannot be ranked"],
])("reads %j back as a sentence", (ranks, sentence) => {
  expect(words(...ranks)).toBe(sentence);
});

it("reads back in Chinese after a change of language", async () => {
  await setLanguage("zh-hans");

  expect(words(1, 2, 2, "unrankable")).toBe("A，其次 B = C；D 无法排序");
  expect(document.documentElement.lang).toBe("zh-Hans");

  await setLanguage("en");
});

it("groups responses by rank, best first", () => {
  expect(tiers([3, 1, "unrankable", 3, null])).toEqual([[1], [0, 3]]);
});
