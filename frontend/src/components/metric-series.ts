import type { MetricRow } from "~/api/types";

/** One quantity over the steps of a job, a column per split. */
export interface Series {
  name: string;
  splits: string[];
  points: ({ step: number } & Record<string, number>)[];
}

const NOT_QUANTITIES = new Set(["t", "step", "split"]);

/** What matters first comes first; quantities we do not know follow by name. */
const ORDER = [
  "loss",
  "accuracy",
  "reward/mean",
  "reward/margin",
  "kl",
  "eos_rate",
  "response_length",
  "reward/chosen",
  "reward/rejected",
  "policy_loss",
  "value_loss",
  "entropy",
  "clip_fraction",
  "grad_norm",
  "lr",
  "tokens_per_second",
];

const MOST_POINTS = 400;

/** Metric rows as one series per quantity, thinned evenly where there are very many steps. */
export function seriesOf(rows: MetricRow[]): Series[] {
  const byName = new Map<string, Map<number, { step: number } & Record<string, number>>>();
  for (const row of rows) {
    for (const [name, value] of Object.entries(row)) {
      if (NOT_QUANTITIES.has(name) || typeof value !== "number" || !Number.isFinite(value))
        continue;
      const points = byName.get(name) ?? new Map();
      byName.set(name, points);
      const point = points.get(row.step) ?? { step: row.step };
      points.set(row.step, { ...point, [row.split || "train"]: value });
    }
  }
  return [...byName.entries()]
    .map(([name, points]) => {
      const sorted = [...points.values()].sort((a, b) => a.step - b.step);
      const splits = new Set(sorted.flatMap((point) => Object.keys(point)));
      splits.delete("step");
      return { name, splits: [...splits].sort().reverse(), points: thin(sorted) };
    })
    .sort((a, b) => place(a.name) - place(b.name) || a.name.localeCompare(b.name));
}

function place(name: string): number {
  const at = ORDER.indexOf(name);
  return at < 0 ? ORDER.length : at;
}

/** Every n-th point and the last; eval points are few and never dropped. */
function thin<T extends Record<string, number>>(points: T[]): T[] {
  const every = Math.ceil(points.length / MOST_POINTS);
  return points.filter((point, i) => i % every === 0 || i === points.length - 1 || "eval" in point);
}
