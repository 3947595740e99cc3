import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { get, post } from "./client";

export const useProjects = (archived = false) =>
  useQuery({
    queryKey: archived ? ["projects", "archived"] : ["projects"],
    queryFn: async () => (await get("/api/projects/", { query: { limit: 500, archived } })).results,
  });

export const useProject = (id: string | undefined) =>
  useQuery({
    queryKey: ["project", id, "detail"],
    queryFn: () => get("/api/projects/{project_id}/", { path: { project_id: id ?? "" } }),
    enabled: id !== undefined,
  });

export const useOverview = (id: string, pollMs: number) =>
  useQuery({
    queryKey: ["project", id, "overview"],
    queryFn: () => get("/api/projects/{project_id}/overview/", { path: { project_id: id } }),
    refetchInterval: pollMs,
  });

export const useArchivedRounds = (id: string, enabled: boolean) =>
  useQuery({
    queryKey: ["project", id, "rounds", "archived"],
    queryFn: async () =>
      (
        await get("/api/projects/{project_id}/rounds/", {
          path: { project_id: id },
          query: { archived: true },
        })
      ).results,
    enabled,
  });

export function useCreateProject() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (input: { team: string; name: string; description: string }) =>
      post("/api/projects/", { body: input }),
    onSuccess: () => client.invalidateQueries({ queryKey: ["projects"] }),
  });
}

export function useWriteGuidelines(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (text: string) =>
      post("/api/projects/{project_id}/guidelines/", {
        path: { project_id: id },
        body: { text },
      }),
    onSettled: () => client.invalidateQueries({ queryKey: ["project", id] }),
  });
}

export const usePrompts = (id: string, search: string, limit: number, archived = false) =>
  useQuery({
    queryKey: ["project", id, "prompts", search, limit, archived],
    queryFn: () =>
      get("/api/projects/{project_id}/prompts/", {
        path: { project_id: id },
        query: { search: search || undefined, limit, archived },
      }),
    placeholderData: (previous) => previous,
  });

export const usePrompt = (id: string | undefined) =>
  useQuery({
    queryKey: ["prompt", id],
    queryFn: () => get("/api/prompts/{prompt_id}/", { path: { prompt_id: id ?? "" } }),
    enabled: id !== undefined,
  });

export const useLabels = (
  projectId: string | undefined,
  filter: { labeler?: string; round?: string },
  limit = 50,
) =>
  useQuery({
    queryKey: filter.round
      ? ["round", filter.round, "labels", filter.labeler, limit]
      : ["project", projectId, "labels", filter.labeler, limit],
    queryFn: () =>
      get("/api/projects/{project_id}/labels/", {
        path: { project_id: projectId ?? "" },
        query: { ...filter, limit },
      }),
    enabled: projectId !== undefined,
    placeholderData: (previous) => previous,
  });
