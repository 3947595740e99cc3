import { expect, it } from "vitest";
import type { Queue } from "~/api/types";
import { firstQueue } from "./home-page";

const queue = (id: string, waiting: number) => ({ project: { id, name: id }, waiting }) as Queue;

it("starts where most is waiting", () => {
  expect(firstQueue([queue("a", 3), queue("b", 40), queue("c", 0)])?.project.id).toBe("b");
});

it("starts nowhere when nothing is waiting", () => {
  expect(firstQueue([queue("a", 0)])).toBeUndefined();
  expect(firstQueue([])).toBeUndefined();
});
