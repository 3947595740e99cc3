import { expect, it } from "vitest";
import type { Decision, Round } from "~/api/types";
import { flat } from "./amendments";
import { gateRows } from "./gates-tab";
import { blocksOf, countNow, needOf, openCount } from "./questions";
import { blockedRound, choiceOf, roundOf, stepsAt } from "./round.fixture";

const decision = (subject: string, at: string): Decision => ({
  id: at,
  step: "gates",
  subject,
  choice: "accept",
  title: choiceOf("accept").title,
  why: "",
  evidence: {},
  amendments: [],
  by: null,
  at,
});

/** The blocked round after somebody has answered its first question. */
function halfAnswered(): Round {
  const round = blockedRound();
  return {
    ...round,
    steps: round.steps.map((step) => ({ ...step, questions: step.questions.slice(1) })),
    decisions: [
      decision("win_rate.least", "2026-01-01T11:00:00Z"),
      decision("win_rate.least", "2026-01-01T12:00:00Z"),
    ],
  };
}

it("asks each broken bound as a question of its own", () => {
  const [block, ...others] = blocksOf(blockedRound());

  expect(others).toEqual([]);
  expect(block?.open.map(({ subject }) => subject)).toEqual([
    "win_rate.least",
    "ended_share.least",
  ]);
  expect(block?.answered).toEqual([]);
  expect(openCount(blockedRound())).toBe(2);
});

it("shows the newest answer to what is no longer asked, and goes on asking the rest", () => {
  const [block] = blocksOf(halfAnswered());

  expect(block?.open.map(({ subject }) => subject)).toEqual(["ended_share.least"]);
  expect(block?.answered.map(({ verdict, decision }) => [verdict.gate, decision.at])).toEqual([
    ["win_rate", "2026-01-01T12:00:00Z"],
  ]);
});

it("asks nothing of a round that runs", () => {
  expect(blocksOf(roundOf({}))).toEqual([]);
  expect(openCount(roundOf({}))).toBe(0);
});

it("knows what a choice needs besides a reason", () => {
  expect(["change", "redo", "more_labels", "accept_checkpoint"] as const).toSatisfy(
    (all: Parameters<typeof needOf>[0][]) => all.every((choice) => needOf(choice) !== null),
  );
  expect(needOf("accept")).toBeNull();
  expect(needOf("pause")).toBeNull();
});

it("counts on from the settings in force, not from those at the start", () => {
  const { effective_recipe, ...round } = roundOf({});
  const steps = effective_recipe.steps.map((step) =>
    step.kind === "label" ? { ...step, labels_wanted: 3 } : step,
  );

  expect(countNow({ ...round, effective_recipe: { steps } }, "more_labels")).toBe(3);
  expect(countNow({ effective_recipe }, "more_prompts")).toBe(100);
});

it("judges the two ends of one bound apart, as the server does", () => {
  const round = blockedRound();
  const steps = round.effective_recipe.steps.map((step) =>
    step.kind === "gate"
      ? { ...step, bounds: [{ gate: "win_rate" as const, least: 0.5, most: 0.9 }] }
      : step,
  );

  const rows = gateRows({ ...round, effective_recipe: { steps } });

  expect(rows.map(({ bound, verdict }) => [bound.least, bound.most, verdict?.subject])).toEqual([
    [0.5, null, "win_rate.least"],
    [null, 0.9, undefined],
  ]);
  expect(gateRows({ effective_recipe: { steps: [] }, steps: stepsAt("labels", "done") })).toEqual(
    [],
  );
});

it("says a change line by line, with the path to each value", () => {
  expect(flat({ prompts: { count: 7 }, tags: ["a"], method: "dpo" })).toEqual([
    ["prompts.count", "7"],
    ["tags", '["a"]'],
    ["method", "dpo"],
  ]);
});
