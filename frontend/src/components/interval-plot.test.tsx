import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeAll, expect, it } from "vitest";
import type { Ladder } from "~/api/types";
import { startI18n } from "~/i18n";
import { renderAlone } from "~/test/render";
import { IntervalPlot } from "./interval-plot";

beforeAll(() => startI18n("en"));

const entry = (id: string, name: string, elo: number | null) => ({
  checkpoint: { id, name, kind: "policy" },
  elo,
  low: elo && elo - 25,
  high: elo && elo + 25,
  se: 12,
  rank_low: 1,
  rank_high: 2,
  votes: 40,
  wins: 20,
  ties: 4,
  losses: 16,
  anchored: false,
  estimable: elo !== null,
  component: 0,
  win_rate: 0.5,
});

const LADDER: Ladder = {
  computed_at: "2026-01-01T00:00:00Z",
  final: true,
  votes: 80,
  labelers: 2,
  method: { code: "ladder_method", params: {}, text: "Bradley-Terry" },
  order: [],
  win_matrix: [],
  components: [],
  live_elo: [],
  duel: null,
  entries: [entry("1", "base", 960), entry("2", "tuned", 990)],
  indistinguishable: [{ first: "1", second: "2", more: 120 }],
};

it("says strength, interval and what is undecided in its accessible name", () => {
  renderAlone(<IntervalPlot ladder={LADDER} />);

  const name = screen.getByRole("img").getAttribute("aria-label");
  expect(name).toContain("tuned: 990 Elo, interval 965 to 1,015.");
  expect(name).toContain("base and tuned are not distinguishable yet; about 120 more votes");
  expect(screen.getByRole("link", { name: "tuned" })).toHaveAttribute("href", "/checkpoints/2");
});

it("has its data as a table one click away, strongest first", async () => {
  renderAlone(<IntervalPlot ladder={LADDER} />);

  await userEvent.click(screen.getByRole("button", { name: "Show as table" }));

  const rows = within(screen.getByRole("table")).getAllByRole("row");
  expect(rows[1]).toHaveTextContent("tuned990965 – 1,015");
  expect(rows[2]).toHaveTextContent("base960");
});

it("says in a sentence that nothing is known yet", () => {
  renderAlone(<IntervalPlot ladder={{ ...LADDER, entries: [entry("1", "base", null)] }} />);

  expect(screen.getByText(/No strength can be told yet/)).toBeVisible();
  expect(screen.queryByRole("img")).toBeNull();
});

it("tells whether the newest beats the base, in bounds that hold at every look", () => {
  const duel = { newest: "2", base: "1", win_rate: 0.62, low: 0.48, high: 0.75, tasks: 60 };
  const { unmount } = renderAlone(
    <IntervalPlot ladder={{ ...LADDER, duel: { ...duel, decided: false, more: 41.2 } }} />,
  );

  expect(screen.getByText(/Whether tuned beats base is open/)).toHaveTextContent(
    "wins 62 % of tasks so far (at least 48 %, at most 75 %). About 41 more tasks",
  );
  unmount();
  renderAlone(
    <IntervalPlot ladder={{ ...LADDER, duel: { ...duel, low: 0.53, decided: true, more: 0 } }} />,
  );
  expect(screen.getByText(/tuned beats base: it wins 62 % of tasks/)).toBeVisible();
});
