/** What the server says: something changed. Ids only; the browser asks the API for the rest. */
export interface LiveEvent {
  type: string;
  id: string;
  group: string;
}

type Handler = (event: LiveEvent) => void;

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 30_000;

/**
 * One socket for the page. Subscriptions are by group and survive a lost connection: on reconnect
 * they are made again, and each handler is told once, because something may have been missed.
 */
export class LiveSocket {
  private socket: WebSocket | null = null;
  private handlers = new Map<string, Set<Handler>>();
  private watchers = new Set<() => void>();
  private live = false;
  private retryMs = FIRST_RETRY_MS;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private connectedBefore = false;

  constructor(
    private readonly url: string,
    private readonly open: (url: string) => WebSocket = (address) => new WebSocket(address),
  ) {}

  readonly isLive = () => this.live;

  readonly watch = (watcher: () => void) => {
    this.watchers.add(watcher);
    return () => void this.watchers.delete(watcher);
  };

  subscribe(group: string, handler: Handler): () => void {
    const handlers = this.handlers.get(group) ?? new Set();
    this.handlers.set(group, handlers.add(handler));
    if (handlers.size === 1) this.say({ subscribe: group });
    this.connect();
    return () => {
      handlers.delete(handler);
      if (handlers.size > 0) return;
      this.handlers.delete(group);
      this.say({ unsubscribe: group });
    };
  }

  private connect() {
    if (this.socket || this.handlers.size === 0) return;
    clearTimeout(this.retryTimer);
    const socket = this.open(this.url);
    this.socket = socket;
    socket.onopen = () => {
      this.retryMs = FIRST_RETRY_MS;
      this.setLive(true);
      for (const group of this.handlers.keys()) {
        this.say({ subscribe: group });
        if (this.connectedBefore) this.dispatch({ type: "reconnected", id: "", group });
      }
      this.connectedBefore = true;
    };
    socket.onmessage = ({ data }) => this.receive(String(data));
    socket.onclose = () => {
      this.socket = null;
      this.setLive(false);
      // A little chance keeps a thousand browsers from coming back in the same instant.
      this.retryTimer = setTimeout(() => this.connect(), this.retryMs * (0.5 + Math.random()));
      this.retryMs = Math.min(this.retryMs * 2, LONGEST_RETRY_MS);
    };
  }

  private receive(text: string) {
    let message: Partial<LiveEvent>;
    try {
      message = JSON.parse(text) as Partial<LiveEvent>;
    } catch {
      return;
    }
    const { type, id, group } = message;
    if (type && group) this.dispatch({ type, id: id ?? "", group });
  }

  private dispatch(event: LiveEvent) {
    for (const handler of this.handlers.get(event.group) ?? []) handler(event);
  }

  private say(message: object) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  private setLive(live: boolean) {
    this.live = live;
    for (const watcher of this.watchers) watcher();
  }
}

let shared: LiveSocket | undefined;

export function liveSocket(): LiveSocket {
  shared ??= new LiveSocket(`${location.origin.replace(/^http/, "ws")}/ws/`);
  return shared;
}
