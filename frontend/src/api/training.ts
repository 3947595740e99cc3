import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { get, post } from "./client";
import type { MetricRow } from "./types";

export const useJob = (id: string, pollMs: number) =>
  useQuery({
    queryKey: ["job", id, "detail"],
    queryFn: () => get("/api/jobs/{job_id}/", { path: { job_id: id } }),
    refetchInterval: pollMs,
  });

interface Metrics {
  rows: MetricRow[];
  next: number;
}

/** All metric rows of a job. Each poll asks only for what was appended since the one before. */
export function useMetrics(id: string | undefined, pollMs: number | false) {
  const client = useQueryClient();
  const queryKey = ["job", id, "metrics"];
  return useQuery({
    queryKey,
    enabled: id !== undefined,
    refetchInterval: pollMs,
    queryFn: async () => {
      const before = client.getQueryData<Metrics>(queryKey);
      const since = before?.next ?? 0;
      const fresh = await metricsSince(id ?? "", since);
      // A resumed job cut its metrics back to its checkpoint: what was read is no longer true.
      if (fresh.next < since) return metricsSince(id ?? "", 0);
      return { rows: [...(before?.rows ?? []), ...fresh.rows], next: fresh.next };
    },
  });
}

const metricsSince = (id: string, since: number) =>
  get("/api/jobs/{job_id}/metrics/", { path: { job_id: id }, query: { since } });

export const useJobLog = (id: string, enabled: boolean) =>
  useQuery({
    queryKey: ["job", id, "log"],
    queryFn: () => get("/api/jobs/{job_id}/log/", { path: { job_id: id }, as: "text" }),
    enabled,
    refetchInterval: 5_000,
  });

export function useMoveJob(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (move: "cancel" | "retry") =>
      post(move === "cancel" ? "/api/jobs/{job_id}/cancel/" : "/api/jobs/{job_id}/retry/", {
        path: { job_id: id },
      }),
    onSettled: () => client.invalidateQueries({ queryKey: ["job", id] }),
  });
}

export const useCheckpoint = (id: string) =>
  useQuery({
    queryKey: ["checkpoint", id],
    queryFn: () => get("/api/checkpoints/{checkpoint_id}/", { path: { checkpoint_id: id } }),
  });

export const useCheckpoints = (projectId: string) =>
  useQuery({
    queryKey: ["project", projectId, "checkpoints"],
    queryFn: async () =>
      (
        await get("/api/projects/{project_id}/checkpoints/", {
          path: { project_id: projectId },
          query: { limit: 200 },
        })
      ).results,
  });

export function useRegisterCheckpoint(projectId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (input: { name: string; path: string; kind: "base" | "policy" | "reward" }) =>
      post("/api/projects/{project_id}/checkpoints/", {
        path: { project_id: projectId },
        body: input,
      }),
    onSettled: () => client.invalidateQueries({ queryKey: ["project", projectId, "checkpoints"] }),
  });
}

export const useDataset = (id: string) =>
  useQuery({
    queryKey: ["dataset", id],
    queryFn: () => get("/api/datasets/{dataset_id}/", { path: { dataset_id: id } }),
  });

export const useDatasets = (projectId: string | undefined) =>
  useQuery({
    queryKey: ["project", projectId, "datasets"],
    queryFn: async () =>
      (
        await get("/api/projects/{project_id}/datasets/", {
          path: { project_id: projectId ?? "" },
          query: { limit: 200 },
        })
      ).results,
    enabled: projectId !== undefined,
  });

export const useDatasetPreview = (id: string, limit: number) =>
  useQuery({
    queryKey: ["dataset", id, "preview", limit],
    queryFn: () =>
      get("/api/datasets/{dataset_id}/preview/", { path: { dataset_id: id }, query: { limit } }),
    placeholderData: (previous) => previous,
  });
