import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { RequireSession } from "~/components/require-session";
import { startI18n } from "~/i18n";
import { renderRoutes } from "~/test/render";
import { Component as Shell } from "./shell";

const session = (role: string, permissions: string[]) => ({
  user: { id: "u", email: "bob@example.org", name: "Bob Lee", language: "en" },
  memberships: [{ id: "m", team: { id: "t", name: "Blue" }, role, permissions }],
  csrf_token: "",
});

let body: object;

beforeEach(async () => {
  await startI18n("en");
  body = session("manager", ["round.view", "member.view"]);
  vi.stubGlobal("fetch", async () => new Response(JSON.stringify(body)));
  // What browsers answer since scrolling became awaitable.
  vi.stubGlobal("scrollTo", () => Promise.resolve());
});
afterEach(() => vi.unstubAllGlobals());

function open(path = "/") {
  const page = (name: string) => <h1>{name}</h1>;
  return renderRoutes(
    [
      { path: "/sign-in", element: page("Sign in") },
      {
        element: <RequireSession />,
        children: [
          {
            element: <Shell />,
            children: [
              { path: "/", element: page("Home page") },
              { path: "/projects", element: page("Project list") },
              { path: "/teams/:id", element: page("The team") },
              { path: "/account", element: page("My account") },
            ],
          },
        ],
      },
    ],
    path,
  );
}

it("leads a manager from page to page and marks the present one", async () => {
  open();
  await screen.findByRole("heading", { name: "Home page" });

  await userEvent.click(screen.getByRole("link", { name: "Projects" }));
  await screen.findByRole("heading", { name: "Project list" });
  await userEvent.click(screen.getByRole("link", { name: "Team" }));

  await screen.findByRole("heading", { name: "The team" });
  expect(screen.getByRole("link", { name: "Team" })).toHaveAttribute("aria-current", "page");
});

it("shows a labeler neither projects nor team", async () => {
  body = session("labeler", ["label.create", "project.view", "team.view"]);

  open();

  await screen.findByRole("heading", { name: "Home page" });
  expect(screen.queryByRole("link", { name: "Projects" })).toBeNull();
  expect(screen.queryByRole("link", { name: "Team" })).toBeNull();
  expect(screen.getByRole("link", { name: "Account" })).toBeVisible();
});

it("sends who is not signed in to sign in, and remembers where they wanted to go", async () => {
  body = { user: null, memberships: [], csrf_token: "" };

  const { router } = open("/teams/t?tab=x");

  await screen.findByRole("heading", { name: "Sign in" });
  expect(router.state.location.search).toBe("?next=%2Fteams%2Ft%3Ftab%3Dx");
});

it("has a way past the navigation for who uses the keyboard", async () => {
  open();
  await screen.findByRole("heading", { name: "Home page" });

  await userEvent.tab();

  expect(screen.getByRole("link", { name: "Skip to the content" })).toHaveFocus();
});
