import { describe, expect, it } from "vitest";
import { asQuery, choose, HEADINGS, missing } from "./columns";

describe("the columns of an import", () => {
  it("are a text for one column and a list for several", () => {
    const chosen = { prompt: ["question"], responses: ["a", "b"], tags: [] };

    expect(JSON.parse(asQuery(chosen) ?? "")).toEqual({
      prompt: "question",
      responses: ["a", "b"],
    });
  });

  it("are not said where none is chosen", () => {
    expect(asQuery({ prompt: [], tags: [] })).toBeUndefined();
  });

  it("keep one response a list where its heading names the model", () => {
    const chosen = { prompt: ["q"], responses: ["gpt"], models: [HEADINGS] };

    expect(JSON.parse(asQuery(chosen) ?? "")).toEqual({
      prompt: "q",
      responses: ["gpt"],
      models: "*",
    });
  });

  it("hold a conversation once", () => {
    const chosen = choose({ prompt: ["q"] }, "messages", ["chat"]);

    expect(chosen).toEqual({ prompt: [], messages: ["chat"] });
    expect(choose(chosen, "prompt", ["q"])).toEqual({ prompt: ["q"], messages: [] });
  });
});

describe("what is missing", () => {
  it.each([
    [undefined, {}, true, "format"],
    ["prompts", {}, true, "prompt"],
    ["prompts", {}, false, null],
    ["comparisons", {}, true, null],
    ["responses", { prompt: ["q"] }, true, "responses"],
    ["responses", { messages: ["m"], responses: ["a", "b"] }, true, null],
    [
      "responses",
      { prompt: ["q"], responses: ["a", "b"], models: ["x", "y", "z"] },
      true,
      "models",
    ],
    ["responses", { prompt: ["q"], responses: ["a", "b"], models: [HEADINGS] }, true, null],
  ] as const)("of %s with %o, table %s: %s", (holds, chosen, isTable, expected) => {
    expect(missing(holds, chosen, isTable)).toBe(expected);
  });
});
