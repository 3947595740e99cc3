import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";

/** What `npm run lint` says of files with these contents: those it refuses for what they import. */
function refused(files: [path: string, imports: string][]): string[] {
  const folder = mkdtempSync(join(tmpdir(), "imports-"));
  try {
    copyFileSync("biome.json", join(folder, "biome.json"));
    for (const [path, imports] of files) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), `export * from "${imports}";\n`);
    }
    const biome = join(process.cwd(), "node_modules/.bin/biome");
    const only = ["lint", "--only=style/noRestrictedImports", "--reporter=github", "."];
    const { stdout } = spawnSync(biome, only, { cwd: folder, encoding: "utf8" });
    return files.map(([path]) => path).filter((path) => stdout.includes(`/${path},`));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

it("features import shared code only, and shared code no feature", () => {
  const wrong: [string, string][] = [
    ["src/features/labeling/other-feature.ts", "~/features/rounds/now"],
    ["src/features/labeling/other-feature-by-path.ts", "../rounds/now"],
    ["src/features/labeling/app.test.tsx", "~/app/nav"],
    ["src/features/labeling/kinds/other-feature.ts", "../../rounds/now"],
    ["src/features/labeling/kinds/rank/other-feature.ts", "../../../rounds/now"],
    ["src/components/feature.tsx", "~/features/rounds/now"],
    ["src/components/app.tsx", "../app/nav"],
    ["src/api/component.ts", "~/components/page"],
    ["src/api/component-by-path.ts", "../components/page"],
    ["src/live/feature.ts", "~/features/rounds/now"],
    ["src/i18n/zh/app.ts", "../../app/nav"],
  ];
  const right: [string, string][] = [
    ["src/features/labeling/shared.ts", "~/components/page"],
    ["src/features/labeling/own.ts", "./keys"],
    ["src/features/labeling/kinds/rank/own.ts", "../../keys"],
    ["src/components/shared.tsx", "~/api/client"],
    ["src/api/own.ts", "./client"],
    ["src/api/language.ts", "~/i18n"],
    ["src/app/page.ts", "~/features/rounds/now"],
  ];

  expect(refused([...wrong, ...right])).toEqual(wrong.map(([path]) => path));
});
