import type { TaskKind } from "~/api/types";
import type { Action } from "./state";

/** What a key asks for: an action on the answer, or one of the screen's own commands. */
export type Command =
  | Action
  | { type: "submit" }
  | { type: "skip" }
  | { type: "flags" }
  | { type: "writeComment" }
  | { type: "difference" }
  | { type: "linkScroll" }
  | { type: "prompt" }
  | { type: "scroll"; by: -1 | 1 }
  | { type: "undo" }
  | { type: "guidelines" }
  | { type: "help" };

export interface Binding {
  /** Also the key of its translated description: `labeling.key.<id>`. */
  id: BindingId;
  kinds: readonly TaskKind[];
  /** As `KeyboardEvent.key` gives them, letters in lower case. */
  keys: readonly string[];
  command: (key: string) => Command;
}

export type BindingId =
  | "prefer"
  | "tie"
  | "allBad"
  | "difference"
  | "linkScroll"
  | "focus"
  | "move"
  | "rank"
  | "unrankable"
  | "clear"
  | "submit"
  | "skip"
  | "flags"
  | "comment"
  | "undo"
  | "guidelines"
  | "prompt"
  | "scroll"
  | "help";

const COMPARE = ["compare"] as const;
const RANK = ["rank"] as const;
const BOTH = ["compare", "rank"] as const;
const DIGITS = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];
const LETTERS = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];

/**
 * Every key of the labeling screen; the help is rendered from this table. Earlier rows win: in a
 * ranking, the letters of the responses shown move the focus, and an action whose letter is taken
 * that way is reached with Shift.
 */
export const BINDINGS: readonly Binding[] = [
  {
    id: "prefer",
    kinds: COMPARE,
    keys: ["1", "2"],
    command: (key) => ({ type: "choose", side: key === "1" ? 0 : 1 }),
  },
  {
    id: "tie",
    kinds: COMPARE,
    keys: ["0"],
    command: () => ({ type: "say", choice: { kind: "tie" } }),
  },
  {
    id: "allBad",
    kinds: COMPARE,
    keys: ["x"],
    command: () => ({ type: "say", choice: { kind: "allBad" } }),
  },
  { id: "difference", kinds: COMPARE, keys: ["d"], command: () => ({ type: "difference" }) },
  { id: "linkScroll", kinds: COMPARE, keys: ["l"], command: () => ({ type: "linkScroll" }) },
  {
    id: "focus",
    kinds: RANK,
    keys: LETTERS,
    command: (key) => ({ type: "focus", index: LETTERS.indexOf(key) }),
  },
  {
    id: "move",
    kinds: RANK,
    keys: ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"],
    command: (key) => ({
      type: "moveFocus",
      by: key === "ArrowLeft" || key === "ArrowUp" ? -1 : 1,
    }),
  },
  {
    id: "rank",
    kinds: RANK,
    keys: DIGITS,
    command: (key) => ({ type: "rank", rank: Number(key) }),
  },
  { id: "unrankable", kinds: RANK, keys: ["x"], command: () => ({ type: "unrankable" }) },
  { id: "clear", kinds: BOTH, keys: ["Backspace"], command: () => ({ type: "clear" }) },
  { id: "submit", kinds: BOTH, keys: ["Enter"], command: () => ({ type: "submit" }) },
  { id: "skip", kinds: BOTH, keys: ["s"], command: () => ({ type: "skip" }) },
  { id: "flags", kinds: BOTH, keys: ["f"], command: () => ({ type: "flags" }) },
  { id: "comment", kinds: BOTH, keys: ["c"], command: () => ({ type: "writeComment" }) },
  { id: "undo", kinds: BOTH, keys: ["u"], command: () => ({ type: "undo" }) },
  { id: "guidelines", kinds: BOTH, keys: ["g"], command: () => ({ type: "guidelines" }) },
  { id: "prompt", kinds: BOTH, keys: ["p"], command: () => ({ type: "prompt" }) },
  {
    id: "scroll",
    kinds: BOTH,
    keys: ["PageUp", "PageDown"],
    command: (key) => ({ type: "scroll", by: key === "PageUp" ? -1 : 1 }),
  },
  { id: "help", kinds: BOTH, keys: ["?"], command: () => ({ type: "help" }) },
];

/** A task, as far as keys depend on it. */
export interface KeyContext {
  kind: TaskKind;
  /** How many responses are shown. */
  count: number;
}

interface Pressed {
  key: string;
  code?: string;
  shiftKey?: boolean;
}

/** The keys of a binding in this task; a ranking of four has the letters a to d only. */
function active(binding: Binding, { count }: KeyContext): readonly string[] {
  if (binding.id === "focus" || binding.id === "rank") return binding.keys.slice(0, count);
  return binding.keys;
}

const isLetter = (key: string) => /^[a-z]$/.test(key);

/** What an input method composing Chinese swallows: then the physical key says which it was. */
function plainKey({ key, code }: Pressed): string {
  if (key === "Process" && code) return code.replace(/^(Key|Digit|Numpad)/, "").toLowerCase();
  return key.length === 1 ? key.toLowerCase() : key;
}

export function commandFor(pressed: Pressed, context: KeyContext): Command | null {
  const key = plainKey(pressed);
  for (const binding of BINDINGS) {
    if (!binding.kinds.includes(context.kind)) continue;
    if (!active(binding, context).includes(key)) continue;
    // Shift with a letter skips the letters of responses and reaches the action behind them.
    if (binding.id === "focus" && pressed.shiftKey) continue;
    return binding.command(key);
  }
  return null;
}

const SHOWN: Record<string, string> = {
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
  Enter: "⏎",
  Backspace: "⌫",
  PageUp: "PgUp",
  PageDown: "PgDn",
};

/** The keys of a binding as the help and the buttons print them. */
export function shownKeys(id: BindingId, context: KeyContext): string[] {
  const binding = bindingOf(id);
  return active(binding, context).map((key) => {
    const shown = SHOWN[key] ?? key.toUpperCase();
    const taken =
      isLetter(key) &&
      binding.id !== "focus" &&
      context.kind === "rank" &&
      LETTERS.slice(0, context.count).includes(key);
    return taken ? `⇧${shown}` : shown;
  });
}

/** The rows of the help for this kind of task, in table order. */
export function bindingsFor(kind: TaskKind): Binding[] {
  return BINDINGS.filter((binding) => binding.kinds.includes(kind));
}

function bindingOf(id: BindingId): Binding {
  const binding = BINDINGS.find((candidate) => candidate.id === id);
  if (!binding) throw new Error(`no key binding called ${id}`);
  return binding;
}
