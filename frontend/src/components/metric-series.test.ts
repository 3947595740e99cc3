import { expect, it } from "vitest";
import { seriesOf } from "./metric-series";

const row = (step: number, split: string, values: Record<string, number>) => ({
  t: "2026-01-01T00:00:00Z",
  step,
  split,
  ...values,
});

it("puts the splits of a quantity on one chart, training before held out", () => {
  const [loss] = seriesOf([
    row(1, "train", { loss: 0.7 }),
    row(2, "train", { loss: 0.6 }),
    row(2, "eval", { loss: 0.65 }),
  ]);

  expect(loss).toEqual({
    name: "loss",
    splits: ["train", "eval"],
    points: [
      { step: 1, train: 0.7 },
      { step: 2, train: 0.6, eval: 0.65 },
    ],
  });
});

it("orders quantities by what matters, the unknown last", () => {
  const names = seriesOf([row(1, "train", { zeal: 1, lr: 1, kl: 1, loss: 1 })]).map((s) => s.name);

  expect(names).toEqual(["loss", "kl", "lr", "zeal"]);
});

it("thins long curves but keeps the last step and every held-out point", () => {
  const rows = Array.from({ length: 5_000 }, (_, i) => row(i, "train", { loss: 1 }));
  rows.push(row(1_501, "eval", { loss: 2 }));

  const [loss] = seriesOf(rows);

  expect(loss?.points.length).toBeLessThan(500);
  expect(loss?.points.at(-1)?.step).toBe(4_999);
  expect(loss?.points.find((point) => "eval" in point)?.step).toBe(1_501);
});

it("leaves out numbers that are not finite", () => {
  const [loss] = seriesOf([row(1, "train", { loss: Number.NaN }), row(2, "train", { loss: 1 })]);

  expect(loss?.points).toEqual([{ step: 2, train: 1 }]);
});
