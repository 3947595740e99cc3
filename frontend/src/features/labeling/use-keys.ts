import { useEffect, useEffectEvent } from "react";
import { type Command, commandFor, type KeyContext } from "./keys";

const TYPING =
  'textarea, select, [contenteditable="true"], input:not([type="radio"], [type="checkbox"])';

/** Sends the screen's keys to `run`, except where a person types or a dialog is open. */
export function useKeys(context: KeyContext, paused: boolean, run: (command: Command) => void) {
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (paused || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target instanceof Element ? event.target : null;
    if (target?.closest(TYPING)) return;
    // A focused button or link keeps its own Enter.
    if (event.key === "Enter" && target?.closest("button, a, summary")) return;
    const command = commandFor(event, context);
    if (!command) return;
    event.preventDefault();
    // A key held down must not run through the queue.
    if (event.repeat && command.type !== "moveFocus" && command.type !== "scroll") return;
    run(command);
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent) => onKey(event);
    addEventListener("keydown", listener);
    return () => removeEventListener("keydown", listener);
  }, []);
}
