import { expect, it } from "vitest";
import type { RoundStage, StepState } from "~/api/types";
import { stageOf, stagesOf, type Turn } from "./stage-strip";

const turn = (stage: RoundStage, ...states: StepState[]): Turn => ({
  stage,
  steps: (["generating", "labeling", "training"] as const).map((name, i) => ({
    stage: name,
    state: states[i] ?? "waiting",
  })),
});

it("is at the stage that the server says", () => {
  expect(stageOf(turn("labeling", "done", "running"))).toBe("labeling");
  expect(stageOf(turn("done", "done", "done", "done"))).toBe("done");
});

it("is where it stopped when it waits for people or was cancelled", () => {
  expect(stageOf(turn("blocked", "done", "done", "blocked"))).toBe("training");
  expect(stageOf(turn("cancelled", "done", "cancelled", "cancelled"))).toBe("labeling");
  expect(stageOf({ stage: "cancelled", steps: [] })).toBe("draft");
});

it("goes through the stages of its own plan only", () => {
  expect(stagesOf(turn("labeling"))).toEqual([
    "draft",
    "generating",
    "labeling",
    "training",
    "done",
  ]);
  expect(stagesOf({ stage: "draft", steps: [] })).toContain("evaluating");
});
