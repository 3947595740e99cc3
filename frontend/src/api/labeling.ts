import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import { get, post, put } from "./client";
import { Outbox, type Parcel } from "./outbox";
import { useSession } from "./session";
import type { Draft, Held } from "./types";

/** Assignments held at once: the one on screen and the next, so that there is no wait between. */
export const HOLD = 2;
const SEND_TIMEOUT_MS = 15_000;

export const useQueues = () =>
  useQuery({
    queryKey: ["queues"],
    queryFn: async () => (await get("/api/queues/")).results,
    refetchInterval: 30_000,
  });

export const heldKey = (projectId: string) => ["held", projectId];

/** My leases in a project, oldest first. Asking again gives the same ones in the same order. */
export const useHeld = (projectId: string) =>
  useQuery({
    queryKey: heldKey(projectId),
    queryFn: () =>
      post("/api/projects/{project_id}/assignments/", {
        path: { project_id: projectId },
        body: { hold: HOLD },
      }),
    // While work is at hand the answers to submissions keep it filled; else look now and then.
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: "always",
    refetchInterval: (query) => (query.state.data?.assignments.length ? false : 10_000),
  });

export const saveDraft = (assignmentId: string, draft: Draft) =>
  put("/api/assignments/{assignment_id}/draft/", {
    path: { assignment_id: assignmentId },
    body: draft,
  });

/** Takes back my newest label: its task returns, filled in as I left it. */
export const useUndo = (projectId: string) =>
  useMutation({
    mutationFn: async () => {
      const { assignment } = await post("/api/projects/{project_id}/undo/", {
        path: { project_id: projectId },
      });
      return assignment;
    },
  });

function send(parcel: Parcel): Promise<Held> {
  const path = { assignment_id: parcel.assignmentId };
  const signal = AbortSignal.timeout(SEND_TIMEOUT_MS);
  return parcel.kind === "label"
    ? post("/api/assignments/{assignment_id}/label/", { path, body: parcel.body, signal })
    : post("/api/assignments/{assignment_id}/skip/", { path, body: parcel.body, signal });
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

const NOTHING: ReturnType<Outbox["read"]> = { waiting: [], state: "idle" };
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
