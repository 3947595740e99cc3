import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import { liveSocket } from "./socket";
import { staleKeys } from "./stale-keys";

/** Keeps what belongs to `group` ("round:<id>", ...) fresh. False while only polling can do so. */
export function useLive(group: string | undefined): boolean {
  const client = useQueryClient();
  useEffect(() => {
    if (!group) return;
    return liveSocket().subscribe(group, (event) => {
      for (const queryKey of staleKeys(event)) void client.invalidateQueries({ queryKey });
    });
  }, [group, client]);
  return useSyncExternalStore(liveSocket().watch, liveSocket().isLive);
}

/** How often to ask by polling: rarely beside a live socket, often without one. */
export function pollEvery(live: boolean): number {
  return live ? 60_000 : 5_000;
}
