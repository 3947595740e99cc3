import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { SCREENS } from "./index";

it("every kind of task that the API knows has a screen, and no screen is without a kind", () => {
  const schema = readFileSync("../docs/openapi.yaml", "utf8");
  const listed = /^ {4}TaskKind:\n {6}enum:\n((?: {6}- \w+\n)+)/m.exec(schema)?.[1] ?? "";
  const kinds = [...listed.matchAll(/- (\w+)/g)].map(([, kind]) => kind);

  expect(kinds).not.toHaveLength(0);
  expect([...SCREENS.keys()].sort()).toEqual(kinds.sort());
});
