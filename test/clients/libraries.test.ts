import { Redis } from "ioredis";
import { createClient } from "redis";
import { afterEach, describe, expect, test } from "vitest";
import { useServer } from "../support/use-server.ts";

/** The client libraries that most Node.js programs use, as their users use them. */

const server = useServer({ kind: "leveldis" });

const cleanups: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

describe("ioredis", () => {
  function connect(db = 0): Redis {
    const client = new Redis({
      port: server.port,
      host: "127.0.0.1",
      db,
      connectionName: "a-test",
      maxRetriesPerRequest: 1,
    });
    cleanups.push(() => client.disconnect());
    return client;
  }

  test("connects: INFO, CLIENT SETNAME, CLIENT SETINFO", async () => {
    const client = connect();
    expect(await client.ping()).toBe("PONG");
    expect(await client.client("GETNAME")).toBe("a-test");
    expect(client.status).toBe("ready");
  });

  test("the types, pipelined", async () => {
    const client = connect(3);
    await client.flushdb();
    const results = await client
      .pipeline()
      .set("s", "value", "EX", 100)
      .hset("h", { name: "Ada", born: 1815 })
      .sadd("tags", "a", "b", "c")
      .zadd("scores", 1.5, "one", 2, "two")
      .hgetall("h")
      .zrange("scores", 0, -1, "WITHSCORES")
      .exec();
    expect(results!.map(([error]) => error)).toEqual([null, null, null, null, null, null]);
    expect(results![4]![1]).toEqual({ name: "Ada", born: "1815" });
    expect(results![5]![1]).toEqual(["one", "1.5", "two", "2"]);
    expect(await client.ttl("s")).toBe(100);
    expect((await client.smembers("tags")).sort()).toEqual(["a", "b", "c"]);
    expect(await client.dbsize()).toBe(4);
  });

  test("binary values", async () => {
    const client = connect();
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    await client.set(bytes, bytes);
    expect(await client.getBuffer(bytes)).toEqual(bytes);
  });

  test("scan streams", async () => {
    const client = connect(4);
    await client.flushdb();
    await client.mset(Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`key:${i}`, String(i)])));
    await client.hset(
      "other",
      Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`field:${i}`, String(i)])),
    );
    const keys = new Set<string>();
    for await (const found of client.scanStream({ match: "key:*", count: 50 })) {
      for (const key of found as string[]) keys.add(key);
    }
    expect(keys.size).toBe(500);
    const fields = new Set<string>();
    for await (const found of client.hscanStream("other", { count: 100 })) {
      for (let i = 0; i < (found as string[]).length; i += 2) fields.add((found as string[])[i]!);
    }
    expect(fields.size).toBe(2000);
  });

  test("connects again after the server was killed, and finds its data", async () => {
    const client = connect();
    client.on("error", () => {});
    await client.set("kept", "1");
    await server.crashAndRestart();
    await expect.poll(() => client.get("kept").catch(() => null), { timeout: 10_000 }).toBe("1");
  });
});

describe.each([2, 3] as const)("node-redis, RESP%i", (RESP) => {
  async function connect() {
    const client = createClient({ url: `redis://127.0.0.1:${server.port}/5`, RESP, name: "node" });
    client.on("error", () => {});
    await client.connect();
    cleanups.push(() => client.close());
    return client;
  }

  test("the types", async () => {
    const client = await connect();
    await client.flushDb();
    expect(await client.set("s", "1", { EX: 100, NX: true })).toBe("OK");
    expect(await client.set("s", "1", { NX: true })).toBeNull();
    expect(await client.incrBy("s", 41)).toBe(42);
    expect(await client.hSet("h", { a: "1", b: "2" })).toBe(2);
    expect({ ...(await client.hGetAll("h")) }).toEqual({ a: "1", b: "2" });
    expect(
      await client.zAdd("z", [
        { score: 1.5, value: "x" },
        { score: Infinity, value: "y" },
      ]),
    ).toBe(2);
    expect(await client.zRangeWithScores("z", 0, -1)).toEqual([
      { value: "x", score: 1.5 },
      { value: "y", score: Infinity },
    ]);
    expect(await client.sAdd("set", ["a", "b"])).toBe(2);
    expect([...(await client.sMembers("set"))].sort()).toEqual(["a", "b"]);
    expect(await client.clientGetName()).toBe("node");
  });

  test("many commands at once", async () => {
    const client = await connect();
    const replies = await Promise.all(Array.from({ length: 5000 }, (_, i) => client.set(`k:${i}`, `${i}`)));
    expect(replies.every((reply) => reply === "OK")).toBe(true);
    const values = await client.mGet(Array.from({ length: 5000 }, (_, i) => `k:${i}`));
    expect(values).toEqual(Array.from({ length: 5000 }, (_, i) => `${i}`));
  });

  test("iterators", async () => {
    const client = await connect();
    await client.flushDb();
    await client.mSet(Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`it:${i}`, "x"])));
    const found = new Set<string>();
    for await (const keys of client.scanIterator({ MATCH: "it:*" })) for (const key of keys) found.add(key);
    expect(found.size).toBe(300);
  });
});
