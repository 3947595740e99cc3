import { describe, expect, it } from "vitest";
import en from "~/i18n/en";
import zh from "~/i18n/zh";
import { BINDINGS, bindingsFor, commandFor, shownKeys } from "./keys";

const pair = { kind: "compare", count: 2 } as const;
const four = { kind: "rank", count: 4 } as const;
const nine = { kind: "rank", count: 9 } as const;
const press = (key: string, context: typeof pair | typeof four | typeof nine, shiftKey = false) =>
  commandFor({ key, shiftKey }, context);

describe("in a comparison", () => {
  it.each([
    ["1", { type: "choose", side: 0 }],
    ["2", { type: "choose", side: 1 }],
    ["0", { type: "say", choice: { kind: "tie" } }],
    ["x", { type: "say", choice: { kind: "allBad" } }],
    ["Backspace", { type: "clear" }],
    ["d", { type: "difference" }],
    ["c", { type: "writeComment" }],
    ["s", { type: "skip" }],
    ["f", { type: "flags" }],
    ["u", { type: "undo" }],
    ["g", { type: "guidelines" }],
    ["?", { type: "help" }],
    ["Enter", { type: "submit" }],
  ])("%s does what the help says", (key, command) => {
    expect(press(key, pair)).toEqual(command);
  });

  it("digits beyond the two responses do nothing", () => {
    expect(press("3", pair)).toBeNull();
  });
});

describe("in a ranking", () => {
  it("letters of the responses move the focus, digits give ranks", () => {
    expect(press("c", four)).toEqual({ type: "focus", index: 2 });
    expect(press("3", four)).toEqual({ type: "rank", rank: 3 });
    expect(press("5", four)).toBeNull();
  });

  it("arrows move the focus both ways", () => {
    expect(press("ArrowRight", four)).toEqual({ type: "moveFocus", by: 1 });
    expect(press("ArrowUp", four)).toEqual({ type: "moveFocus", by: -1 });
  });

  it("an action whose letter is taken is reached with Shift, and the help says so", () => {
    expect(press("C", four, true)).toEqual({ type: "writeComment" });
    expect(press("F", nine, true)).toEqual({ type: "flags" });
    expect(press("f", nine)).toEqual({ type: "focus", index: 5 });
    expect(shownKeys("comment", four)).toEqual(["⇧C"]);
    expect(shownKeys("flags", four)).toEqual(["F"]);
    expect(shownKeys("flags", nine)).toEqual(["⇧F"]);
    expect(shownKeys("rank", four)).toEqual(["1", "2", "3", "4"]);
  });

  it("caps lock changes nothing", () => {
    expect(press("B", four)).toEqual({ type: "focus", index: 1 });
  });
});

it("works while a Chinese input method is on, by the physical key", () => {
  expect(commandFor({ key: "Process", code: "Digit1" }, pair)).toEqual({ type: "choose", side: 0 });
  expect(commandFor({ key: "Process", code: "KeyX" }, pair)).toMatchObject({ type: "say" });
});

it("every key of a task does exactly one thing", () => {
  for (const kind of ["compare", "rank"] as const) {
    const plain = bindingsFor(kind)
      .filter(({ id }) => id !== "focus")
      .flatMap(({ keys }) => keys);
    expect(new Set(plain).size).toBe(plain.length);
  }
});

it("every binding is described in both languages", () => {
  for (const { id } of BINDINGS) {
    expect(en.labeling.key[id]).toBeTruthy();
    expect(zh.labeling.key[id]).toBeTruthy();
  }
});
