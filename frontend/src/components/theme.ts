import {
  Button,
  type CSSVariablesResolver,
  createTheme,
  type MantineColorsTuple,
} from "@mantine/core";

/** The one accent: the blue of wet slate. */
const slate: MantineColorsTuple = [
  "#eef6f9",
  "#dceaf0",
  "#b7d4df",
  "#8ebccd",
  "#6ca8be",
  "#5599b4",
  "#3f8ba8",
  "#2b7592",
  "#1d6480",
  "#0c506a",
];

/** Neutral greys with a little warmth, for the dark page. */
const dark: MantineColorsTuple = [
  "#d8dadb",
  "#b9bcbe",
  "#9a9ea1",
  "#6b7074",
  "#3f4549",
  "#31373b",
  "#262b2f",
  "#1c2023",
  "#15181b",
  "#0f1214",
];

// Named faces before the generic one, so that the system's own text face is used everywhere and
// Chinese text gets a simplified-Chinese face.
const sans =
  '-apple-system, BlinkMacSystemFont, "Segoe UI", Roboto, "Helvetica Neue", Arial, "Noto Sans", "PingFang SC", "Hiragino Sans GB", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif';

export const theme = createTheme({
  primaryColor: "slate",
  primaryShade: { light: 8, dark: 4 },
  colors: { slate, dark },
  fontFamily: sans,
  fontFamilyMonospace:
    'ui-monospace, SFMono-Regular, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace',
  headings: {
    fontFamily: sans,
    fontWeight: "600",
    sizes: {
      h1: { fontSize: "1.5rem", lineHeight: "1.3" },
      h2: { fontSize: "1.125rem", lineHeight: "1.4" },
      h3: { fontSize: "1rem", lineHeight: "1.4" },
    },
  },
  defaultRadius: "md",
  focusRing: "auto",
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    // The dark page's accent is light, so the words on it are dark.
    Button: Button.extend({
      vars: (_, { variant = "filled", color }) => ({
        root: variant === "filled" && !color ? { "--button-color": "var(--on-accent)" } : {},
      }),
    }),
    // A table that scrolls sideways must be reachable by key. By name: not every page has tables.
    TableScrollContainer: {
      defaultProps: { scrollAreaProps: { viewportProps: { tabIndex: 0 } } },
    },
  },
});

/**
 * Okabe and Ito's palette, which keeps its colours apart without red-green vision and in print. The
 * dark page begins with its lighter colours.
 */
const SERIES = {
  light: ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"],
  dark: ["#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#f0e442", "#d55e00"],
};
const seriesVariables = (colors: string[]) =>
  Object.fromEntries(colors.map((color, i) => [`--series-${i + 1}`, color]));

/** The colour of the n-th curve of a chart, from 0. */
export const seriesColor = (n: number) => `var(--series-${(n % SERIES.light.length) + 1})`;

/** Page, panel, line and ink for each scheme; each is chosen, none is computed from the other. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    ...seriesVariables(SERIES.light),
    "--mantine-color-body": "#faf9f7",
    "--mantine-color-text": "#1f2428",
    "--mantine-color-dimmed": "#5d656b",
    "--mantine-color-default-border": "#dedad3",
    "--page": "#faf9f7",
    "--panel": "#ffffff",
    "--panel-quiet": "#f3f1ed",
    "--line": "#e4e0d9",
    "--line-strong": "#c9c4bb",
    "--ink": "#1f2428",
    "--ink-quiet": "#5d656b",
    "--accent": "#1d6480",
    "--on-accent": "#ffffff",
    "--accent-wash": "#e6f0f4",
    "--warn": "#8a5300",
    "--warn-wash": "#fdf3e1",
    "--bad": "#a3322b",
    "--good": "#1f6b4a",
    "--shadow": "0 1px 2px rgb(40 35 25 / 6%)",
  },
  dark: {
    ...seriesVariables(SERIES.dark),
    "--mantine-color-body": "#15181b",
    "--mantine-color-text": "#e3e5e6",
    "--mantine-color-dimmed": "#9ba2a7",
    "--mantine-color-default-border": "#363c41",
    "--page": "#15181b",
    "--panel": "#1c2023",
    "--panel-quiet": "#22272b",
    "--line": "#2e3439",
    "--line-strong": "#4a5258",
    "--ink": "#e3e5e6",
    "--ink-quiet": "#9ba2a7",
    "--accent": "#7fb9d0",
    "--on-accent": "#10181c",
    "--accent-wash": "#1d323b",
    "--warn": "#e8b563",
    "--warn-wash": "#352a17",
    "--bad": "#f0938b",
    "--good": "#7cc9a4",
    "--shadow": "none",
  },
});
