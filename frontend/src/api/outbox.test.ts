import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError, NetworkError } from "./client";
import { Outbox, type Parcel } from "./outbox";
import type { Held } from "./types";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const HELD: Held = { assignments: [], done_today: 1, waiting: false };

function parcel(id: string, queuedAt = 1): Parcel {
  return {
    id,
    kind: "skip",
    projectId: "p",
    assignmentId: `task of ${id}`,
    amends: false,
    body: { reason: "", hold: 2 },
    queuedAt,
  };
}

/** A server that stores by submission id, behind a network that fails as told. */
class Server {
  stored = new Map<string, number>();
  calls: string[] = [];
  trouble: ("cut before" | "cut after" | ApiError)[] = [];

  send = async (sent: Parcel): Promise<Held> => {
    this.calls.push(sent.id);
    const trouble = this.trouble.shift();
    if (trouble === "cut before") throw new NetworkError("cut");
    if (trouble instanceof ApiError) throw trouble;
    if (!this.stored.has(sent.id)) this.stored.set(sent.id, this.stored.size);
    if (trouble === "cut after") throw new NetworkError("cut");
    return HELD;
  };
}

describe("an answer", () => {
  it("is in storage before anything is sent, and gone once acknowledged", async () => {
    const server = new Server();
    const outbox = new Outbox("bob", server.send);

    outbox.put(parcel("one"));
    const stored = localStorage.getItem("whetstone.outbox.bob.one");
    await vi.runAllTimersAsync();

    expect(stored).toContain("task of one");
    expect(server.stored.size).toBe(1);
    expect(localStorage.length).toBe(0);
    expect(outbox.read()).toEqual({ waiting: [], state: "idle" });
  });

  it("is stored once when the acknowledgement was lost on the way", async () => {
    const server = new Server();
    server.trouble = ["cut after"];
    const outbox = new Outbox("bob", server.send);

    outbox.put(parcel("one"));
    await vi.advanceTimersByTimeAsync(0);
    const meanwhile = outbox.read();
    await vi.runAllTimersAsync();

    expect(meanwhile.state).toBe("offline");
    expect(meanwhile.waiting).toHaveLength(1);
    expect(server.calls).toEqual(["one", "one"]);
    expect(server.stored.size).toBe(1);
    expect(outbox.read().waiting).toHaveLength(0);
  });

  it("survives a reload and is then sent with the same id", async () => {
    const server = new Server();
    server.trouble = ["cut before"];
    const before = new Outbox("bob", server.send);
    before.put(parcel("one"));
    await vi.advanceTimersByTimeAsync(0);
    before.stop();

    const after = new Outbox("bob", server.send);
    const waiting = after.read().waiting.map((p) => p.id);
    await after.flush();

    expect(waiting).toEqual(["one"]);
    expect([...server.stored.keys()]).toEqual(["one"]);
    expect(after.read().waiting).toHaveLength(0);
  });

  it("waits behind older ones, so the order of work is kept", async () => {
    const server = new Server();
    server.trouble = ["cut before"];
    const outbox = new Outbox("bob", server.send);

    outbox.put(parcel("second", 2));
    outbox.put(parcel("first", 1));
    await vi.runAllTimersAsync();

    expect([...server.stored.keys()]).toEqual(["first", "second"]);
  });

  it("is tried more and more rarely while the network is down", async () => {
    const server = new Server();
    server.trouble = Array(6).fill("cut before");
    const outbox = new Outbox("bob", server.send);

    outbox.put(parcel("one"));
    await vi.advanceTimersByTimeAsync(1_000 + 2_000 + 4_000);

    expect(server.calls).toHaveLength(4);
    outbox.stop();
  });

  it("is tried again after a fault of the server", async () => {
    const server = new Server();
    server.trouble = [
      new ApiError(503, "server_error", "down"),
      new ApiError(429, "throttled", ""),
    ];
    const outbox = new Outbox("bob", server.send);

    outbox.put(parcel("one"));
    await vi.runAllTimersAsync();

    expect(server.stored.size).toBe(1);
  });

  it("is given up when the server refuses it, and the person is told why", async () => {
    const server = new Server();
    server.trouble = [new ApiError(409, "lease_expired", "gone")];
    const outbox = new Outbox("bob", server.send);
    const refused = vi.fn();
    outbox.listen({ refused });

    outbox.put(parcel("one"));
    outbox.put(parcel("two", 2));
    await vi.runAllTimersAsync();

    expect(refused).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ id: "one" }),
      expect.objectContaining({ code: "lease_expired" }),
    );
    expect([...server.stored.keys()]).toEqual(["two"]);
    expect(outbox.read().waiting).toHaveLength(0);
  });

  it("is kept while the person is signed out and sent after they return", async () => {
    const server = new Server();
    server.trouble = [new ApiError(401, "not_authenticated", "")];
    const outbox = new Outbox("bob", server.send);

    outbox.put(parcel("one"));
    await vi.runAllTimersAsync();
    const away = outbox.read();
    await outbox.flush();

    expect(away.state).toBe("signedOut");
    expect(away.waiting).toHaveLength(1);
    expect(server.stored.size).toBe(1);
  });

  it("of one person is never sent for another on the same device", async () => {
    const server = new Server();
    server.trouble = [new ApiError(401, "not_authenticated", "")];
    const bob = new Outbox("bob", server.send);
    bob.put(parcel("one"));
    await vi.runAllTimersAsync();

    const alice = new Outbox("alice", server.send);
    await alice.flush();

    expect(alice.read().waiting).toHaveLength(0);
    expect(server.stored.size).toBe(0);
  });
});

it("hands the server's answer on before it forgets the parcel", async () => {
  const outbox = new Outbox("bob", new Server().send);
  const waitingThen: number[] = [];
  outbox.listen({ delivered: () => waitingThen.push(outbox.read().waiting.length) });

  outbox.put(parcel("one"));
  await vi.runAllTimersAsync();

  expect(waitingThen).toEqual([1]);
});

it("sends each parcel once when asked to flush many times at once", async () => {
  const server = new Server();
  const outbox = new Outbox("bob", server.send);

  outbox.put(parcel("one"));
  await Promise.all([outbox.flush(), outbox.flush(), outbox.flush()]);

  expect(server.calls).toEqual(["one"]);
});
