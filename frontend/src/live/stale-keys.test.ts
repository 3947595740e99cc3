import { expect, it } from "vitest";
import { staleKeys } from "./stale-keys";

it("a new label makes the round's counts and ladder stale, not its samples", () => {
  const keys = staleKeys({ type: "label.submitted", id: "l", group: "round:1" });

  expect(keys).toContainEqual(["round", "1", "ladder"]);
  expect(keys).not.toContainEqual(["round", "1"]);
});

it("a job that has come further makes its numbers stale, not its log", () => {
  expect(staleKeys({ type: "job.measured", id: "j", group: "job:j" })).toEqual([
    ["job", "j", "detail"],
    ["job", "j", "metrics"],
  ]);
  expect(staleKeys({ type: "job.measured", id: "j", group: "round:1" })).toContainEqual([
    "round",
    "1",
    "jobs",
  ]);
});

it.each(["job.moved", "job.failed", "job.cancel_requested", "job.retried"])(
  "%s makes all of the job stale, and its round",
  (type) => {
    const keys = staleKeys({ type, id: "j", group: "round:1" });

    expect(keys).toContainEqual(["job", "j"]);
    expect(keys).toContainEqual(["round", "1"]);
  },
);

it("a new ladder refreshes what shows it", () => {
  expect(staleKeys({ type: "ladder.fitted", id: "r", group: "round:r" })).toEqual([
    ["round", "r", "ladder"],
  ]);
  expect(staleKeys({ type: "ladder.fitted", id: "r", group: "project:p" })).toEqual([
    ["project", "p", "overview"],
  ]);
});

it("whatever happens to a queue refreshes the home page and an empty desk", () => {
  for (const type of ["queue.changed", "round.started", "guidelines.written"]) {
    expect(staleKeys({ type, id: "p", group: "queue:p" })).toEqual([["queues"], ["held", "p"]]);
  }
});

it("an unknown event makes everything of its group stale", () => {
  expect(staleKeys({ type: "moon.rose", id: "x", group: "team:7" })).toEqual([["team", "7"]]);
});
