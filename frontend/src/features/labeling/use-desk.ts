import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { HOLD, heldKey, useHeld, useOutbox, useOutboxState, useUndo } from "~/api/labeling";
import type { Assignment, Held } from "~/api/types";
import { errorSentence } from "~/components/sentence";
import type { Submission } from "./answer";
import { forgetDraft } from "./use-draft";

/** The tasks at hand: held by the server, not handed in here; one being changed comes first. */
export function atHand(
  held: Assignment[],
  handedIn: ReadonlySet<string>,
  amending: Assignment | null,
): Assignment[] {
  const rest = held.filter(({ id }) => id !== amending?.id && !handedIn.has(id));
  return amending ? [amending, ...rest] : rest;
}

/**
 * A labeler's desk in one project. Handing in shows the next task at once; the answer travels in
 * the outbox, and the server's acknowledgement brings the task after the next.
 */
export function useDesk(projectId: string) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const held = useHeld(projectId);
  const outbox = useOutbox();
  const { waiting, state } = useOutboxState();
  const undoing = useUndo(projectId);
  const [amending, setAmending] = useState<Assignment | null>(null);
  const [handedIn, setHandedIn] = useState<ReadonlySet<string>>(
    () => new Set(waiting.map((parcel) => parcel.assignmentId)),
  );

  useEffect(
    () =>
      outbox?.listen({
        delivered: (parcel, answer) => {
          forgetDraft(parcel.assignmentId);
          if (parcel.projectId !== projectId) return;
          // A fetch that began before this answer would bring the finished task back.
          void client.cancelQueries({ queryKey: heldKey(projectId) });
          client.setQueryData<Held>(heldKey(projectId), answer);
        },
        refused: (parcel, error) => {
          // A skip of a task that is gone has got what it wanted.
          if (parcel.kind === "label") {
            notifications.show({
              color: "red",
              autoClose: false,
              message: t("labeling.refused", { reason: errorSentence(error) }),
            });
          }
          setHandedIn((ids) => new Set([...ids].filter((id) => id !== parcel.assignmentId)));
          void client.invalidateQueries({ queryKey: heldKey(parcel.projectId) });
        },
      }),
    [outbox, projectId, client, t],
  );

  const tasks = useMemo(
    () => atHand(held.data?.assignments ?? [], handedIn, amending),
    [held.data, handedIn, amending],
  );
  const current = tasks[0];

  function handIn(assignment: Assignment) {
    setHandedIn((ids) => new Set(ids).add(assignment.id));
    if (amending?.id === assignment.id) setAmending(null);
  }

  function submit(assignment: Assignment, said: Submission) {
    const id = crypto.randomUUID();
    outbox?.put({
      id,
      kind: "label",
      projectId,
      assignmentId: assignment.id,
      amends: assignment.amends,
      body: {
        ...said,
        submission_id: id,
        guideline_version: assignment.guidelines_version,
        hold: HOLD,
      },
      queuedAt: Date.now(),
    });
    handIn(assignment);
  }

  function skip(assignment: Assignment, reason: string) {
    outbox?.put({
      id: crypto.randomUUID(),
      kind: "skip",
      projectId,
      assignmentId: assignment.id,
      amends: assignment.amends,
      body: { reason, hold: HOLD },
      queuedAt: Date.now(),
    });
    handIn(assignment);
  }

  async function undo() {
    await outbox?.flush();
    if (outbox?.read().waiting.length) {
      notifications.show({ message: t("labeling.undoWaits") });
      return;
    }
    try {
      const assignment = await undoing.mutateAsync();
      setHandedIn((ids) => new Set([...ids].filter((id) => id !== assignment.id)));
      setAmending({ ...assignment, amends: true });
    } catch (error) {
      notifications.show({ message: errorSentence(error) });
    }
  }

  const unsent = waiting.filter((p) => p.kind === "label" && p.projectId === projectId);
  return {
    held,
    current,
    /** Nothing on the desk, but the answer that brings more work is still on its way. */
    delivering: !current && (state === "sending" || state === "offline") && waiting.length > 0,
    doneToday: (held.data?.done_today ?? 0) + unsent.filter((p) => !p.amends).length,
    outbox: { state, waiting: waiting.length },
    submit,
    skip,
    undo,
  };
}

export type Desk = ReturnType<typeof useDesk>;
