import { type ComponentType, lazy } from "react";

const RETRY_MS = 3_000;

/**
 * A part of a page that is loaded after it, and again when the connection failed: what is on screen
 * must not break because a part that nobody asked for yet is missing.
 */
export function later<Props>(load: () => Promise<{ default: ComponentType<Props> }>) {
  const again = async (): Promise<{ default: ComponentType<Props> }> => {
    try {
      return await load();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      return again();
    }
  };
  return lazy(again);
}
