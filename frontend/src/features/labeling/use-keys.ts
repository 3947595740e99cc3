import { useEffect, useEffectEvent } from "react";
import { type Command, commandFor, type Keys } from "./keys";

const TYPING =
  'textarea, select, [contenteditable="true"], input:not([type="radio"], [type="checkbox"])';

/** Sends the screen's keys to `run`, except where a person types or a dialog is open. */
export function useKeys<Action>(
  keys: Keys<Action>,
  paused: boolean,
  run: (command: Command<Action>) => void,
) {
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (paused || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target instanceof Element ? event.target : null;
    if (target?.closest(TYPING)) return;
    // A focused button or link keeps its own Enter.
    if (event.key === "Enter" && target?.closest("button, a, summary")) return;
    const command = commandFor(event, keys);
    if (!command) return;
    event.preventDefault();
    if (command !== "nothing") run(command);
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent) => onKey(event);
    addEventListener("keydown", listener);
    return () => removeEventListener("keydown", listener);
  }, []);
}
