import { cleanup, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, expectTypeOf, it, vi } from "vitest";
import type { Happened } from "~/api/events";
import { setLanguage, startI18n } from "~/i18n";
import type words from "~/i18n/en/happening";
import { renderAlone } from "~/test/render";
import { Happenings, inWords } from "./happenings";

function happened(change: Partial<Happened>): Happened {
  return {
    id: "e",
    action: "round.started",
    actor: { id: "a", name: "Alice" },
    project: null,
    object_id: "r",
    detail: { number: 3 },
    created_at: "2026-01-01T00:00:00Z",
    ...change,
  };
}

const asked: URL[] = [];
let events: Happened[] = [];
let down = false;

beforeEach(async () => {
  await startI18n("en");
  asked.length = 0;
  down = false;
  vi.stubGlobal("fetch", async ({ url }: Request) => {
    asked.push(new URL(url));
    if (down) return new Response('{"code": "error", "message": "broken"}', { status: 500 });
    const limit = Number(new URL(url).searchParams.get("limit"));
    return new Response(JSON.stringify({ count: events.length, results: events.slice(0, limit) }));
  });
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const team = { noun: "team", id: "t" } as const;

it("tells who did what, and in a team where", async () => {
  events = [happened({ project: { id: "p", name: "Demo" } })];
  renderAlone(<Happenings scene={team} />);

  const list = await screen.findByRole("list", { name: "What happened" });

  expect(within(list).getByText(/Alice started round 3\./)).toBeInTheDocument();
  expect(within(list).getByRole("link", { name: "Demo" })).toHaveAttribute("href", "/projects/p");
  expect(asked[0]?.pathname).toBe("/api/teams/t/events/");
});

it("shows ten, and more when asked", async () => {
  events = Array.from({ length: 12 }, (_, i) => happened({ id: `${i}` }));
  renderAlone(<Happenings scene={{ noun: "project", id: "p" }} />);
  expect(await screen.findAllByRole("listitem")).toHaveLength(10);

  await userEvent.click(screen.getByRole("button", { name: "Show more" }));

  await vi.waitFor(() => expect(screen.getAllByRole("listitem")).toHaveLength(12));
  expect(screen.queryByRole("button", { name: "Show more" })).toBeNull();
  expect(asked[0]?.pathname).toBe("/api/projects/p/events/");
});

it("says that nothing has happened yet, and that it could not be read", async () => {
  events = [];
  const { unmount } = renderAlone(<Happenings scene={team} />);
  expect(await screen.findByText("Nothing has happened here yet.")).toBeInTheDocument();
  unmount();

  down = true;
  renderAlone(<Happenings scene={team} />);
  expect(await screen.findByRole("alert")).toHaveTextContent("This did not work");
});

it("says it in Chinese, and of the worker as the system", async () => {
  await setLanguage("zh-hans");

  expect(inWords(happened({ actor: null }))).toBe("系统 开始了第 3 轮。");
});

/** Those of the happenings `Name` that `Words`, by noun and verb, does not say. */
type Unsaid<Name extends string, Words> = Name extends `${infer Noun}.${infer Verb}`
  ? Noun extends keyof Words
    ? Verb extends keyof Words[Noun]
      ? never
      : Name
    : Name
  : Name;

it("has words for everything that the server may tell", () => {
  expectTypeOf<Unsaid<Happened["action"], typeof words>>().toEqualTypeOf<never>();
});

it("tells what it has no words for by its name", () => {
  expect(inWords(happened({ action: "moon.rose" as Happened["action"] }))).toBe("moon.rose");
});
