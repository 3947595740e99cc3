import { describe, expect, it } from "vitest";
import { type Action, type Answer, complaint, reduce, tiers, untouched } from "./state";

const answered = (start: Answer, ...actions: Action[]) => actions.reduce(reduce, start);
const policy = { allow_ties: true, allow_unrankable: true, strengths: 3 };

const choiceOf = (answer: Answer) => answer.kind === "compare" && answer.choice;
const ranksOf = (answer: Answer) => answer.kind === "rank" && answer.ranks;
const focusOf = (answer: Answer) => answer.kind === "rank" && answer.focus;

describe("a comparison", () => {
  const start = untouched("compare", 2);

  it("has nothing chosen at first and cannot be sent", () => {
    expect(choiceOf(start)).toEqual({ kind: "none" });
    expect(complaint(start, policy)).toEqual({ kind: "untouched" });
  });

  it("gets stronger when the same side is chosen again, up to much better", () => {
    const a: Action = { type: "choose", side: 0 };

    const strengths = [1, 2, 3, 4].map((times) =>
      choiceOf(answered(start, ...Array(times).fill(a))),
    );

    expect(strengths).toEqual(
      [1, 2, 3, 3].map((strength) => ({ kind: "better", side: 0, strength })),
    );
  });

  it("starts over at slightly better when the other side is chosen", () => {
    const answer = answered(
      start,
      { type: "choose", side: 0 },
      { type: "choose", side: 0 },
      { type: "choose", side: 1 },
    );

    expect(choiceOf(answer)).toEqual({ kind: "better", side: 1, strength: 1 });
  });

  it("may be a tie or both bad, and is untouched again when cleared", () => {
    const tie = answered(start, { type: "say", choice: { kind: "tie" } });
    const bad = answered(tie, { type: "say", choice: { kind: "allBad" } });
    const cleared = answered(bad, { type: "clear" });

    expect(complaint(tie, policy)).toBeNull();
    expect(choiceOf(bad)).toEqual({ kind: "allBad" });
    expect(complaint(cleared, policy)).toEqual({ kind: "untouched" });
  });

  it("ignores what belongs to rankings", () => {
    const answer = answered(start, { type: "rank", rank: 1 }, { type: "unrankable" });

    expect(answer).toEqual(start);
  });
});

describe("a ranking", () => {
  const start = untouched("rank", 4);

  it("is open everywhere at first, so the order shown is never sent", () => {
    expect(ranksOf(start)).toEqual([null, null, null, null]);
    expect(complaint(start, policy)).toEqual({ kind: "untouched" });
  });

  it("gives the focused response the rank typed", () => {
    const answer = answered(start, { type: "focus", index: 2 }, { type: "rank", rank: 1 });

    expect(ranksOf(answer)).toEqual([null, null, 1, null]);
    expect(focusOf(answer)).toBe(2);
  });

  it("reads the same digit twice as a tie", () => {
    const answer = answered(
      start,
      { type: "rank", rank: 2, index: 0 },
      { type: "rank", rank: 1, index: 1 },
      { type: "rank", rank: 2, index: 2 },
      { type: "unrankable", index: 3 },
    );

    expect(ranksOf(answer)).toEqual([2, 1, 2, "unrankable"]);
    expect(complaint(answer, policy)).toBeNull();
  });

  it("names what is still open", () => {
    const answer = answered(
      start,
      { type: "rank", rank: 1, index: 0 },
      { type: "rank", rank: 2, index: 2 },
    );

    expect(complaint(answer, policy)).toEqual({ kind: "open", responses: [1, 3] });
  });

  it("names a tie where the project wants none", () => {
    const answer = answered(
      untouched("rank", 3),
      { type: "rank", rank: 1, index: 0 },
      { type: "rank", rank: 2, index: 1 },
      { type: "rank", rank: 2, index: 2 },
    );

    expect(complaint(answer, { ...policy, allow_ties: false })).toEqual({
      kind: "tied",
      responses: [1, 2],
    });
  });

  it("keeps the focus inside and ignores ranks that do not exist", () => {
    const left = answered(start, { type: "moveFocus", by: -1 });
    const right = answered(start, { type: "focus", index: 3 }, { type: "moveFocus", by: 1 });
    const beyond = answered(start, { type: "rank", rank: 5 }, { type: "focus", index: 7 });

    expect(focusOf(left)).toBe(0);
    expect(focusOf(right)).toBe(3);
    expect(beyond).toEqual(start);
  });

  it("moves one rank up or down by button, entering below what is ranked", () => {
    const two = answered(start, { type: "rank", rank: 1, index: 0 }, { type: "raise", index: 1 });
    const moved = answered(two, { type: "raise", index: 1 }, { type: "lower", index: 0 });

    expect(ranksOf(two)).toEqual([1, 2, null, null]);
    expect(ranksOf(moved)).toEqual([2, 1, null, null]);
  });

  it("takes back what cannot be ranked with the same key", () => {
    const once = answered(start, { type: "unrankable" });
    const twice = answered(once, { type: "unrankable" });

    expect(ranksOf(once)).toEqual(["unrankable", null, null, null]);
    expect(ranksOf(twice)).toEqual([null, null, null, null]);
  });
});

it("flags are set and taken back, and a comment stays with the answer", () => {
  const start = untouched("rank", 3);
  const flagged = answered(
    start,
    { type: "flag", flag: "unsafe" },
    { type: "flag", flag: "unclear" },
    { type: "comment", text: "B is cut off" },
  );
  const unflagged = answered(flagged, { type: "flag", flag: "unsafe" });

  expect(flagged.flags).toEqual(["unsafe", "unclear"]);
  expect(unflagged.flags).toEqual(["unclear"]);
  expect(unflagged.comment).toBe("B is cut off");
});

it("groups responses by rank, best first", () => {
  expect(tiers([3, 1, "unrankable", 3, null])).toEqual([[1], [0, 3]]);
});
