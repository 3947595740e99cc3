import { expect, it } from "vitest";
import en from "./en";
import enServer from "./en/server";
import zh from "./zh";
import zhServer from "./zh/server";

type Tree = { [key: string]: string | Tree };

function flat(tree: Tree, path = ""): Map<string, string> {
  return new Map(
    Object.entries(tree).flatMap(([key, value]) =>
      typeof value === "string" ? [[path + key, value]] : [...flat(value, `${path}${key}.`)],
    ),
  );
}

const english = flat({ ...en, server: enServer } as unknown as Tree);
const chinese = flat({ ...zh, server: zhServer } as unknown as Tree);
const holes = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name).sort();

it("says everything in both languages", () => {
  expect([...chinese.keys()].sort()).toEqual([...english.keys()].sort());
});

it("leaves no text empty that the other language has", () => {
  const empty = [...english].filter(([key, text]) => Boolean(text) !== Boolean(chinese.get(key)));

  expect(empty).toEqual([]);
});

it("fills the same values into both", () => {
  const different = [...english].filter(
    ([key, text]) => `${holes(text)}` !== `${holes(chinese.get(key) ?? "")}`,
  );

  expect(different).toEqual([]);
});

it("has no English left in the Chinese, except names and formats", () => {
  const names = /^(DPO|PPO|RRHF|Elo|Top-p|–|Markdown)$/;
  const same = [...english].filter(
    ([key, text]) =>
      /[A-Za-z]{4}/.test(text.replaceAll(/\{\{\w+\}\}/g, "")) &&
      chinese.get(key) === text &&
      !names.test(text),
  );

  expect(same).toEqual([]);
});
