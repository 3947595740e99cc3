import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type LiveEvent, LiveSocket } from "./socket";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** The browser's socket, held by the test instead of a server. */
class Line {
  readyState: number = WebSocket.CONNECTING;
  sent: string[] = [];
  onopen?: () => void;
  onmessage?: (message: { data: string }) => void;
  onclose?: () => void;
  send = (text: string) => this.sent.push(text);
  accept() {
    this.readyState = WebSocket.OPEN;
    this.onopen?.();
  }
  drop() {
    this.readyState = WebSocket.CLOSED;
    this.onclose?.();
  }
  say(message: object) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}

function exchange() {
  const lines: Line[] = [];
  const socket = new LiveSocket("ws://test/ws/", () => {
    const line = new Line();
    lines.push(line);
    return line as unknown as WebSocket;
  });
  return { socket, lines };
}

it("subscribes once the line is open and hands events to their group only", () => {
  const { socket, lines } = exchange();
  const heard: LiveEvent[] = [];
  const elsewhere = vi.fn();
  socket.subscribe("round:1", (event) => heard.push(event));
  socket.subscribe("job:9", elsewhere);

  lines[0]?.accept();
  lines[0]?.say({ type: "round.moved", id: "1", group: "round:1" });

  expect(lines[0]?.sent).toEqual(['{"subscribe":"round:1"}', '{"subscribe":"job:9"}']);
  expect(heard).toEqual([{ type: "round.moved", id: "1", group: "round:1" }]);
  expect(elsewhere).not.toHaveBeenCalled();
  expect(lines).toHaveLength(1);
});

it("comes back after a cut, subscribes again and says that something may be missed", () => {
  const { socket, lines } = exchange();
  const heard: string[] = [];
  socket.subscribe("round:1", ({ type }) => heard.push(type));
  lines[0]?.accept();

  lines[0]?.drop();
  const whileCut = socket.isLive();
  vi.advanceTimersByTime(2_000);
  lines[1]?.accept();

  expect(whileCut).toBe(false);
  expect(socket.isLive()).toBe(true);
  expect(lines[1]?.sent).toEqual(['{"subscribe":"round:1"}']);
  expect(heard).toEqual(["reconnected"]);
});

it("leaves a group when its last listener goes", () => {
  const { socket, lines } = exchange();
  const first = socket.subscribe("round:1", () => {});
  const second = socket.subscribe("round:1", () => {});
  lines[0]?.accept();

  first();
  const afterOne = [...(lines[0]?.sent ?? [])];
  second();

  expect(afterOne).toEqual(['{"subscribe":"round:1"}']);
  expect(lines[0]?.sent.at(-1)).toBe('{"unsubscribe":"round:1"}');
});

it("does not trip over what it cannot read", () => {
  const { socket, lines } = exchange();
  const heard = vi.fn();
  socket.subscribe("round:1", heard);
  lines[0]?.accept();

  lines[0]?.onmessage?.({ data: "not json" });
  lines[0]?.say({ subscribed: "round:1" });

  expect(heard).not.toHaveBeenCalled();
});
