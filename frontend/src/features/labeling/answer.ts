import type { Assignment, Draft, LabelSubmission } from "~/api/types";
import { askedOf, type Kind } from "./kinds/kind";

/** An answer while it is made: what its kind keeps of it, and what every label may carry. */
export interface Answer<State> {
  state: State;
  flags: string[];
  comment: string;
}

export type AnswerAction<Action> =
  | { type: "act"; action: Action }
  | { type: "flag"; flag: string }
  | { type: "comment"; text: string };

/** The reducer of one task. */
export function reducerOf<State, Action>(kind: Kind<State, Action>, assignment: Assignment) {
  const asked = askedOf(assignment);
  return (answer: Answer<State>, action: AnswerAction<Action>): Answer<State> => {
    switch (action.type) {
      case "act":
        return { ...answer, state: kind.reduce(answer.state, action.action, asked) };
      case "flag": {
        const flags = answer.flags.includes(action.flag)
          ? answer.flags.filter((flag) => flag !== action.flag)
          : [...answer.flags, action.flag];
        return { ...answer, flags };
      }
      case "comment":
        return { ...answer, comment: action.text };
    }
  };
}

/** What is sent, but for what the desk adds. */
export type Submission = Omit<LabelSubmission, "submission_id" | "guideline_version" | "hold">;

export function toSubmission<State, Action>(
  kind: Kind<State, Action>,
  { state, flags, comment }: Answer<State>,
  activeSeconds: number,
): Submission {
  return {
    answer: kind.said(state),
    flags,
    comment: comment.trim(),
    active_seconds: activeSeconds,
  };
}

/** What is kept of an unfinished answer, here and on the server, but for when. */
export type Kept = Omit<Draft, "saved_at" | "active_seconds">;

export function toDraft<State, Action>(
  kind: Kind<State, Action>,
  { state, flags, comment }: Answer<State>,
): Kept {
  return { ...kind.toDraft(state), flags, comment };
}

/** The answer a draft stands for; also of a label, which is a draft with nothing open. */
export function fromDraft<State, Action>(
  kind: Kind<State, Action>,
  assignment: Assignment,
  draft: Kept | null,
): Answer<State> {
  const asked = askedOf(assignment);
  return {
    state: draft ? kind.fromDraft(draft, asked) : kind.untouched(asked),
    flags: draft?.flags ?? [],
    comment: draft?.comment ?? "",
  };
}
