import { describe, expect, it } from "vitest";
import type { Assignment } from "~/api/types";
import { type Answer, reduce, untouched } from "./state";
import { dense, fromDraft, said, toDraft } from "./submission";

const compare = (action: Parameters<typeof reduce>[1]): Answer =>
  reduce(untouched("compare", 2), action);

function assignment(kind: "compare" | "rank", count: number): Assignment {
  return {
    id: "a",
    kind,
    project: { id: "p", name: "Demo" },
    round: { number: 1 },
    prompt: { messages: [], language: "en" },
    responses: Array.from({ length: count }, (_, i) => ({ letter: "ABCD"[i] ?? "?", text: "" })),
    policy: { allow_ties: true, allow_unrankable: true, strengths: 3 },
    guidelines_version: 1,
    leased_at: "",
    expires_at: "",
    draft: null,
    amends: false,
  };
}

describe("what is sent", () => {
  it("is a ranking with strength for a preference", () => {
    expect(
      said(compare({ type: "say", choice: { kind: "better", side: 1, strength: 3 } })),
    ).toEqual({
      ranking: [2, 1],
      strength: 3,
      all_bad: false,
      flags: [],
      comment: "",
    });
  });

  it("is an equal ranking for a tie, and no ranking when both are bad", () => {
    expect(said(compare({ type: "say", choice: { kind: "tie" } }))).toMatchObject({
      ranking: [1, 1],
      strength: null,
      all_bad: false,
    });
    expect(said(compare({ type: "say", choice: { kind: "allBad" } }))).toMatchObject({
      ranking: null,
      all_bad: true,
    });
  });

  it("has dense ranks from 1, whatever digits were typed", () => {
    expect(dense([3, 1, 3, "unrankable"])).toEqual([2, 1, 2, null]);
    expect(dense([9, 9, 9])).toEqual([1, 1, 1]);
  });

  it("says all bad when no response can be ranked", () => {
    const answer = [0, 1, 2].reduce(
      (now, index) => reduce(now, { type: "unrankable", index }),
      untouched("rank", 3),
    );

    expect(said(answer)).toMatchObject({ ranking: null, all_bad: true });
  });
});

describe("a draft", () => {
  it("gives the same answer back, with what was open still open", () => {
    const answer: Answer = {
      kind: "rank",
      ranks: [2, null, "unrankable", 1],
      focus: 0,
      flags: ["unclear"],
      comment: "hm",
    };

    expect(fromDraft(assignment("rank", 4), toDraft(answer, 12, 1))).toEqual(answer);
  });

  it("gives a comparison back, also an untouched one", () => {
    const chosen = compare({ type: "say", choice: { kind: "better", side: 0, strength: 2 } });

    expect(fromDraft(assignment("compare", 2), toDraft(chosen, 0, 1))).toEqual(chosen);
    expect(fromDraft(assignment("compare", 2), toDraft(untouched("compare", 2), 0, 1))).toEqual(
      untouched("compare", 2),
    );
  });

  it("reads a label that is taken back to be changed", () => {
    const label = { ranking: [1, 2, null, 2], strength: null, all_bad: false };

    expect(fromDraft(assignment("rank", 4), label)).toMatchObject({
      ranks: [1, 2, "unrankable", 2],
    });
    expect(fromDraft(assignment("rank", 2), { ranking: null, all_bad: true })).toMatchObject({
      ranks: ["unrankable", "unrankable"],
    });
  });
});
