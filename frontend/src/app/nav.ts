import { may, teamsWhere } from "~/api/permissions";
import type { Session } from "~/api/types";

export interface NavEntry {
  /** Where it leads. */
  to: string;
  /** Key of the translated label, or the name of a thing the person gave it. */
  label: { key: string } | { text: string };
}

/** What the shell offers: a labeler never sees a page about rounds, jobs or other people. */
export function navEntries(session: Session | undefined): NavEntry[] {
  const entries: NavEntry[] = [{ to: "/", label: { key: "nav.home" } }];
  if (may(session, "round.view")) entries.push({ to: "/projects", label: { key: "nav.projects" } });
  const teams = teamsWhere(session, "member.view");
  for (const team of teams) {
    entries.push({
      to: `/teams/${team.id}`,
      label: teams.length === 1 ? { key: "nav.team" } : { text: team.name },
    });
  }
  entries.push({ to: "/account", label: { key: "nav.account" } });
  return entries;
}
