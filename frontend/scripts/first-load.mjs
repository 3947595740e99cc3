// What a labeler's browser loads before the first task is on screen; fails above the limit.
// Run after a build, which keeps its list of chunks in dist/.vite/manifest.json.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const DIST = new URL("../dist/", import.meta.url);
const LIMIT_KB = 250;
const DESK = ["index.html", "src/features/labeling/labeling-page.tsx"];
const LANGUAGES = ["src/i18n/en/index.ts", "src/i18n/zh/index.ts"];

const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", DIST), "utf8"));

/** The chunks that `names` import, and what those import, but not what is only loaded on demand. */
function closure(names, found = new Set()) {
  for (const name of names) {
    if (!manifest[name]) throw new Error(`the build has no chunk ${name}`);
    if (found.has(name)) continue;
    found.add(name);
    closure(manifest[name].imports ?? [], found);
  }
  return found;
}

const size = (file) => gzipSync(readFileSync(new URL(file, DIST))).length;

const largest = LANGUAGES.toSorted((a, b) => size(manifest[b].file) - size(manifest[a].file))[0];
const chunks = [...closure([...DESK, largest])]
  .map((name) => manifest[name].file)
  .map((file) => ({ file, bytes: size(file) }))
  .sort((a, b) => b.bytes - a.bytes);
const total = chunks.reduce((sum, { bytes }) => sum + bytes, 0) / 1000;

if (process.argv.includes("--list")) {
  for (const { file, bytes } of chunks)
    console.log(`${(bytes / 1000).toFixed(1).padStart(7)} kB  ${file}`);
}
console.log(
  `First load of the desk: ${total.toFixed(1)} kB of JavaScript (gzip) in ${chunks.length} files; at most ${LIMIT_KB} kB.`,
);
if (total > LIMIT_KB) process.exitCode = 1;
