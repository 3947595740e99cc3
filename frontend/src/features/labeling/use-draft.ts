import { useDebouncedCallback } from "@mantine/hooks";
import { useEffect, useRef, useState } from "react";
import { saveDraft } from "~/api/labeling";
import type { Assignment, Draft } from "~/api/types";
import type { Answer } from "./state";
import { fromDraft, toDraft } from "./submission";

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
  return (there?.saved_at ?? 0) > (here.saved_at ?? 0) ? there : here;
}

export function startingAnswer(assignment: Assignment): Answer {
  return fromDraft(assignment, newestDraft(assignment));
}

function readLocal(assignmentId: string): Draft | null {
  try {
    return JSON.parse(localStorage.getItem(key(assignmentId)) ?? "null") as Draft | null;
  } catch {
    return null;
  }
}

/** Keeps the answer here at once and on the server a moment later. Returns when it was kept there. */
export function useDraft(assignment: Assignment, answer: Answer, seconds: () => number) {
  const [savedAt, setSavedAt] = useState<Date | null>(null);
  const first = useRef(answer);
  const send = useDebouncedCallback(
    (draft: Draft & { saved_at: number }) => {
      saveDraft(assignment.id, draft).then(
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
    if (answer === first.current) return;
    const draft = toDraft(answer, seconds(), Date.now());
    try {
      localStorage.setItem(key(assignment.id), JSON.stringify(draft));
    } catch {
      // Storage is full or forbidden: the server's copy remains.
    }
    send(draft);
  }, [answer]);

  return savedAt;
}
