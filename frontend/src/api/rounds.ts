import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { get, patch, post } from "./client";
import type { DecisionInput, Recipe } from "./types";

/** Rounds change while one looks on; every query of a round takes its polling interval. */
export const useRound = (id: string, pollMs: number) =>
  useQuery({
    queryKey: ["round", id, "detail"],
    queryFn: () => get("/api/rounds/{round_id}/", { path: { round_id: id } }),
    refetchInterval: pollMs || false,
  });

export const useLadder = (id: string, pollMs: number) =>
  useQuery({
    queryKey: ["round", id, "ladder"],
    queryFn: () => get("/api/rounds/{round_id}/ladder/", { path: { round_id: id } }),
    refetchInterval: pollMs || false,
  });

export const useSamples = (id: string, limit: number) =>
  useQuery({
    queryKey: ["round", id, "samples", limit],
    queryFn: () =>
      get("/api/rounds/{round_id}/samples/", { path: { round_id: id }, query: { limit } }),
    placeholderData: (previous) => previous,
  });

export const useRoundJobs = (id: string, pollMs: number) =>
  useQuery({
    queryKey: ["round", id, "jobs"],
    queryFn: async () => {
      const query = { limit: 200 };
      return (await get("/api/rounds/{round_id}/jobs/", { path: { round_id: id }, query })).results;
    },
    refetchInterval: pollMs || false,
  });

/** What a recipe may say: kinds of steps, training methods, gates, and the default one. */
export const useRecipes = () =>
  useQuery({
    queryKey: ["recipes"],
    queryFn: () => get("/api/recipes/"),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** Makes a draft; with `after` it starts by itself when that round is done. */
export function useCreateRound(projectId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ recipe, after = null }: { recipe: Recipe; after?: string | null }) =>
      post("/api/projects/{project_id}/rounds/", {
        path: { project_id: projectId },
        body: { recipe, after },
      }),
    onSettled: (_round, _error, { after }) => {
      void client.invalidateQueries({ queryKey: ["project", projectId] });
      if (after) void client.invalidateQueries({ queryKey: ["round", after] });
    },
  });
}

/** Changes a draft: its recipe, or the round whose end starts it (null: only a person does). */
export function useChangeDraft(roundId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (change: { recipe?: Recipe; after?: string | null }) =>
      patch("/api/rounds/{round_id}/", { path: { round_id: roundId }, body: change }),
    // The round before shows it, too.
    onSettled: () => client.invalidateQueries({ queryKey: ["round"] }),
  });
}

export function useStartRound() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => post("/api/rounds/{round_id}/start/", { path: { round_id: id } }),
    onSettled: (round, _error, id) => {
      void client.invalidateQueries({ queryKey: ["round", id] });
      if (round) void client.invalidateQueries({ queryKey: ["project", round.project.id] });
    },
  });
}

/** What a person says; sent again under the same id it is the same decision. */
export type Deciding = Partial<DecisionInput> & Pick<DecisionInput, "choice" | "decision_id">;

export function useDecide(roundId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (deciding: Deciding) =>
      post("/api/rounds/{round_id}/decisions/", {
        path: { round_id: roundId },
        body: { step: "", subject: "", why: "", redo_from: "", ...deciding },
      }),
    onSettled: (round) => {
      void client.invalidateQueries({ queryKey: ["round"] });
      if (round) void client.invalidateQueries({ queryKey: ["project", round.project.id] });
    },
  });
}
