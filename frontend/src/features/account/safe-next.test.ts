import { expect, it } from "vitest";
import { safeNext } from "./sign-in-page";

it.each([
  ["/rounds/1?tab=jobs", "/rounds/1?tab=jobs"],
  [null, "/"],
  ["https://evil.example", "/"],
  ["//evil.example", "/"],
  ["/\\evil.example", "/"],
  ["javascript:alert(1)", "/"],
])("after signing in, %s leads to %s", (next, path) => {
  expect(safeNext(next)).toBe(path);
});
