import { useQuery } from "@tanstack/react-query";
import { get } from "./client";
import type { components } from "./schema";

export type Happened = components["schemas"]["EventOf"];

/** What happened in a team, with all of its projects, or in one project; newest first. */
export interface Scene {
  noun: "team" | "project";
  id: string;
}

export const useEvents = ({ noun, id }: Scene, limit: number) =>
  useQuery({
    queryKey: [noun, id, "events", limit],
    queryFn: () =>
      noun === "team"
        ? get("/api/teams/{team_id}/events/", { path: { team_id: id }, query: { limit } })
        : get("/api/projects/{project_id}/events/", { path: { project_id: id }, query: { limit } }),
    placeholderData: (previous) => previous,
  });
