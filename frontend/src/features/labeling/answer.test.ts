import { expect, it } from "vitest";
import type { Assignment } from "~/api/types";
import { type Answer, fromDraft, reducerOf, toDraft, toSubmission } from "./answer";
import { rank } from "./kinds/rank/rank";
import type { Ranking } from "./kinds/rank/state";

const assignment: Assignment = {
  id: "a",
  kind: "rank",
  project: { id: "p", name: "Demo" },
  round: { number: 1 },
  prompt: { messages: [], language: "en" },
  responses: ["A", "B", "C"].map((letter) => ({ letter, text: "" })),
  policy: { allow_ties: true, allow_unrankable: true, strengths: 0 },
  guidelines_version: 1,
  leased_at: "",
  expires_at: "",
  draft: null,
  amends: false,
};
const start = fromDraft(rank, assignment, null);
const reduce = reducerOf(rank, assignment);

it("flags are set and taken back, and a comment stays with the answer", () => {
  const flagged = (["unsafe", "unclear"] as const).reduce<Answer<Ranking>>(
    (answer, flag) => reduce(answer, { type: "flag", flag }),
    reduce(start, { type: "comment", text: "B is cut off" }),
  );
  const unflagged = reduce(flagged, { type: "flag", flag: "unsafe" });

  expect(flagged.flags).toEqual(["unsafe", "unclear"]);
  expect(unflagged.flags).toEqual(["unclear"]);
  expect(unflagged.comment).toBe("B is cut off");
});

it("is sent with what its kind says and with what every label may carry", () => {
  const answer = { state: { ranks: [3, 1, 3], focus: 0 }, flags: ["unclear"], comment: " hm\n" };

  expect(toSubmission(rank, answer, 12.5)).toMatchObject({
    answer: { ranking: [2, 1, 2], strength: null, all_bad: false },
    flags: ["unclear"],
    comment: "hm",
    active_seconds: 12.5,
  });
});

it("comes back from a draft as it was, notes and all", () => {
  const answer: Answer<Ranking> = {
    state: { ranks: [2, null, "unrankable"], focus: 0 },
    flags: ["unclear"],
    comment: " hm",
  };

  expect(fromDraft(rank, assignment, toDraft(rank, answer))).toEqual(answer);
});
