import { expect, it } from "vitest";
import { difference } from "./difference";

const own = (pieces: { text: string; own: boolean }[]) =>
  pieces.filter((piece) => piece.own).map((piece) => piece.text);
const whole = (pieces: { text: string }[]) => pieces.map((piece) => piece.text).join("");

it("marks the words that only one of two responses has", () => {
  const [left, right] = difference("The sky is blue today.", "The sky looks blue.");

  expect(own(left)).toEqual(["is", " today"]);
  expect(own(right)).toEqual(["looks"]);
});

it("loses no character of either text", () => {
  const texts = ["One, two — three!\n\nfour", "Two, one: three…"] as const;

  const [left, right] = difference(...texts);

  expect([whole(left), whole(right)]).toEqual(texts);
});

it("compares Chinese character by character", () => {
  const [left, right] = difference("天空是蓝色的", "天空很蓝");

  expect(own(left)).toEqual(["是", "色的"]);
  expect(own(right)).toEqual(["很"]);
});

it("shows very long texts plainly instead of hanging the page", () => {
  const long = "word ".repeat(4_000);

  expect(difference(long, "word")).toEqual([
    [{ text: long, own: false }],
    [{ text: "word", own: false }],
  ]);
});
