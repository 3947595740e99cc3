import { cleanup, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Assignment, LabelSubmission } from "~/api/types";
import { RequireSession } from "~/components/require-session";
import { startI18n } from "~/i18n";
import { renderRoutes } from "~/test/render";
import { Component as LabelingPage } from "./labeling-page";

const TEXTS = ["A clear answer.", "A curt answer.", "A wrong answer.", "Half an ans"];

/** The backend's side of the contract, small: leases in order, labels stored by submission id. */
class Backend {
  kind: "compare" | "rank" = "compare";
  texts = TEXTS;
  tasks = ["t1", "t2", "t3"];
  labels = new Map<string, LabelSubmission & { assignment: string }>();
  skipped: { assignment: string; reason: string }[] = [];
  sends = 0;
  down = false;

  assignment(id: string): Assignment {
    const count = this.kind === "compare" ? 2 : 4;
    return {
      id,
      kind: this.kind,
      project: { id: "p", name: "Demo" },
      round: { number: 2 },
      prompt: { messages: [{ role: "user", content: `Question of ${id}` }], language: "en" },
      responses: this.texts.slice(0, count).map((text, i) => ({ letter: "ABCD"[i] ?? "", text })),
      policy: { allow_ties: true, allow_unrankable: this.kind === "rank", strengths: 3 },
      guidelines_version: 0,
      leased_at: "2026-01-01T00:00:00Z",
      expires_at: "2026-01-01T01:00:00Z",
      draft: null,
      amends: false,
    };
  }

  held() {
    const done = [...this.labels.values()].map((label) => label.assignment);
    const gone = new Set([...done, ...this.skipped.map((skip) => skip.assignment)]);
    const open = this.tasks.filter((id) => !gone.has(id));
    return {
      assignments: open.slice(0, 2).map((id) => this.assignment(id)),
      done_today: new Set(done).size,
      waiting: false,
    };
  }

  fetch = async (request: Request): Promise<Response> => {
    const { pathname } = new URL(request.url);
    const answer = (body: unknown, status = 200) =>
      new Response(status === 204 ? null : JSON.stringify(body), { status });
    if (pathname === "/api/session/") return answer(SESSION);
    if (this.down) throw new TypeError("Failed to fetch");
    if (pathname.endsWith("/assignments/")) return answer(this.held());
    const [, id = "", verb] = /assignments\/([^/]+)\/(\w+)\/$/.exec(pathname) ?? [];
    if (verb === "label") {
      const label = (await request.json()) as LabelSubmission;
      this.sends++;
      this.labels.set(label.submission_id, { ...label, assignment: id });
      return answer({ label: { id: "l" }, ...this.held() }, 201);
    }
    if (verb === "skip") {
      this.skipped.push({ assignment: id, ...(await request.json()) });
      return answer(this.held());
    }
    if (pathname.endsWith("/undo/")) {
      const last = [...this.labels.values()].at(-1);
      if (!last) return answer({ code: "nothing_to_undo", message: "", fields: {} }, 409);
      const { answer: said, comment, active_seconds } = last;
      const draft = { answer: said, comment, active_seconds, saved_at: 0 };
      return answer({
        assignment: { ...this.assignment(last.assignment), amends: true, draft },
      });
    }
    return answer(null, 204);
  };
}

const SESSION = {
  user: { id: "bob", email: "bob@example.org", name: "Bob", language: "en" },
  memberships: [],
  csrf_token: "",
};

/** A socket that never opens: what is tested here must work without live events. */
class NoLine {
  static OPEN = 1;
  readyState = 0;
}

let backend: Backend;

beforeEach(async () => {
  await startI18n("en");
  backend = new Backend();
  vi.stubGlobal("fetch", backend.fetch);
  vi.stubGlobal("WebSocket", NoLine);
});
afterEach(() => vi.unstubAllGlobals());

async function open() {
  const page = { path: "/label/:projectId", element: <LabelingPage /> };
  renderRoutes([{ element: <RequireSession />, children: [page] }], "/label/p");
  await screen.findByText("Question of t1");
  return userEvent.setup();
}

const status = () =>
  screen.getByText((_, element) => element?.getAttribute("aria-live") === "polite");

describe("a comparison", () => {
  it("is done with the keyboard alone, and the next task is there at once", async () => {
    const user = await open();

    await user.keyboard("11");
    expect(status()).toHaveTextContent("A is better than B.");
    expect(screen.getByRole("radio", { name: "A better" })).toBeChecked();
    await user.keyboard("{Enter}");

    expect(screen.getByText("Question of t2")).toBeVisible();
    expect(status()).toHaveTextContent("Nothing chosen yet.");
    await waitFor(() => expect(backend.labels.size).toBe(1));
    expect([...backend.labels.values()][0]).toMatchObject({
      assignment: "t1",
      answer: { ranking: [1, 2], strength: 2, all_bad: false },
      hold: 2,
    });
  });

  it("is done with the mouse alone", async () => {
    const user = await open();

    await user.click(screen.getByRole("radio", { name: "B much better" }));
    await user.click(screen.getByRole("button", { name: /Submit/ }));

    await screen.findByText("Question of t2");
    await waitFor(() => expect(backend.labels.size).toBe(1));
    expect([...backend.labels.values()][0]).toMatchObject({
      answer: { ranking: [2, 1], strength: 3 },
    });
  });

  it("is not sent untouched, and says what is missing", async () => {
    const user = await open();

    await user.keyboard("{Enter}");

    expect(status()).toHaveTextContent("Nothing is chosen yet");
    expect(screen.getByText("Question of t1")).toBeVisible();
    expect(backend.sends).toBe(0);
  });

  it("shows what differs, on the key for it", async () => {
    const user = await open();

    await user.keyboard("d");

    const panel = screen.getByRole("region", { name: "Response A" });
    expect(within(panel).getByText("clear").tagName).toBe("MARK");
  });

  it("comes back filled in on undo, and the change is sent as a new answer", async () => {
    const user = await open();
    await user.keyboard("1{Enter}");
    await waitFor(() => expect(backend.labels.size).toBe(1));

    await user.keyboard("u");
    await screen.findByText("You are changing the label you gave last.");
    expect(screen.getByText("Question of t1")).toBeVisible();
    expect(screen.getByRole("radio", { name: "A slightly better" })).toBeChecked();
    await user.keyboard("0{Enter}");

    await screen.findByText("Question of t2");
    await waitFor(() => expect(backend.labels.size).toBe(2));
    expect([...backend.labels.values()][1]).toMatchObject({
      assignment: "t1",
      answer: { ranking: [1, 1] },
    });
  });
});

describe("a ranking", () => {
  beforeEach(() => {
    backend.kind = "rank";
  });

  it("is done with letters and digits, ties and all", async () => {
    const user = await open();

    await user.keyboard("a2b1c2dx");
    expect(status()).toHaveTextContent("B, then A = C; D cannot be ranked");
    expect(screen.getByRole("article", { name: "Response B, rank 1" })).toBeVisible();
    await user.keyboard("{Enter}");

    await waitFor(() => expect(backend.labels.size).toBe(1));
    expect([...backend.labels.values()][0]).toMatchObject({
      answer: { ranking: [2, 1, 2, null], strength: null, all_bad: false },
    });
  });

  it("is done with arrows, and the focus follows", async () => {
    const user = await open();

    await user.keyboard("1{ArrowRight}2");

    expect(screen.getByRole("article", { name: "Response B, rank 2" })).toHaveFocus();
  });

  it("is done with the mouse", async () => {
    const user = await open();

    for (const [letter, rank] of ["A1", "B2", "C3", "D4"]) {
      await user.click(screen.getByRole("button", { name: `${letter}: rank ${rank}` }));
    }
    await user.click(screen.getByRole("button", { name: "D: one rank better" }));
    await user.click(screen.getByRole("button", { name: /Submit/ }));

    await waitFor(() => expect(backend.labels.size).toBe(1));
    expect([...backend.labels.values()][0]?.answer).toMatchObject({ ranking: [1, 2, 3, 3] });
  });

  it("stays while one response is open, and names it", async () => {
    const user = await open();

    await user.keyboard("a1b2c3{Enter}");

    expect(status()).toHaveTextContent("Give D a rank");
    expect(backend.sends).toBe(0);
  });
});

describe("whatever the task", () => {
  it("an answer given without a connection is sent once when it is back", async () => {
    const user = await open();
    backend.down = true;

    await user.keyboard("1{Enter}");
    expect(screen.getByText("Question of t2")).toBeVisible();
    await screen.findByText(/waits for the connection/);
    const kept = Object.keys(localStorage).filter((key) => key.startsWith("whetstone.outbox.bob"));
    backend.down = false;
    window.dispatchEvent(new Event("online"));

    await waitFor(() => expect(backend.labels.size).toBe(1), { timeout: 5_000 });
    expect(kept).toHaveLength(1);
    await waitFor(() =>
      expect(Object.keys(localStorage).some((key) => key.includes("outbox"))).toBe(false),
    );
  });

  it("an unfinished answer is there again after a reload", async () => {
    const user = await open();
    await user.keyboard("22");
    cleanup();

    await open();

    expect(screen.getByRole("radio", { name: "B better" })).toBeChecked();
  });

  it("is skipped with a reason, chosen by its digit", async () => {
    const user = await open();

    await user.keyboard("s");
    await screen.findByRole("dialog", { name: "Skip this task" });
    await user.keyboard("2");

    await screen.findByText("Question of t2");
    await waitFor(() =>
      expect(backend.skipped).toEqual([{ assignment: "t1", reason: "language", hold: 2 }]),
    );
  });

  it("letters typed into a comment are letters", async () => {
    const user = await open();

    await user.keyboard("c");
    await user.keyboard("xs1 no");
    await user.keyboard("{Escape}2{Enter}");

    await waitFor(() => expect(backend.labels.size).toBe(1));
    expect([...backend.labels.values()][0]).toMatchObject({
      comment: "xs1 no",
      answer: { ranking: [2, 1], all_bad: false },
    });
  });

  it.each(["compare", "rank"] as const)(
    "%s without responses is shown, and skipped",
    async (kind) => {
      backend.kind = kind;
      backend.texts = [];
      const user = await open();

      await user.keyboard("1x{ArrowRight}{PageDown}d{Enter}");
      expect(status()).toHaveTextContent("Nothing");
      expect(screen.getByRole("main")).toHaveFocus();
      await user.keyboard("s");
      await screen.findByRole("dialog", { name: "Skip this task" });
      await user.keyboard("4");

      await screen.findByText("Question of t2");
      expect(backend.sends).toBe(0);
    },
  );

  it("help lists every key of the task", async () => {
    const user = await open();

    await user.keyboard("?");

    const help = await screen.findByRole("dialog", { name: "Keys" });
    expect(within(help).getByText("Both are bad")).toBeVisible();
    expect(within(help).getByText("⏎")).toBeVisible();
  });

  it("says what to do when the queue is empty", async () => {
    backend.tasks = ["t1"];
    const user = await open();

    await user.keyboard("0{Enter}");

    await screen.findByText("All done for now");
    expect(screen.getByRole("link", { name: "Go to the home page" })).toBeVisible();
  });
});
