import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { Push } from "../../src/resp/reply.ts";
import type { ClientTracking, TrackedClient, TrackingOptions } from "../../src/tracking/client-tracking.ts";
import { ReadKeys } from "../../src/tracking/read-keys.ts";
import { Tracking } from "../../src/tracking/tracking.ts";

/** Keeps what it is sent, with the batch that it has to wait for. */
class FakeClient implements TrackedClient {
  readonly id: number;
  readonly resp: 2 | 3 = 3;
  readonly subscriptions = { total: 0 };
  tracking: ClientTracking | null = null;
  heard: [elements: unknown, batch: number][] = [];
  behindReply: (() => void)[] = [];

  constructor(id: number) {
    this.id = id;
  }

  push(push: Push, batch: number): void {
    this.heard.push([push.elements[1], batch]);
  }

  afterReply(work: () => void): void {
    this.behindReply.push(work);
  }

  take(): FakeClient["heard"] {
    return this.heard.splice(0);
  }
}

const OPTIONS: TrackingOptions = { mode: "default", redirectTo: 0, isNoLoop: false, prefixes: [] };

function start(count: number, maxKeys = 0): { tracking: Tracking; clients: FakeClient[] } {
  const clients = Array.from({ length: count }, (_, i) => new FakeClient(i + 1));
  const byId = (id: number): FakeClient | undefined => clients[id - 1];
  const tracking = new Tracking({ clients: Object.assign(clients, { byId }), maxKeys: () => maxKeys });
  return { tracking, clients };
}

describe("messages wait for the batch of the change", () => {
  test("of one key", () => {
    const { tracking, clients } = start(2);
    const [reader, writer] = clients as [FakeClient, FakeClient];
    tracking.enable(reader, OPTIONS);
    tracking.remember(reader, ["k"]);
    tracking.keyChanged({ key: "k" }, writer, 7, false);
    expect(reader.take()).toEqual([[["k"], 7]]);
    tracking.keyChanged({ key: "k" }, writer, 8, false);
    expect(reader.take()).toEqual([]);
  });

  test("behind the reply to the client's own command", () => {
    const { tracking, clients } = start(1);
    const [reader] = clients as [FakeClient];
    tracking.enable(reader, OPTIONS);
    tracking.remember(reader, ["k"]);
    tracking.keyChanged({ key: "k" }, reader, 7, false);
    tracking.flushed(reader, 8);
    expect(reader.take()).toEqual([]);
    for (const step of reader.behindReply) step();
    expect(reader.take()).toEqual([
      [["k"], 7],
      [null, 8],
    ]);
  });

  test("of all that changed in a turn: of the last", async () => {
    const { tracking, clients } = start(2);
    const [listener, writer] = clients as [FakeClient, FakeClient];
    tracking.enable(listener, { ...OPTIONS, mode: "broadcast", prefixes: ["a"], isNoLoop: true });
    for (const [key, caller, batch] of [
      ["ab", writer, 3],
      ["b", writer, 9],
      ["aa", writer, 4],
      ["ac", listener, 4],
    ] as const) {
      tracking.keyChanged({ key }, caller, batch, false);
    }
    expect(listener.take()).toEqual([]);
    await nextTurn();
    expect(listener.take()).toEqual([[["aa", "ab"], 4]]);
    tracking.keyChanged({ key: "ad" }, listener, 5, true);
    await nextTurn();
    expect(listener.take()).toEqual([[["ad"], 5]]);
  });
});

test("what cannot be known invalidates everything, at once", () => {
  const { tracking, clients } = start(3);
  const [first, second, third] = clients as [FakeClient, FakeClient, FakeClient];
  tracking.enable(first, OPTIONS);
  tracking.enable(second, { ...OPTIONS, mode: "broadcast" });
  tracking.remember(first, ["k"]);
  tracking.lostChanges();
  expect([first, second, third].map((client) => client.take())).toEqual([[[null, 0]], [[null, 0]], []]);
  expect(tracking.keyCount).toBe(0);
});

test("whether changes are wanted is told whenever it may be different", () => {
  const { tracking, clients } = start(1);
  const told: boolean[] = [];
  tracking.onInterest = () => told.push(tracking.isInterested);
  tracking.enable(clients[0]!, OPTIONS);
  tracking.disable(clients[0]!);
  tracking.disable(clients[0]!);
  expect(told).toEqual([true, false]);
});

test("a state that is put back has its prefixes again, and no others", () => {
  const { tracking, clients } = start(1);
  const [client] = clients as [FakeClient];
  tracking.enable(client, { ...OPTIONS, mode: "broadcast", prefixes: ["a", "b"] });
  const before = client.tracking;
  tracking.enable(client, { ...OPTIONS, mode: "broadcast", prefixes: ["c"] });
  expect([tracking.prefixCount, client.tracking!.prefixes]).toEqual([3, ["a", "b", "c"]]);
  tracking.put(client, before);
  expect([tracking.prefixCount, tracking.clients]).toEqual([2, 1]);
  tracking.put(client, null);
  expect([tracking.prefixCount, tracking.clients]).toEqual([0, 0]);
});

describe("a table of read keys", () => {
  test("counts pairs, and gives up who read a key", () => {
    const keys = new ReadKeys();
    for (const [key, id] of [
      ["a", 1],
      ["a", 1],
      ["a", 2],
      ["b", 2],
      ["a", 3],
      ["a", 2],
    ] as const) {
      keys.add(key, id);
    }
    expect([keys.size, keys.items]).toEqual([2, 4]);
    expect([...keys.take("a")]).toEqual([1, 2, 3]);
    expect([...keys.take("a"), ...keys.take("none")]).toEqual([]);
    expect([...keys.take("b")]).toEqual([2]);
    expect([keys.size, keys.items]).toEqual([0, 0]);
  });

  test("a table that stays full drops one for each that comes, however long", () => {
    const SIZE = 50_000;
    const keys = new ReadKeys();
    for (let i = 0; i < SIZE; i++) keys.add(`key ${i}`, 1);
    const startedMs = performance.now();
    for (let i = SIZE; i < 5 * SIZE; i++) {
      keys.add(`key ${i}`, 1);
      keys.take(keys.oldest()!);
    }
    expect(keys.size).toBe(SIZE);
    // A walk over what was removed before would take minutes.
    expect(performance.now() - startedMs).toBeLessThan(10_000);
    const left = new Set<string>();
    for (let key = keys.oldest(); key !== undefined; key = keys.oldest()) {
      left.add(key);
      keys.take(key);
    }
    expect([left.size, keys.size]).toEqual([SIZE, 0]);
  });
});
