import i18n from "i18next";
import { beforeAll, describe, expect, it } from "vitest";
import { startI18n } from "~/i18n";
import { compare } from "./compare";
import type { Action, Choice, Comparison } from "./state";

beforeAll(() => startI18n("en"));

const asked = {
  letters: ["A", "B"],
  policy: { allow_ties: true, allow_unrankable: false, strengths: 3 },
};
const start = compare.untouched(asked);
const answered = (from: Comparison, ...actions: Action[]) =>
  actions.reduce((state, action) => compare.reduce(state, action, asked), from);
const said = (choice: Choice) => answered(start, { type: "say", choice });
const A: Action = { type: "choose", side: 0 };
const B: Action = { type: "choose", side: 1 };

describe("an answer", () => {
  it("has nothing chosen at first and cannot be sent", () => {
    expect(start.choice).toEqual({ kind: "none" });
    expect(compare.complaint(start, asked)).toEqual({ why: "untouched", responses: [] });
  });

  it("gets stronger when the same side is chosen again, up to much better", () => {
    const strengths = [1, 2, 3, 4].map((times) => answered(start, ...Array(times).fill(A)).choice);

    expect(strengths).toEqual(
      [1, 2, 3, 3].map((strength) => ({ kind: "better", side: 0, strength })),
    );
  });

  it("starts over at slightly better when the other side is chosen", () => {
    expect(answered(start, A, A, B).choice).toEqual({ kind: "better", side: 1, strength: 1 });
  });

  it("may be a tie or both bad, and is untouched again when cleared", () => {
    const tie = said({ kind: "tie" });
    const bad = answered(tie, { type: "say", choice: { kind: "allBad" } });
    const cleared = answered(bad, { type: "clear" });

    expect(compare.complaint(tie, asked)).toBeNull();
    expect(bad.choice).toEqual({ kind: "allBad" });
    expect(compare.complaint(cleared, asked)?.why).toBe("untouched");
  });

  it("is no tie where the project wants none", () => {
    const policy = { ...asked.policy, allow_ties: false };
    const action: Action = { type: "say", choice: { kind: "tie" } };

    expect(compare.reduce(start, action, { ...asked, policy })).toEqual(start);
  });

  it("is not touched by what is looked at", () => {
    const looked = answered(start, A, { type: "difference" }, { type: "linkScroll" });

    expect(looked).toMatchObject({ difference: true, linked: true, choice: { side: 0 } });
    expect(compare.toDraft(looked)).toEqual(compare.toDraft(answered(start, A)));
  });
});

describe("what is sent", () => {
  it.each<[Choice, ReturnType<typeof compare.said>]>([
    [
      { kind: "better", side: 1, strength: 3 },
      { ranking: [2, 1], strength: 3, all_bad: false },
    ],
    [{ kind: "tie" }, { ranking: [1, 1], strength: null, all_bad: false }],
    [{ kind: "allBad" }, { ranking: null, strength: null, all_bad: true }],
  ])("of %j is a ranking in the order shown", (choice, answer) => {
    expect(compare.said(said(choice))).toEqual(answer);
  });

  it.each<Choice>([
    { kind: "none" },
    { kind: "better", side: 0, strength: 2 },
    { kind: "tie" },
    { kind: "allBad" },
  ])("comes back from a draft as it was: %j", (choice) => {
    const state = said(choice);

    expect(compare.fromDraft(compare.toDraft(state), asked)).toEqual(state);
  });
});

it.each<[Choice, string]>([
  [{ kind: "none" }, "Nothing chosen yet."],
  [{ kind: "better", side: 1, strength: 3 }, "B is much better than A."],
  [{ kind: "better", side: 0, strength: 1 }, "A is slightly better than B."],
  [{ kind: "tie" }, "A = B: a tie."],
  [{ kind: "allBad" }, "Both are bad."],
])("reads %j back as a sentence", (choice, sentence) => {
  expect(compare.inWords(said(choice), asked.letters, i18n.t)).toBe(sentence);
});
