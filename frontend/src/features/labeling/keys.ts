import type { Asked, Binding, Kind } from "./kinds/kind";

/** What a key or button asks of the screen; `act` is for the answer and belongs to its kind. */
export type Command<Action> = ScreenCommand | { type: "act"; action: Action };
type ScreenCommand =
  | { type: "submit" }
  | { type: "skip" }
  | { type: "flags" }
  | { type: "writeComment" }
  | { type: "undo" }
  | { type: "guidelines" }
  | { type: "prompt" }
  | { type: "scroll"; by: -1 | 1 }
  | { type: "help" };

const SCREEN_KEYS: readonly Binding<ScreenCommand>[] = [
  { id: "submit", keys: ["Enter"], command: () => ({ type: "submit" }) },
  { id: "skip", keys: ["s"], command: () => ({ type: "skip" }) },
  { id: "flags", keys: ["f"], command: () => ({ type: "flags" }) },
  { id: "comment", keys: ["c"], command: () => ({ type: "writeComment" }) },
  { id: "undo", keys: ["u"], command: () => ({ type: "undo" }) },
  { id: "guidelines", keys: ["g"], command: () => ({ type: "guidelines" }) },
  { id: "prompt", keys: ["p"], command: () => ({ type: "prompt" }) },
  {
    id: "scroll",
    keys: ["PageUp", "PageDown"],
    repeats: true,
    command: (key) => ({ type: "scroll", by: key === "PageUp" ? -1 : 1 }),
  },
  { id: "help", keys: ["?"], command: () => ({ type: "help" }) },
];

/**
 * Every key of a task, in the order of the help, which is rendered from it. Earlier rows win: an
 * action of the screen whose letter its kind has taken is reached with Shift.
 */
export type Keys<Action> = readonly Binding<Command<Action>>[];

export const keysOf = <State, Action>(kind: Kind<State, Action>, asked: Asked): Keys<Action> => [
  ...kind.keys(asked).map(({ command, ...binding }) => ({
    ...binding,
    command: (key: string): Command<Action> => ({ type: "act", action: command(key) }),
  })),
  ...SCREEN_KEYS,
];

interface Pressed {
  key: string;
  code?: string;
  shiftKey?: boolean;
  /** Held down since an earlier one. */
  repeat?: boolean;
}

const isLetter = (key: string) => /^[a-z]$/.test(key);

/** What an input method composing Chinese swallows: then the physical key says which it was. */
function plainKey({ key, code }: Pressed): string {
  if (key === "Process" && code) return code.replace(/^(Key|Digit|Numpad)/, "").toLowerCase();
  return key.length === 1 ? key.toLowerCase() : key;
}

/**
 * What a key asks for; null when it is not one of the screen's. A key held down must not run
 * through the queue: it is ours, but asks for nothing more.
 */
export function commandFor<Action>(
  pressed: Pressed,
  keys: Keys<Action>,
): Command<Action> | "nothing" | null {
  const key = plainKey(pressed);
  const [first, behind] = keys.filter((binding) => binding.keys.includes(key));
  const binding = (pressed.shiftKey && isLetter(key) && behind) || first;
  if (!binding) return null;
  return pressed.repeat && !binding.repeats ? "nothing" : binding.command(key);
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

/** The keys of a row as the help and the buttons print them; none where the task has no such row. */
export function shownKeys(id: Binding<unknown>["id"], keys: Keys<unknown>): string[] {
  const at = keys.findIndex((binding) => binding.id === id);
  return (keys[at]?.keys ?? []).map((key) => {
    const shown = SHOWN[key] ?? key.toUpperCase();
    const taken = keys.slice(0, at).some((earlier) => earlier.keys.includes(key));
    return taken ? `⇧${shown}` : shown;
  });
}
