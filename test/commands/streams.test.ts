import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import { error } from "../support/plain.ts";
import { useServer } from "../support/use-server.ts";

const isRedis = process.env["TEST_SERVER"] === "redis";
const server = useServer();
let client: Client;
let waiting: Client;

beforeAll(async () => {
  await connect();
});
afterAll(async () => {
  await client.close();
  await waiting.close();
});
beforeEach(async () => {
  await client.send("FLUSHALL");
});

async function connect(): Promise<void> {
  client = await server.connect();
  waiting = await server.connect();
}

/** Small enough to be packed, and too large for it. */
const sizes = [5, 500];

async function fill(key: string, size: number): Promise<void> {
  await client.pipeline(
    Array.from({ length: size }, (_, i) => ["XADD", key, `${i + 1}-0`, "n", String(i + 1)]),
  );
}

const entry = (n: number): [string, string[]] => [`${n}-0`, ["n", String(n)]];

async function info(key: string): Promise<Record<string, unknown>> {
  const flat = (await client.send("XINFO", "STREAM", key)) as unknown[];
  return Object.fromEntries(flat.flatMap((name, i) => (i % 2 === 0 ? [[name, flat[i + 1]]] : [])));
}

describe.each(sizes)("a stream of %i entries", (size) => {
  beforeEach(async () => {
    await fill("x", size);
  });

  test("entries are found from either end", async () => {
    expect(await client.send("XLEN", "x")).toBe(size);
    expect(await client.send("XRANGE", "x", "-", "+", "COUNT", "2")).toEqual([entry(1), entry(2)]);
    expect(await client.send("XREVRANGE", "x", "+", "-", "COUNT", "2")).toEqual([
      entry(size),
      entry(size - 1),
    ]);
    expect(await client.send("XRANGE", "x", "2", "(4-0")).toEqual([entry(2), entry(3)]);
    const all = (await client.send("XRANGE", "x", "-", "+")) as unknown[];
    expect(all.length).toBe(size);
    expect(await client.send("XREVRANGE", "x", "+", "-")).toEqual(all.toReversed());
  });

  test("deletions are remembered, an empty stream stays", async () => {
    expect(await client.send("XDEL", "x", "1-0", "3-0", "1-0", "99999-0")).toBe(2);
    expect(await info("x")).toMatchObject({
      length: size - 2,
      "max-deleted-entry-id": "3-0",
      "entries-added": size,
      "recorded-first-entry-id": "2-0",
      "first-entry": entry(2),
    });
    expect(await client.send("XTRIM", "x", "MAXLEN", "0")).toBe(size - 2);
    expect(await info("x")).toMatchObject({
      length: 0,
      "last-generated-id": `${size}-0`,
      "max-deleted-entry-id": "3-0",
      "first-entry": null,
    });
    expect(await client.send("EXISTS", "x")).toBe(1);
    expect(await client.send("XADD", "x", "1-0", "a", "b")).toEqual(
      error("ERR The ID specified in XADD is equal or smaller than the target stream top item"),
    );
  });

  test("a group delivers each entry once, and keeps what is not acknowledged", async () => {
    await client.send("XGROUP", "CREATE", "x", "g", "0");
    const read = (consumer: string, ...more: string[]) =>
      client.send("XREADGROUP", "GROUP", "g", consumer, ...more);
    expect(await read("alice", "COUNT", "2", "STREAMS", "x", ">")).toEqual([["x", [entry(1), entry(2)]]]);
    expect(await read("bob", "COUNT", "1", "STREAMS", "x", ">")).toEqual([["x", [entry(3)]]]);
    expect(await read("alice", "STREAMS", "x", "0")).toEqual([["x", [entry(1), entry(2)]]]);
    expect(await client.send("XACK", "x", "g", "1-0", "3-0", "4-0")).toBe(2);
    expect(await client.send("XPENDING", "x", "g")).toEqual([1, "2-0", "2-0", [["alice", "1"]]]);
    expect(await client.send("XCLAIM", "x", "g", "bob", "0", "2-0")).toEqual([entry(2)]);
    expect(await read("alice", "STREAMS", "x", "0")).toEqual([["x", []]]);
    expect(await client.send("XGROUP", "DELCONSUMER", "x", "g", "bob")).toBe(1);
    expect(await client.send("XPENDING", "x", "g")).toEqual([0, null, null, null]);
    expect(await client.send("XGROUP", "DESTROY", "x", "g")).toBe(1);
    expect(await read("alice", "STREAMS", "x", ">")).toEqual(
      error("NOGROUP No such key 'x' or consumer group 'g' in XREADGROUP with GROUP option"),
    );
  });

  test("a copy is another stream, with the groups of the first", async () => {
    await client.send("XGROUP", "CREATE", "x", "g", "0");
    await client.send("XREADGROUP", "GROUP", "g", "c", "COUNT", "3", "STREAMS", "x", ">");
    expect(await client.send("COPY", "x", "y")).toBe(1);
    await client.send("XACK", "x", "g", "1-0");
    await client.send("XADD", "x", "*", "a", "b");
    expect(await client.send("XPENDING", "y", "g")).toEqual([3, "1-0", "3-0", [["c", "3"]]]);
    expect(await client.send("XLEN", "y")).toBe(size);
    await client.send("DEL", "x");
    expect(await client.send("XRANGE", "y", "2", "2")).toEqual([entry(2)]);
  });

  test.skipIf(isRedis)("all of it survives a crash", async () => {
    await client.send("XGROUP", "CREATE", "x", "g", "0", "ENTRIESREAD", "0");
    await client.send("XREADGROUP", "GROUP", "g", "c", "COUNT", "3", "STREAMS", "x", ">");
    await client.send("XDEL", "x", "2-0");
    const look = async () => [
      await client.send("XRANGE", "x", "-", "+"),
      await client.send("XINFO", "STREAM", "x", "FULL", "COUNT", "0"),
    ];
    const before = await look();
    await server.crashAndRestart();
    await connect();
    expect(await look()).toEqual(before);
    expect(await client.send("XADD", "x", `${size}-*`, "n", "1")).toBe(`${size}-1`);
  });
});

test("`~` removes whole nodes of a hundred entries, at most a hundred of them", async () => {
  await fill("x", 1000);
  expect(await client.send("XTRIM", "x", "MAXLEN", "~", "555")).toBe(400);
  expect(await client.send("XTRIM", "x", "MAXLEN", "~", "501")).toBe(0);
  expect(await client.send("XTRIM", "x", "MAXLEN", "~", "100", "LIMIT", "250")).toBe(200);
  expect(await client.send("XTRIM", "x", "MINID", "~", "701")).toBe(100);
  expect(await info("x")).toMatchObject({ length: 300, "radix-tree-keys": 3, "first-entry": entry(701) });
});

test("ids that the server gives grow, also within a millisecond", async () => {
  const ids = (await client.pipeline(
    Array.from({ length: 200 }, () => ["XADD", "x", "*", "a", "b"]),
  )) as string[];
  const numbers = ids.map((id) => id.split("-").map(Number) as [number, number]);
  for (let i = 1; i < numbers.length; i++) {
    const [[ms, seq], [nextMs, nextSeq]] = [numbers[i - 1]!, numbers[i]!];
    expect(nextMs > ms || (nextMs === ms && nextSeq === seq + 1)).toBe(true);
  }
});

describe("waiting", () => {
  async function untilBlocked(): Promise<void> {
    for (;;) {
      const clients = (await client.send("INFO", "clients")) as string;
      if (clients.includes("blocked_clients:1\r\n")) return;
    }
  }

  test("XREAD with $ gets what comes after it", async () => {
    await fill("x", 3);
    const reply = waiting.send("XREAD", "BLOCK", "0", "STREAMS", "none", "x", "$", "$");
    await untilBlocked();
    // None of these is news for it.
    await client.send("XDEL", "x", "2-0");
    await client.send("XGROUP", "CREATE", "x", "g", "0");
    await client.send("SET", "none", "a string");
    await client.send("XADD", "x", "9-0", "n", "9");
    expect(await reply).toEqual([["x", [entry(9)]]]);
  });

  test("XREAD waits for a stream that is not there yet, and for its time", async () => {
    const reply = waiting.send("XREAD", "BLOCK", "0", "STREAMS", "x", "0");
    await untilBlocked();
    await client.send("XADD", "x", "9-0", "n", "9");
    expect(await reply).toEqual([["x", [entry(9)]]]);
    expect(await waiting.send("XREAD", "BLOCK", "20", "STREAMS", "x", "$")).toBe(null);
  });

  test("XREADGROUP: one entry goes to one consumer, the next to the next", async () => {
    await client.send("XGROUP", "CREATE", "x", "g", "$", "MKSTREAM");
    const reply = waiting.send("XREADGROUP", "GROUP", "g", "a", "BLOCK", "0", "STREAMS", "x", ">");
    await untilBlocked();
    await client.send("XADD", "x", "1-0", "n", "1");
    expect(await reply).toEqual([["x", [entry(1)]]]);
    expect(await client.send("XPENDING", "x", "g")).toEqual([1, "1-0", "1-0", [["a", "1"]]]);
  });

  test.each([
    [["DEL", "x"], "UNBLOCKED the stream key no longer exists"],
    [["SET", "x", "1"], "UNBLOCKED the stream key no longer exists"],
    [["FLUSHALL"], "UNBLOCKED the stream key no longer exists"],
    [
      ["XGROUP", "DESTROY", "x", "g"],
      "NOGROUP the consumer group this client was blocked on no longer exists",
    ],
  ])("XREADGROUP is told when %j takes its group away", async (command, message) => {
    await client.send("XGROUP", "CREATE", "x", "g", "$", "MKSTREAM");
    const reply = waiting.send("XREADGROUP", "GROUP", "g", "a", "BLOCK", "0", "STREAMS", "x", ">");
    await untilBlocked();
    await client.send(...command);
    expect(await reply).toEqual(error(message));
  });

  test("nobody waits in a transaction", async () => {
    await fill("x", 3);
    await client.send("MULTI");
    await client.send("XREAD", "BLOCK", "0", "STREAMS", "x", "$");
    await client.send("XADD", "x", "9-0", "n", "9");
    await client.send("XREAD", "STREAMS", "x", "3");
    expect(await client.send("EXEC")).toEqual([null, "9-0", [["x", [entry(9)]]]]);
  });
});
