import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { get, post } from "./client";
import type { paths } from "./schema";

/** The beginning of a file is enough to tell what it holds, except of Parquet, which ends with it. */
const LOOKED_AT_BYTES = 512 * 1024;
const BINARY = "application/octet-stream";

export const useFormats = () =>
  useQuery({ queryKey: ["formats"], queryFn: () => get("/api/formats/"), staleTime: Infinity });

/** What a file seems to hold; stores nothing. */
export function useLook(projectId: string) {
  return useMutation({
    mutationFn: (file: File) =>
      post("/api/projects/{project_id}/import/look/", {
        path: { project_id: projectId },
        query: { name: file.name },
        body: /\.parquet$/i.test(file.name) ? file : file.slice(0, LOOKED_AT_BYTES),
        contentType: BINARY,
      }),
  });
}

export interface ImportChoice {
  shape: string;
  columns?: string;
  strict: boolean;
  labels_wanted: number;
}

export function useImportFile(projectId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ file, choice }: { file: File; choice: ImportChoice }) =>
      post("/api/projects/{project_id}/import/", {
        path: { project_id: projectId },
        query: { name: file.name, ...choice },
        body: file,
        contentType: BINARY,
      }),
    onSettled: () => client.invalidateQueries({ queryKey: ["project", projectId] }),
  });
}

type ExportQuery = NonNullable<
  paths["/api/projects/{project_id}/export/"]["get"]["parameters"]["query"]
>;

/** Where the browser downloads an export from; the server makes it while it is sent. */
export function exportUrl(projectId: string, query: ExportQuery): string {
  const said = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  const text = new URLSearchParams(said.map(([name, value]) => [name, String(value)]));
  return `/api/projects/${projectId}/export/?${text}`;
}

/** A project that was exported whole becomes one of the team. */
export function useImportProject() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ file, team, name }: { file: File; team: string; name: string }) =>
      post("/api/projects/import/", {
        query: { team, project: name },
        body: file,
        contentType: "application/zip",
      }),
    onSuccess: () => client.invalidateQueries({ queryKey: ["projects"] }),
  });
}
