import type { Membership, Session } from "./types";

/** May the signed-in person do `action` in some team, or in the team `teamId`? */
export function may(session: Session | undefined, action: string, teamId?: string): boolean {
  return (session?.memberships ?? []).some(
    (membership) =>
      (teamId === undefined || membership.team.id === teamId) &&
      membership.permissions.includes(action),
  );
}

/** The teams in which the person may do `action`. */
export function teamsWhere(session: Session | undefined, action: string): Membership["team"][] {
  return (session?.memberships ?? [])
    .filter((membership) => membership.permissions.includes(action))
    .map((membership) => membership.team);
}
