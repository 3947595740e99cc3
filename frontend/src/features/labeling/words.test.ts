import i18n from "i18next";
import { beforeAll, describe, expect, it } from "vitest";
import { setLanguage, startI18n } from "~/i18n";
import type { Answer, Choice, Rank } from "./state";
import { complaintInWords, inWords } from "./words";

beforeAll(() => startI18n("en"));

const notes = { flags: [], comment: "" };
const rank = (...ranks: Rank[]): Answer => ({ kind: "rank", ranks, focus: 0, ...notes });
const pair = (choice: Choice): Answer => ({ kind: "compare", choice, ...notes });
const words = (answer: Answer) => inWords(answer, ["A", "B", "C", "D"], i18n.t);

describe("in English", () => {
  it.each([
    [rank(1, 2, 2, "unrankable"), "A, then B = C; D cannot be ranked"],
    [rank(3, 1, null, 3), "B, then A = D; C still open"],
    [rank(null, null, null, null), "Nothing ranked yet."],
    [rank("unrankable", "unrankable"), "A, B cannot be ranked"],
    [pair({ kind: "none" }), "Nothing chosen yet."],
    [pair({ kind: "better", side: 1, strength: 3 }), "B is much better than A."],
    [pair({ kind: "better", side: 0, strength: 1 }), "A is slightly better than B."],
    [pair({ kind: "tie" }), "A = B: a tie."],
    [pair({ kind: "allBad" }), "Both are bad."],
  ])("%# reads back as a sentence", (answer, sentence) => {
    expect(words(answer)).toBe(sentence);
  });

  it("says what is missing by letter", () => {
    expect(
      complaintInWords({ kind: "open", responses: [1, 3] }, ["A", "B", "C", "D"], i18n.t),
    ).toBe("Give B, D a rank, or mark it as one that cannot be ranked.");
  });
});

it("reads back in Chinese after a change of language", async () => {
  await setLanguage("zh-hans");

  expect(words(rank(1, 2, 2, "unrankable"))).toBe("A，其次 B = C；D 无法排序");
  expect(document.documentElement.lang).toBe("zh-Hans");

  await setLanguage("en");
});
