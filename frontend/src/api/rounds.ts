import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { get, patch, post } from "./client";
import type { Job, Ladder, Page, Recipe, Recipes, Round, RoundSample } from "./types";

/** Rounds change while one looks on; every query of a round takes its polling interval. */
export const useRound = (id: string, pollMs: number) =>
  useQuery({
    queryKey: ["round", id, "detail"],
    queryFn: () => get<Round>("/api/rounds/{round_id}/", { path: { round_id: id } }),
    refetchInterval: pollMs || false,
  });

export const useLadder = (id: string, pollMs: number) =>
  useQuery({
    queryKey: ["round", id, "ladder"],
    queryFn: () => get<Ladder>("/api/rounds/{round_id}/ladder/", { path: { round_id: id } }),
    refetchInterval: pollMs || false,
  });

export const useSamples = (id: string, limit: number) =>
  useQuery({
    queryKey: ["round", id, "samples", limit],
    queryFn: () =>
      get<Page<RoundSample>>("/api/rounds/{round_id}/samples/", {
        path: { round_id: id },
        query: { limit },
      }),
    placeholderData: (previous) => previous,
  });

export const useRoundJobs = (id: string, pollMs: number) =>
  useQuery({
    queryKey: ["round", id, "jobs"],
    queryFn: async () =>
      (
        await get<Page<Job>>("/api/rounds/{round_id}/jobs/", {
          path: { round_id: id },
          query: { limit: 200 },
        })
      ).results,
    refetchInterval: pollMs || false,
  });

/** What a recipe may say: the default one, and every setting of every method. */
export const useRecipes = () =>
  useQuery({
    queryKey: ["recipes"],
    queryFn: () => get<Recipes>("/api/recipes/"),
    staleTime: Number.POSITIVE_INFINITY,
  });

export function useCreateRound(projectId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (recipe: Recipe) =>
      post<Round>("/api/projects/{project_id}/rounds/", {
        path: { project_id: projectId },
        body: { recipe },
      }),
    onSettled: () => client.invalidateQueries({ queryKey: ["project", projectId] }),
  });
}

export function useChangeRecipe(roundId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (recipe: Recipe) =>
      patch<Round>("/api/rounds/{round_id}/", { path: { round_id: roundId }, body: { recipe } }),
    onSettled: () => client.invalidateQueries({ queryKey: ["round", roundId] }),
  });
}

export type RoundMove = { move: "start" | "cancel" } | { move: "resolve"; action: string };

const MOVES = {
  start: "/api/rounds/{round_id}/start/",
  cancel: "/api/rounds/{round_id}/cancel/",
  resolve: "/api/rounds/{round_id}/resolve/",
} as const;

export function useMoveRound() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, ...move }: { id: string } & RoundMove) =>
      post<Round>(MOVES[move.move], {
        path: { round_id: id },
        body: move.move === "resolve" ? { action: move.action } : undefined,
      }),
    onSettled: (round, _error, { id }) => {
      void client.invalidateQueries({ queryKey: ["round", id] });
      if (round) void client.invalidateQueries({ queryKey: ["project", round.project.id] });
    },
  });
}
