import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import { call, get, post, put } from "./client";
import { Outbox, type Parcel } from "./outbox";
import { listed, useSession } from "./session";
import type { Assignment, Draft, Held, Queue } from "./types";

/** Assignments held at once: the one on screen and the next, so that there is no wait between. */
export const HOLD = 2;
const SEND_TIMEOUT_MS = 15_000;

export const useQueues = () =>
  useQuery({
    queryKey: ["queues"],
    queryFn: async () => listed(await get<Queue[] | { results: Queue[] }>("/api/queues/")),
    refetchInterval: 30_000,
  });

export const heldKey = (projectId: string) => ["held", projectId];

/** My leases in a project, oldest first. Asking again gives the same ones in the same order. */
export const useHeld = (projectId: string) =>
  useQuery({
    queryKey: heldKey(projectId),
    queryFn: () =>
      post<Held>("/api/projects/{project_id}/assignments/", {
        path: { project_id: projectId },
        body: { hold: HOLD },
      }),
    // While work is at hand the answers to submissions keep it filled; else look now and then.
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: "always",
    refetchInterval: (query) => (query.state.data?.assignments.length ? false : 10_000),
  });

export const saveDraft = (assignmentId: string, draft: Draft) =>
  put<void>("/api/assignments/{assignment_id}/draft/", {
    path: { assignment_id: assignmentId },
    body: draft,
  });

/** Takes back my newest label: its task returns, filled in as I left it. */
export function useUndo(projectId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () =>
      post<{ assignment: Assignment }>("/api/projects/{project_id}/undo/", {
        path: { project_id: projectId },
        body: {},
      }),
    onSuccess: ({ assignment }) => {
      client.setQueryData<Held>(heldKey(projectId), (held) => ({
        done_today: held?.done_today ?? 0,
        assignments: [
          assignment,
          ...(held?.assignments ?? []).filter(({ id }) => id !== assignment.id),
        ],
      }));
    },
  });
}

function send(parcel: Parcel): Promise<Held> {
  return call<Held>(
    "post",
    parcel.kind === "label"
      ? "/api/assignments/{assignment_id}/label/"
      : "/api/assignments/{assignment_id}/skip/",
    {
      path: { assignment_id: parcel.assignmentId },
      body: parcel.body,
      signal: AbortSignal.timeout(SEND_TIMEOUT_MS),
    },
  );
}

const outboxes = new Map<string, Outbox>();

/** The outbox of the person signed in; another person on this device has their own. */
export function useOutbox(): Outbox | null {
  const owner = useSession().data?.user?.id;
  if (!owner) return null;
  let outbox = outboxes.get(owner);
  if (!outbox) {
    outbox = new Outbox(owner, send);
    outboxes.set(owner, outbox);
  }
  return outbox;
}

const NOTHING = { waiting: [] as Parcel[], state: "idle" as const };
const noWatch = () => () => {};
const readNothing = () => NOTHING;

export function useOutboxState() {
  const outbox = useOutbox();
  return useSyncExternalStore(outbox?.watch ?? noWatch, outbox?.read ?? readNothing);
}

/** Sends what an earlier visit left behind, at once and whenever the connection comes back. */
export function useOutboxDelivery() {
  const outbox = useOutbox();
  useEffect(() => {
    if (!outbox) return;
    const flush = () => void outbox.flush();
    flush();
    addEventListener("online", flush);
    return () => {
      removeEventListener("online", flush);
      outbox.stop();
    };
  }, [outbox]);
}
