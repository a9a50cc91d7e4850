import { BasicClientSideCache, createClient, WatchError } from "redis";
import { afterEach, describe, expect, test } from "vitest";
import { useServer } from "../support/use-server.ts";

/** node-redis as its users use it. */

const server = useServer({ kind: "leveldis" });

const cleanups: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

interface Informed {
  info(section: string): Promise<unknown>;
}

async function blockedClients(client: Informed, count: number): Promise<void> {
  await expect
    .poll(async () => Number(/blocked_clients:(\d+)/.exec(String(await client.info("clients")))![1]), {
      interval: 5,
    })
    .toBe(count);
}

/** Ids and values of `n`; the streams of a reply are an array with RESP2 and a map with RESP3. */
function entriesOf(reply: unknown): [string, string | undefined][] {
  type Entry = { id: string; message: Record<string, string> } | [string, string[]];
  const streams = Array.isArray(reply)
    ? (reply as { messages: Entry[] }[]).map(({ messages }) => messages)
    : Object.values(reply as Record<string, Entry[]>);
  return streams[0]!.map((entry) =>
    Array.isArray(entry) ? [entry[0], entry[1][1]] : [entry.id, entry.message["n"]],
  );
}

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

  test("lists", async () => {
    const client = await connect();
    await client.flushDb();
    expect(await client.rPush("l", ["a", "b", "c", "d"])).toBe(4);
    expect(await client.lPos("l", "c")).toBe(2);
    expect(await client.lInsert("l", "BEFORE", "c", "new")).toBe(5);
    expect(await client.lMove("l", "m", "LEFT", "RIGHT")).toBe("a");
    expect(await client.lRange("l", 0, -1)).toEqual(["b", "new", "c", "d"]);
    expect(await client.lmPop(["none", "l"], "LEFT", { COUNT: 2 })).toEqual(["l", ["b", "new"]]);
    expect(await client.rPopCount("l", 9)).toEqual(["d", "c"]);
    expect(await client.lPop("l")).toBeNull();
  });

  test("blocking pops wait for another client, and time out", async () => {
    const client = await connect();
    const waiter = await connect();
    await client.flushDb();
    const popped = waiter.blPop(["a", "b"], 0);
    await blockedClients(client, 1);
    await client.rPush("b", "1");
    expect({ ...(await popped) }).toEqual({ key: "b", element: "1" });
    const moved = waiter.blMove("a", "to", "LEFT", "RIGHT", 0);
    await blockedClients(client, 1);
    await client.rPush("a", "x");
    expect(await moved).toBe("x");
    const best = waiter.bzPopMax("z", 0);
    await blockedClients(client, 1);
    await client.zAdd("z", { score: 2.5, value: "m" });
    expect({ ...(await best) }).toEqual({ key: "z", value: "m", score: 2.5 });
    expect(await waiter.brPop("a", 0.05)).toBeNull();
  });

  test("streams: two consumers of a group share the work; what one left, the other claims", async () => {
    const client = await connect();
    const reader = await connect();
    await client.flushDb();
    await client.xGroupCreate("s", "workers", "$", { MKSTREAM: true });
    const first = reader.xReadGroup("workers", "one", { key: "s", id: ">" }, { BLOCK: 0 });
    await blockedClients(client, 1);
    const ids = [await client.xAdd("s", "*", { n: "0" })];
    expect(entriesOf(await first)).toEqual([[ids[0], "0"]]);
    for (let n = 1; n < 10; n++) ids.push(await client.xAdd("s", "*", { n: `${n}` }));
    const one = await reader.xReadGroup("workers", "one", { key: "s", id: ">" }, { COUNT: 4 });
    const two = await reader.xReadGroup("workers", "two", { key: "s", id: ">" });
    expect(entriesOf(one).map(([, n]) => n)).toEqual(["1", "2", "3", "4"]);
    expect(entriesOf(two).map(([, n]) => n)).toEqual(["5", "6", "7", "8", "9"]);
    expect(await client.xAck("s", "workers", ids[0]!)).toBe(1);
    expect(await client.xPending("s", "workers")).toMatchObject({
      pending: 9,
      firstId: ids[1],
      lastId: ids[9],
    });
    const claimed = await client.xAutoClaim("s", "workers", "two", 0, "0", { COUNT: 4 });
    expect(claimed.messages.map((entry) => entry?.id)).toEqual(ids.slice(1, 5));
    expect(await client.xInfoStream("s")).toMatchObject({ length: 10, groups: 1 });
    expect((await client.xInfoConsumers("s", "workers")).map((each) => [each.name, each.pending])).toEqual([
      ["one", 0],
      ["two", 9],
    ]);
    expect(await client.xTrim("s", "MAXLEN", 3)).toBe(7);
    expect((await client.xRevRange("s", "+", "-", { COUNT: 1 })).map(({ message }) => message["n"])).toEqual([
      "9",
    ]);
  });

  test("MULTI, and WATCH refuses what was overtaken", async () => {
    const client = await connect();
    const other = await connect();
    await client.flushDb();
    expect(await client.multi().set("k", "1").incr("k").rPush("l", "x").lRange("l", 0, -1).exec()).toEqual([
      "OK",
      2,
      1,
      ["x"],
    ]);
    await client.watch("k");
    await other.set("k", "100");
    await expect(client.multi().incr("k").exec()).rejects.toThrow(WatchError);
    expect(await client.get("k")).toBe("100");
    await client.watch("k");
    expect(await client.multi().incr("k").hSet("h", "f", "v").hGetAll("h").exec()).toEqual([
      101,
      1,
      expect.objectContaining({ f: "v" }),
    ]);
    await expect(client.multi().lPush("k", "x").incr("k").exec()).rejects.toThrow("1 commands failed");
    expect(await client.get("k")).toBe("102");
  });

  test("channels, patterns and shard channels", async () => {
    const client = await connect();
    const subscriber = await connect();
    const heard: string[] = [];
    const hear = (message: string, channel: string) => heard.push(`${channel}: ${message}`);
    await subscriber.subscribe(["news", "sport"], hear);
    await subscriber.pSubscribe("weather.*", hear);
    await subscriber.sSubscribe("shard", hear);
    expect((await client.pubSubChannels()).toSorted()).toEqual(["news", "sport"]);
    expect({ ...(await client.pubSubNumSub(["news", "none"])) }).toEqual({ news: 1, none: 0 });
    expect(await client.pubSubNumPat()).toBe(1);
    expect(await client.pubSubShardChannels()).toEqual(["shard"]);
    expect(await client.publish("news", "one")).toBe(1);
    expect(await client.publish("weather.rome", "sun")).toBe(1);
    expect(await client.publish("nobody", "hears")).toBe(0);
    expect(await client.sPublish("shard", "piece")).toBe(1);
    await expect.poll(() => heard).toEqual(["news: one", "weather.rome: sun", "shard: piece"]);
    await subscriber.unsubscribe("news");
    expect(await client.publish("news", "two")).toBe(0);
    // With RESP3 one connection does both.
    if (RESP === 3) expect(await subscriber.set("k", "v")).toBe("OK");
  });
});

test("what is cached by the client is dropped when another client changes it", async () => {
  const clientSideCache = new BasicClientSideCache({ maxEntries: 100, ttl: 0, evictPolicy: "LRU" });
  const client = createClient({ url: `redis://127.0.0.1:${server.port}`, RESP: 3, clientSideCache });
  const other = createClient({ url: `redis://127.0.0.1:${server.port}` });
  for (const each of [client, other]) {
    each.on("error", () => {});
    await each.connect();
    cleanups.push(() => each.close());
  }
  await other.set("k", "1");
  await other.rPush("l", "a");
  for (let i = 0; i < 10; i++) {
    expect(await client.get("k")).toBe("1");
    expect(await client.lRange("l", 0, -1)).toEqual(["a"]);
  }
  expect(clientSideCache.stats()).toMatchObject({ missCount: 2, hitCount: 18 });
  await other.multi().set("k", "2").rPush("l", "b").exec();
  await expect.poll(() => client.get("k"), { interval: 5 }).toBe("2");
  await expect.poll(() => client.lRange("l", 0, -1), { interval: 5 }).toEqual(["a", "b"]);
  await other.flushAll();
  await expect.poll(() => client.get("k"), { interval: 5 }).toBeNull();
});
