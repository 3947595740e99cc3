import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Round } from "~/api/types";
import { startI18n } from "~/i18n";
import { renderRoutes } from "~/test/render";
import { KNOWN } from "./known.fixture";
import { blockedRound, choiceOf, roundOf } from "./round.fixture";
import { Component as RoundPage } from "./round-page";

let round: Round;
let permissions: string[];
let sent: { path: string; body: unknown }[];

const LADDER = { entries: [], indistinguishable: [], live_elo: [], duel: null };

/** What the server answers, by path. */
function answer(path: string): object {
  if (path.endsWith("/recipes/")) return KNOWN;
  if (path.endsWith("/ladder/")) return LADDER;
  if (path.endsWith("/projects/p1/")) return { id: "p1", permissions };
  return path.endsWith("/rounds/r1/") || path.endsWith("/decisions/")
    ? round
    : { count: 0, results: [] };
}

beforeEach(async () => {
  await startI18n("en");
  permissions = ["round.view", "round.edit"];
  sent = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    const path = new URL(request.url).pathname;
    if (request.method !== "GET") sent.push({ path, body: await request.json() });
    return new Response(JSON.stringify(answer(path)));
  });
});
afterEach(() => vi.unstubAllGlobals());

async function open(shown: Round, tab = "") {
  round = shown;
  renderRoutes([{ path: "/rounds/:id", element: <RoundPage /> }], `/rounds/r1${tab}`);
  await screen.findByRole("heading", { name: `Round ${shown.number}` });
}

const strip = () => screen.getByRole("list", { name: "Stages of the round" });

it("shows where a running round is, and its steps with what they made", async () => {
  await open(roundOf({}));

  expect(within(strip()).getByText("Labeling").closest("li")).toHaveAttribute(
    "aria-current",
    "step",
  );
  const plan = screen.getByRole("list", { name: "Steps" });
  expect(within(plan).getAllByRole("listitem")).toHaveLength(KNOWN.default.steps.length);
  expect(within(plan).getByText("Running")).toBeVisible();
  expect(screen.queryByRole("region", { name: /Decisions/ })).toBeNull();
});

it("asks each broken bound by itself, and sends choice, question and reason", async () => {
  await open(blockedRound());
  const asked = await screen.findAllByRole("article");
  expect(asked.map((one) => one.getAttribute("aria-label"))).toEqual([
    "Title of win_rate",
    "Title of ended_share",
  ]);
  expect(screen.getByRole("heading", { name: "The round waits for 2 decisions" })).toBeVisible();

  const [, second] = asked as [HTMLElement, HTMLElement];
  await userEvent.click(await within(second).findByRole("button", { name: "Accept it anyway" }));
  const dialog = await screen.findByRole("dialog");
  await userEvent.type(within(dialog).getByLabelText("Why"), "Short is fine.");
  await userEvent.click(within(dialog).getByRole("button", { name: "Accept it anyway" }));

  await waitFor(() => expect(sent).toHaveLength(1));
  expect(sent[0]).toMatchObject({
    path: "/api/rounds/r1/decisions/",
    body: {
      choice: "accept",
      step: "gates",
      subject: "ended_share.least",
      why: "Short is fine.",
    },
  });
});

it("sends other settings as what differs from those in force", async () => {
  await open(blockedRound());
  const [first] = (await screen.findAllByRole("article")) as [HTMLElement];
  await userEvent.click(await within(first).findByRole("button", { name: /other settings/ }));
  const dialog = await screen.findByRole("dialog");
  const send = within(dialog).getByRole("button", { name: /other settings/ });
  expect(send).toBeDisabled();

  await userEvent.click(within(dialog).getByText("Settings of the method"));
  await userEvent.type(within(dialog).getByLabelText("beta"), "0.3");
  await userEvent.click(send);

  await waitFor(() => expect(sent).toHaveLength(1));
  expect(sent[0]?.body).toMatchObject({
    choice: "change",
    changes: [{ step: "policy", change: { settings: { beta: 0.3 } } }],
  });
});

it("offers nobody a choice who may not decide, but says what it waits for", async () => {
  permissions = ["round.view"];

  await open(blockedRound());

  expect(await screen.findByText("0.4 is too low")).toBeVisible();
  expect(screen.getByText(/A manager of the team decides/)).toBeVisible();
  expect(screen.queryByRole("button", { name: /Accept|Steer|Prepare/ })).toBeNull();
});

it("says that it is paused, and how it goes on", async () => {
  await open(roundOf({ is_paused: true, choices: [choiceOf("resume"), choiceOf("cancel")] }));

  expect(screen.getByText("Paused")).toBeVisible();
  expect(screen.getByText(/This round is paused/)).toBeVisible();
  expect(await screen.findByRole("button", { name: "Go on" })).toBeVisible();
});

it("says what a draft waits for, and what follows a round", async () => {
  await open(
    roundOf({
      state: "draft",
      stage: "draft",
      steps: [],
      choices: [choiceOf("cancel")],
      after: { id: "r0", number: 1 },
      successor: { id: "r3", number: 3 },
    }),
  );

  expect(screen.getByText(/It starts by itself when round 1 is done/)).toBeVisible();
  const then = screen.getByRole("region", { name: "Then" });
  expect(within(then).getByRole("link", { name: "Round 3" })).toHaveAttribute("href", "/rounds/r3");
});

it("keeps who decided what, why and what was changed", async () => {
  const decisions: Round["decisions"] = [
    {
      id: "d1",
      step: "",
      subject: "",
      choice: "more_labels",
      title: choiceOf("more_labels").title,
      why: "Two people disagree a lot.",
      evidence: {},
      amendments: [{ step: "labels", change: { labels_wanted: 3 } }],
      by: { id: "u", name: "Alice" },
      at: "2026-01-01T11:00:00Z",
    },
  ];

  await open(roundOf({ decisions }), "?tab=history");

  const decided = screen.getByRole("article");
  expect(decided).toHaveTextContent("Alice");
  expect(decided).toHaveTextContent("Two people disagree a lot.");
  expect(decided).toHaveTextContent("labels.labels_wanted → 3");
});

it("asks for more labels only with a number above the present one", async () => {
  await open(roundOf({}));
  await userEvent.click(await screen.findByRole("button", { name: "Steer the round" }));
  await userEvent.click(await screen.findByRole("menuitem", { name: /more labels/ }));
  const dialog = await screen.findByRole("dialog");
  const send = within(dialog).getByRole("button", { name: "Ask for more labels" });
  const count = within(dialog).getByLabelText("Labels per task, in all");

  await userEvent.type(count, "1");
  expect(send).toBeDisabled();
  await userEvent.clear(count);
  await userEvent.type(count, "2");
  await userEvent.click(send);

  await waitFor(() => expect(sent[0]?.body).toMatchObject({ choice: "more_labels", count: 2 }));
});
