import type { TFunction } from "i18next";
import type { ComponentType } from "react";
import type { Assignment, Draft, Said } from "~/api/types";
import type en from "~/i18n/en";

/** What an answer answers: the responses by their letters, under the project's policy. */
export interface Asked {
  letters: string[];
  policy: Assignment["policy"];
}

/** The part of a draft that its kind settles. */
export type Kept = Pick<Draft, "answer" | "open">;

/** Why an answer cannot be sent yet, and about which responses. */
export interface Complaint {
  why: keyof (typeof en)["labeling"]["complaint"];
  responses: number[];
}

/** A row of the help, and what its keys ask for. */
export interface Binding<Command> {
  /** Also the key of its translated description: `labeling.key.<id>`. */
  id: keyof (typeof en)["labeling"]["key"];
  /** As `KeyboardEvent.key` gives them, letters in lower case. */
  keys: readonly string[];
  /** Whether a key held down goes on asking. */
  repeats?: true;
  command: (key: string) => Command;
}

export interface PanelsProps<State, Action> {
  assignment: Assignment;
  state: State;
  act: (action: Action) => void;
  /** While something is dragged, keys are not for the screen. */
  onDragging: (dragging: boolean) => void;
}

/**
 * A kind of task, as the desk asks about it. `State` is an answer while it is made, with what the
 * person looks at; `Action` what can be done to it. Nothing is preset: `untouched` says nothing.
 */
export interface Kind<State, Action> {
  untouched: (asked: Asked) => State;
  /** The next state. An action that the task or its policy does not allow changes nothing. */
  reduce: (state: State, action: Action, asked: Asked) => State;
  /** Null when the answer says everything that was asked. */
  complaint: (state: State, asked: Asked) => Complaint | null;
  /** Reads the answer back, on the status line and to a screen reader. */
  inWords: (state: State, letters: string[], t: TFunction) => string;
  /** Come before the keys of the screen, which are reached with Shift where a letter is taken. */
  keys: (asked: Asked) => readonly Binding<Action>[];
  /** As the API takes it, in the order shown. */
  said: (state: State) => Said;
  toDraft: (state: State) => Kept;
  /** Also reads back a label, which is a draft with nothing open. */
  fromDraft: (draft: Kept, asked: Asked) => State;
  /** What is judged, between the conversation and the bar. */
  Panels: ComponentType<PanelsProps<State, Action>>;
  /** Above the bar's buttons, where the panels have no buttons of their own. */
  Scale?: ComponentType<Omit<PanelsProps<State, Action>, "onDragging">>;
}

export const askedOf = ({ responses, policy }: Assignment): Asked => ({
  letters: responses.map(({ letter }) => letter),
  policy,
});

/** What is still missing before the answer can be sent. */
export function complaintInWords({ why, responses }: Complaint, letters: string[], t: TFunction) {
  const names = responses.map((i) => letters[i]).join(t("labeling.words.comma"));
  return t(`labeling.complaint.${why}`, { letters: names });
}
