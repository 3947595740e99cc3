import { expect, it } from "vitest";
import { may } from "~/api/permissions";
import type { Role, Session } from "~/api/types";
import { navEntries } from "./nav";

const VIEW = ["team.view", "member.view", "project.view", "round.view", "label.view"];
const PERMISSIONS: Record<Role, string[]> = {
  owner: [...VIEW, "label.create", "round.edit", "member.edit", "team.edit"],
  manager: [...VIEW, "label.create", "round.edit", "member.edit"],
  reviewer: [...VIEW, "label.create"],
  labeler: ["team.view", "project.view", "label.create"],
  viewer: [...VIEW, "dataset.export"],
};

function sessionOf(...memberships: [team: string, role: Role][]): Session {
  return {
    user: { id: "u", email: "bob@example.org", name: "Bob", language: "en" },
    memberships: memberships.map(([team, role]) => ({
      id: `${team} ${role}`,
      team: { id: team, name: `Team ${team}` },
      role,
      permissions: PERMISSIONS[role],
    })),
    csrf_token: "",
  };
}

const addresses = (session: Session) => navEntries(session).map(({ to }) => to);

it("shows a labeler no page about rounds, models or other people", () => {
  expect(addresses(sessionOf(["a", "labeler"]))).toEqual(["/", "/account"]);
});

it.each(["owner", "manager", "reviewer", "viewer"] as const)(
  "shows a %s projects and team",
  (role) => {
    expect(addresses(sessionOf(["a", role]))).toEqual(["/", "/projects", "/teams/a", "/account"]);
  },
);

it("names the teams when there is more than one, and only those one may see into", () => {
  const entries = navEntries(sessionOf(["a", "manager"], ["b", "labeler"], ["c", "viewer"]));

  expect(entries.slice(2, 4)).toEqual([
    { to: "/teams/a", label: { text: "Team a" } },
    { to: "/teams/c", label: { text: "Team c" } },
  ]);
});

it("grants in one team nothing in another", () => {
  const session = sessionOf(["a", "manager"], ["b", "labeler"]);

  expect(may(session, "round.edit", "a")).toBe(true);
  expect(may(session, "round.edit", "b")).toBe(false);
  expect(may(session, "round.edit")).toBe(true);
  expect(may(undefined, "label.create")).toBe(false);
});
