import { useMutation, useQueryClient } from "@tanstack/react-query";
import { post } from "./client";

/** A change that moves something in or out of a list of the project, or of projects. */
function useMove(projectId: string, move: () => Promise<unknown>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: move,
    onSettled: async () => {
      await client.invalidateQueries({ queryKey: ["projects"] });
      await client.invalidateQueries({ queryKey: ["project", projectId] });
    },
  });
}

export const useArchiveProject = (id: string) =>
  useMove(id, () => post("/api/projects/{project_id}/archive/", { path: { project_id: id } }));

export const useRestoreProject = (id: string) =>
  useMove(id, () => post("/api/projects/{project_id}/restore/", { path: { project_id: id } }));

/** The page of a deleted project is gone with it, so only the list is read again. */
export function useDeleteProject(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (name: string) =>
      post("/api/projects/{project_id}/delete/", { path: { project_id: id }, body: { name } }),
    onSuccess: () => client.invalidateQueries({ queryKey: ["projects"] }),
  });
}

export const useArchiveRound = (projectId: string, id: string) =>
  useMove(projectId, () => post("/api/rounds/{round_id}/archive/", { path: { round_id: id } }));

export const useRestoreRound = (projectId: string, id: string) =>
  useMove(projectId, () => post("/api/rounds/{round_id}/restore/", { path: { round_id: id } }));

export function useDeleteRound(projectId: string, id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (number: number) =>
      post("/api/rounds/{round_id}/delete/", { path: { round_id: id }, body: { number } }),
    onSuccess: () => client.invalidateQueries({ queryKey: ["project", projectId] }),
  });
}

export const useArchivePrompt = (projectId: string, id: string) =>
  useMove(projectId, () => post("/api/prompts/{prompt_id}/archive/", { path: { prompt_id: id } }));

export const useRestorePrompt = (projectId: string, id: string) =>
  useMove(projectId, () => post("/api/prompts/{prompt_id}/restore/", { path: { prompt_id: id } }));

export const useDeletePrompt = (projectId: string, id: string) =>
  useMove(projectId, () => post("/api/prompts/{prompt_id}/delete/", { path: { prompt_id: id } }));
