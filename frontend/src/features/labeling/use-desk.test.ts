import { expect, it } from "vitest";
import type { Assignment } from "~/api/types";
import { atHand } from "./use-desk";

const task = (id: string, amends = false) => ({ id, amends }) as Assignment;
const ids = (tasks: Assignment[]) => tasks.map(({ id }) => id);

it("shows the oldest task that is not handed in yet", () => {
  const held = [task("a"), task("b"), task("c")];

  expect(ids(atHand(held, new Set(["a"]), null))).toEqual(["b", "c"]);
});

it("puts a task being changed first, and shows it once", () => {
  const held = [task("a"), task("b")];

  const tasks = atHand(held, new Set(["a"]), task("a", true));

  expect(ids(tasks)).toEqual(["a", "b"]);
  expect(tasks[0]?.amends).toBe(true);
});
