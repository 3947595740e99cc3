import { describe, expect, it } from "vitest";
import en from "~/i18n/en";
import zh from "~/i18n/zh";
import { commandFor, type Keys, keysOf, shownKeys } from "./keys";
import { compare } from "./kinds/compare/compare";
import type { Asked } from "./kinds/kind";
import { rank } from "./kinds/rank/rank";

const asked = (count: number): Asked => ({
  letters: Array.from("ABCDEFGHI").slice(0, count),
  policy: { allow_ties: true, allow_unrankable: true, strengths: 3 },
});
const pair = keysOf(compare, asked(2));
const four = keysOf(rank, asked(4));
const nine = keysOf(rank, asked(9));
const press = <Action>(key: string, keys: Keys<Action>, shiftKey = false) =>
  commandFor({ key, shiftKey }, keys);
const act = (action: object) => ({ type: "act", action });

describe("in a comparison", () => {
  it.each([
    ["1", act({ type: "choose", side: 0 })],
    ["2", act({ type: "choose", side: 1 })],
    ["0", act({ type: "say", choice: { kind: "tie" } })],
    ["x", act({ type: "say", choice: { kind: "allBad" } })],
    ["Backspace", act({ type: "clear" })],
    ["d", act({ type: "difference" })],
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
    expect(press("c", four)).toEqual(act({ type: "focus", index: 2 }));
    expect(press("3", four)).toEqual(act({ type: "rank", rank: 3 }));
    expect(press("5", four)).toBeNull();
  });

  it("arrows move the focus both ways", () => {
    expect(press("ArrowRight", four)).toEqual(act({ type: "moveFocus", by: 1 }));
    expect(press("ArrowUp", four)).toEqual(act({ type: "moveFocus", by: -1 }));
  });

  it("an action whose letter is taken is reached with Shift, and the help says so", () => {
    expect(press("C", four, true)).toEqual({ type: "writeComment" });
    expect(press("F", nine, true)).toEqual({ type: "flags" });
    expect(press("f", nine)).toEqual(act({ type: "focus", index: 5 }));
    expect(shownKeys("comment", four)).toEqual(["⇧C"]);
    expect(shownKeys("flags", four)).toEqual(["F"]);
    expect(shownKeys("flags", nine)).toEqual(["⇧F"]);
    expect(shownKeys("rank", four)).toEqual(["1", "2", "3", "4"]);
  });

  it("caps lock changes nothing", () => {
    expect(press("B", four)).toEqual(act({ type: "focus", index: 1 }));
  });
});

it("works while a Chinese input method is on, by the physical key", () => {
  expect(commandFor({ key: "Process", code: "Digit1" }, pair)).toEqual(
    act({ type: "choose", side: 0 }),
  );
  expect(commandFor({ key: "Process", code: "KeyS" }, pair)).toEqual({ type: "skip" });
});

it("a key held down moves on, but neither ranks nor submits", () => {
  const held = (key: string) => commandFor({ key, repeat: true }, four);

  expect(held("ArrowRight")).toEqual(act({ type: "moveFocus", by: 1 }));
  expect(held("Enter")).toBe("nothing");
  expect(held("1")).toBe("nothing");
  expect(held("z")).toBeNull();
});

describe.each(Object.entries({ compare: pair, four, nine }))("of the keys of %s", (_, keys) => {
  it("each is printed for one row only, and does what that row says", () => {
    const printed = keys.flatMap(({ id }) => shownKeys(id, keys));

    expect(new Set(printed).size).toBe(printed.length);
  });

  it("each row is described in both languages", () => {
    for (const { id } of keys) {
      expect(en.labeling.key[id]).toBeTruthy();
      expect(zh.labeling.key[id]).toBeTruthy();
    }
  });
});

it("with nothing to judge the screen's own keys remain", () => {
  const none = keysOf(rank, asked(0));

  expect(press("a", none)).toBeNull();
  expect(press("s", none)).toEqual({ type: "skip" });
  expect(shownKeys("rank", none)).toEqual([]);
});
