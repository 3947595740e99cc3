import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { get, patch, post } from "./client";
import type { Job, Ladder, Page, Recipe, Recipes, Round, RoundSample } from "./types";

/** Rounds change while one looks on; every query of a round takes its polling interval. */
export const useRound = (id: string, pollMs: number) =>
  useQuery({
    queryKey: ["round", id, "detail"],
    queryFn: async () =>
      (await get("/api/rounds/{round_id}/", { path: { round_id: id } })) as Round,
    refetchInterval: pollMs || false,
  });

export const useLadder = (id: string, pollMs: number) =>
  useQuery({
    queryKey: ["round", id, "ladder"],
    queryFn: async () =>
      (await get("/api/rounds/{round_id}/ladder/", { path: { round_id: id } })) as Ladder,
    refetchInterval: pollMs || false,
  });

export const useSamples = (id: string, limit: number) =>
  useQuery({
    queryKey: ["round", id, "samples", limit],
    queryFn: async () =>
      (await get("/api/rounds/{round_id}/samples/", {
        path: { round_id: id },
        query: { limit },
      })) as Page<RoundSample>,
    placeholderData: (previous) => previous,
  });

export const useRoundJobs = (id: string, pollMs: number) =>
  useQuery({
    queryKey: ["round", id, "jobs"],
    queryFn: async () =>
      (
        await get("/api/rounds/{round_id}/jobs/", {
          path: { round_id: id },
          query: { limit: 200 },
        })
      ).results as Job[],
    refetchInterval: pollMs || false,
  });

/** What a recipe may say: the default one, and every setting of every method. */
export const useRecipes = () =>
  useQuery({
    queryKey: ["recipes"],
    queryFn: async () => (await get("/api/recipes/")) as Recipes,
    staleTime: Number.POSITIVE_INFINITY,
  });

export function useCreateRound(projectId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (recipe: Recipe) =>
      post("/api/projects/{project_id}/rounds/", {
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
      patch("/api/rounds/{round_id}/", { path: { round_id: roundId }, body: { recipe } }),
    onSettled: () => client.invalidateQueries({ queryKey: ["round", roundId] }),
  });
}

export type RoundMove = { move: "start" | "cancel" } | { move: "resolve"; action: string };

function moveRound({ id, ...move }: { id: string } & RoundMove) {
  const path = { round_id: id };
  switch (move.move) {
    case "start":
      return post("/api/rounds/{round_id}/start/", { path });
    case "cancel":
      return post("/api/rounds/{round_id}/cancel/", { path });
    case "resolve":
      return post("/api/rounds/{round_id}/resolve/", { path, body: { action: move.action } });
  }
}

export function useMoveRound() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: moveRound,
    onSettled: (round, _error, { id }) => {
      void client.invalidateQueries({ queryKey: ["round", id] });
      if (round) void client.invalidateQueries({ queryKey: ["project", round.project.id] });
    },
  });
}
