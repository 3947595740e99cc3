import { expect, it } from "vitest";
import { staleKeys } from "./stale-keys";

it("a new label makes the round's counts and ladder stale, not its samples", () => {
  const keys = staleKeys({ type: "label.submitted", id: "l", group: "round:1" });

  expect(keys).toContainEqual(["round", "1", "ladder"]);
  expect(keys).not.toContainEqual(["round", "1"]);
});

it("metrics touch the curves of their job and nothing else", () => {
  expect(staleKeys({ type: "job.metrics", id: "j", group: "round:1" })).toEqual([
    ["job", "j", "metrics"],
  ]);
});

it("a queue event refreshes the home page and an empty desk", () => {
  expect(staleKeys({ type: "queue.changed", id: "p", group: "queue:p" })).toEqual([
    ["queues"],
    ["held", "p"],
  ]);
});

it("an unknown event makes everything of its group stale", () => {
  expect(staleKeys({ type: "moon.rose", id: "x", group: "team:7" })).toEqual([["team", "7"]]);
});
