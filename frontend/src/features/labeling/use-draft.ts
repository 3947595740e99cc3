import { useDebouncedCallback } from "@mantine/hooks";
import { useEffect, useRef, useState } from "react";
import { saveDraft } from "~/api/labeling";
import type { Assignment, Draft } from "~/api/types";
import { type Answer, toDraft } from "./answer";
import type { Kind } from "./kinds/kind";

const key = (assignmentId: string) => `whetstone.draft.${assignmentId}`;

/** An acknowledged answer needs no draft. */
export function forgetDraft(assignmentId: string) {
  localStorage.removeItem(key(assignmentId));
}

/** The newer of what this browser and the server kept of an unfinished answer. */
export function newestDraft(assignment: Assignment): Draft | null {
  const here = readLocal(assignment.id);
  const there = assignment.draft;
  if (!here) return there;
  return there && there.saved_at > here.saved_at ? there : here;
}

function readLocal(assignmentId: string): Draft | null {
  try {
    const draft = JSON.parse(localStorage.getItem(key(assignmentId)) ?? "null");
    // An earlier version of this page may have kept another shape.
    return draft?.answer ? draft : null;
  } catch {
    return null;
  }
}

/** Keeps the answer here at once and on the server a moment later. Returns when it was kept there. */
export function useDraft<State, Action>(
  kind: Kind<State, Action>,
  assignment: Assignment,
  answer: Answer<State>,
  seconds: () => number,
) {
  const [savedAt, setSavedAt] = useState<Date | null>(null);
  const draft = toDraft(kind, answer);
  const said = JSON.stringify(draft);
  const kept = useRef(said);
  const send = useDebouncedCallback(
    (stamped: Draft) => {
      saveDraft(assignment.id, stamped).then(
        () => setSavedAt(new Date()),
        () => {
          // It is kept in this browser; the label itself will carry what matters.
        },
      );
    },
    { delay: 1_500, flushOnUnmount: false },
  );

  // biome-ignore lint/correctness/useExhaustiveDependencies: only a new answer is worth saving.
  useEffect(() => {
    if (said === kept.current) return;
    kept.current = said;
    const stamped: Draft = { ...draft, active_seconds: seconds(), saved_at: Date.now() };
    try {
      localStorage.setItem(key(assignment.id), JSON.stringify(stamped));
    } catch {
      // Storage is full or forbidden: the server's copy remains.
    }
    send(stamped);
  }, [said]);

  return savedAt;
}
