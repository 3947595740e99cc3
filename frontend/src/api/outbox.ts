import { ApiError } from "./client";
import type { Held, LabelSubmission } from "./types";

/** One answer on its way to the server. `id` is the submission id: sending twice stores once. */
export type Parcel = {
  id: string;
  projectId: string;
  assignmentId: string;
  amends: boolean;
  queuedAt: number;
} & (
  | { kind: "label"; body: LabelSubmission }
  | { kind: "skip"; body: { reason: string; hold: number } }
);

/** Where the outbox stands, as the header of the labeling screen says it. */
export type OutboxState = "idle" | "sending" | "offline" | "signedOut";

export interface OutboxListeners {
  /** The server acknowledged; called before the parcel is forgotten. */
  delivered?: (parcel: Parcel, answer: Held) => void;
  /** The server said no and will say no again: the parcel is given up. */
  refused?: (parcel: Parcel, error: ApiError) => void;
}

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 30_000;

/**
 * Answers that were given but not yet acknowledged. Each is written to storage before `put`
 * returns, so that neither a reload nor a network cut loses it, and is sent again with the same
 * submission id until the server answers, so that none is counted twice. Oldest first, one at a time.
 */
export class Outbox {
  private readonly prefix: string;
  private readonly memory = new Map<string, Parcel>();
  private listeners = new Set<OutboxListeners>();
  private watchers = new Set<() => void>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private retryMs = FIRST_RETRY_MS;
  private running: Promise<void> | null = null;
  private snapshot: { waiting: Parcel[]; state: OutboxState } = { waiting: [], state: "idle" };

  constructor(
    owner: string,
    private readonly send: (parcel: Parcel) => Promise<Held>,
    private readonly storage: Storage = localStorage,
  ) {
    this.prefix = `whetstone.outbox.${owner}.`;
    this.refresh("idle");
  }

  /** A stable value until something changes, as `useSyncExternalStore` asks. */
  readonly read = () => this.snapshot;

  readonly watch = (watcher: () => void) => {
    this.watchers.add(watcher);
    return () => void this.watchers.delete(watcher);
  };

  listen(listeners: OutboxListeners) {
    this.listeners.add(listeners);
    return () => void this.listeners.delete(listeners);
  }

  put(parcel: Parcel) {
    try {
      // One key per parcel: two tabs never overwrite each other's.
      this.storage.setItem(this.prefix + parcel.id, JSON.stringify(parcel));
    } catch {
      // Storage is full or forbidden: the parcel lives as long as the page.
      this.memory.set(parcel.id, parcel);
    }
    this.refresh(this.snapshot.state);
    void this.flush();
  }

  /** Sends what waits. A second call joins the first. */
  flush(): Promise<void> {
    clearTimeout(this.timer);
    this.running ??= this.sendAll().finally(() => {
      this.running = null;
      // A parcel put after the last look but before this line has nobody else to send it.
      if (this.snapshot.state === "idle" && this.waiting().length > 0) void this.flush();
    });
    return this.running;
  }

  stop() {
    clearTimeout(this.timer);
  }

  private async sendAll() {
    for (let next = this.waiting()[0]; next; next = this.waiting()[0]) {
      this.refresh("sending");
      try {
        const answer = await this.send(next);
        for (const listener of this.listeners) listener.delivered?.(next, answer);
        this.retryMs = FIRST_RETRY_MS;
        this.forget(next);
      } catch (error) {
        if (!(error instanceof ApiError) || mayPass(error)) return this.retryLater();
        if (error.status === 401) return this.refresh("signedOut");
        this.forget(next);
        for (const listener of this.listeners) listener.refused?.(next, error);
      }
    }
    this.refresh("idle");
  }

  private retryLater() {
    this.refresh("offline");
    this.timer = setTimeout(() => void this.flush(), this.retryMs);
    this.retryMs = Math.min(this.retryMs * 2, LONGEST_RETRY_MS);
  }

  private forget(parcel: Parcel) {
    this.memory.delete(parcel.id);
    this.storage.removeItem(this.prefix + parcel.id);
    this.refresh(this.snapshot.state);
  }

  private waiting(): Parcel[] {
    const parcels = new Map(this.memory);
    for (let i = 0; i < this.storage.length; i++) {
      const key = this.storage.key(i);
      if (!key?.startsWith(this.prefix)) continue;
      const parcel = parse(this.storage.getItem(key));
      if (parcel) parcels.set(parcel.id, parcel);
    }
    return [...parcels.values()].sort((a, b) => a.queuedAt - b.queuedAt);
  }

  private refresh(state: OutboxState) {
    this.snapshot = { waiting: this.waiting(), state };
    for (const watcher of this.watchers) watcher();
  }
}

/** Only a clear refusal ends a parcel; overload or a fall may be gone next time. */
function mayPass({ status }: ApiError): boolean {
  return status >= 500 || status === 429 || status === 408;
}

function parse(text: string | null): Parcel | null {
  try {
    return text === null ? null : JSON.parse(text);
  } catch {
    return null;
  }
}
