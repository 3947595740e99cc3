import { expect, it } from "vitest";
import { wilson } from "./metric-table";

// Published worked values: Newcombe 1998, table I, "score" method without continuity correction.
it.each([
  [81 / 263, 263, 0.2553, 0.3662],
  [15 / 148, 148, 0.0624, 0.1605],
  [0 / 20, 20, 0, 0.1611],
  [1 / 29, 29, 0.0061, 0.1718],
])("matches Newcombe's table for %f of %i", (share, n, low, high) => {
  const [from, to] = wilson(share, n);

  expect(from).toBeCloseTo(low, 4);
  expect(to).toBeCloseTo(high, 4);
});
