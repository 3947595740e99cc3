import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const backend = "http://127.0.0.1:8000";

const BASE =
  /@mantine\/(hooks|core\/esm\/(core|components\/(Checkbox|CloseButton|Group|InlineInput|Input|InputBase|Textarea)))\/|src\/(live|components\/(brand|format|notify|page|use-title))/;

// Django serves index.html for every page, annotation/static_files.py this build under /static/.
export default defineConfig(({ command }) => ({
  base: command === "build" ? "/static/" : "/",
  plugins: [react()],
  resolve: { alias: { "~": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    // Read by scripts/first-load.mjs.
    manifest: true,
    target: "es2022",
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 600,
    rolldownOptions: {
      output: {
        // Few files: one that every page needs, and one of the small pieces that most of them do.
        codeSplitting: {
          groups: [
            { name: "core", tags: ["$initial"], priority: 1 },
            { name: "base", test: BASE, includeDependenciesRecursively: false },
          ],
        },
      },
    },
  },
  server: {
    port: 5173,
    proxy: { "/api": backend, "/ws": { target: backend, ws: true } },
  },
  test: {
    environment: "jsdom",
    globals: true,
    setupFiles: ["src/test/setup.ts"],
    css: false,
    restoreMocks: true,
    // Whole pages in jsdom, on a machine that does other things as well.
    testTimeout: 30_000,
    // Every file cleans up after itself; one shared page starts much faster than one per file.
    isolate: false,
  },
}));
