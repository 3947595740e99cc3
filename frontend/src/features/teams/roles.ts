import type { Role } from "~/api/types";

export const ROLES: Role[] = ["owner", "manager", "reviewer", "labeler", "viewer"];

/** The roles that somebody with `role` may give to others. Only owners make owners. */
export function rolesGiven(role: Role): Role[] {
  if (role === "owner") return ROLES;
  if (role === "manager") return ROLES.filter((one) => one !== "owner");
  return [];
}
