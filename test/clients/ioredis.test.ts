import { Redis } from "ioredis";
import { afterEach, describe, expect, test } from "vitest";
import { useServer } from "../support/use-server.ts";

/** ioredis as its users use it. It speaks RESP2 only. */

const server = useServer({ kind: "leveldis" });

const cleanups: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function blockedClients(client: Redis, count: number): Promise<void> {
  await expect
    .poll(async () => Number(/blocked_clients:(\d+)/.exec(await client.info("clients"))![1]), { interval: 5 })
    .toBe(count);
}

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

  test("lists", async () => {
    const client = connect(6);
    await client.flushdb();
    expect(await client.rpush("l", "a", "b", "c", "d")).toBe(4);
    expect(await client.lpos("l", "c")).toBe(2);
    expect(await client.linsert("l", "BEFORE", "c", "new")).toBe(5);
    expect(await client.lmove("l", "m", "LEFT", "RIGHT")).toBe("a");
    expect(await client.lrange("l", 0, -1)).toEqual(["b", "new", "c", "d"]);
    expect(await client.rpop("l", 2)).toEqual(["d", "c"]);
    expect(await client.lmpop(2, "none", "l", "LEFT", "COUNT", 5)).toEqual(["l", ["b", "new"]]);
    expect(await client.exists("l")).toBe(0);
  });

  test("blocking pops wait for another client, and time out", async () => {
    const client = connect(6);
    const waiter = connect(6);
    await client.flushdb();
    const popped = waiter.blpop("a", "b", 0);
    const then = waiter.brpop("a", "b", 0);
    await blockedClients(client, 1);
    await client.rpush("b", "1", "2");
    expect(await popped).toEqual(["b", "1"]);
    expect(await then).toEqual(["b", "2"]);
    const best = waiter.bzpopmin("z", 0);
    await blockedClients(client, 1);
    await client.zadd("z", 2, "two", 1, "one");
    expect(await best).toEqual(["z", "one", "1"]);
    expect(await waiter.blpop("a", 0.05)).toBeNull();
  });

  test("streams: two consumers of a group share the work; what one left, the other claims", async () => {
    const client = connect(6);
    const reader = connect(6);
    await client.flushdb();
    await client.xgroup("CREATE", "s", "workers", "$", "MKSTREAM");
    const first = reader.xreadgroup("GROUP", "workers", "one", "BLOCK", 0, "STREAMS", "s", ">");
    await blockedClients(client, 1);
    const id = (await client.xadd("s", "*", "n", "0"))!;
    expect(await first).toEqual([["s", [[id, ["n", "0"]]]]]);
    for (let n = 1; n < 10; n++) await client.xadd("s", "MAXLEN", "~", 1000, "*", "n", n);
    const taken = [
      await reader.xreadgroup("GROUP", "workers", "one", "COUNT", 4, "STREAMS", "s", ">"),
      await reader.xreadgroup("GROUP", "workers", "two", "COUNT", 100, "STREAMS", "s", ">"),
    ].map((reply) => (reply as [string, [string, string[]][]][])[0]![1].map(([, [, n]]) => n));
    expect(taken).toEqual([
      ["1", "2", "3", "4"],
      ["5", "6", "7", "8", "9"],
    ]);
    expect(await client.xack("s", "workers", id)).toBe(1);
    expect((await client.xpending("s", "workers"))[0]).toBe(9);
    const [, claimed] = (await client.xautoclaim("s", "workers", "two", 0, "0", "COUNT", 4)) as [
      string,
      [string, string[]][],
    ];
    expect(claimed.map(([, [, n]]) => n)).toEqual(["1", "2", "3", "4"]);
    expect((await client.xrange("s", "-", "+", "COUNT", 2)).map(([, fields]) => fields)).toEqual([
      ["n", "0"],
      ["n", "1"],
    ]);
  });

  test("MULTI, pipelined and command by command; WATCH refuses what was overtaken", async () => {
    const client = connect(6);
    const other = connect(6);
    await client.flushdb();
    expect(await client.multi().set("k", 1).incr("k").rpush("l", "x").lrange("l", 0, -1).exec()).toEqual([
      [null, "OK"],
      [null, 2],
      [null, 1],
      [null, ["x"]],
    ]);
    await client.multi({ pipeline: false });
    expect(await client.incr("k")).toBe("QUEUED");
    expect(await client.exec()).toEqual([[null, 3]]);

    await client.watch("k");
    await other.set("k", 100);
    expect(await client.multi().incr("k").exec()).toBeNull();
    expect(await client.get("k")).toBe("100");
    const results = await client.multi().lpush("k", "x").incr("k").exec();
    expect(results![0]![0]!.message).toMatch(/^WRONGTYPE/);
    expect(results![1]).toEqual([null, 101]);
  });

  test("counters that many clients raise with WATCH lose nothing", async () => {
    const clients = [1, 2, 3, 4].map(() => connect(6));
    await clients[0]!.del("counter");
    async function raise(client: Redis): Promise<void> {
      for (;;) {
        await client.watch("counter");
        const value = Number((await client.get("counter")) ?? "0");
        if (
          (await client
            .multi()
            .set("counter", value + 1)
            .exec()) !== null
        )
          return;
      }
    }
    await Promise.all(
      clients.map(async (client) => {
        for (let i = 0; i < 25; i++) await raise(client);
      }),
    );
    expect(await clients[0]!.get("counter")).toBe("100");
  });

  test("channels, patterns and shard channels", async () => {
    const client = connect();
    const subscriber = connect();
    const heard: unknown[][] = [];
    subscriber.on("message", (...message) => heard.push(["message", ...message]));
    subscriber.on("pmessage", (...message) => heard.push(["pmessage", ...message]));
    subscriber.on("smessage", (...message) => heard.push(["smessage", ...message]));
    expect(await subscriber.subscribe("news", "sport")).toBe(2);
    expect(await subscriber.psubscribe("n?ws", "weather.*")).toBe(4);
    expect(await subscriber.ssubscribe("shard")).toBe(1);
    expect(await client.pubsub("CHANNELS")).toEqual(expect.arrayContaining(["news", "sport"]));
    expect(await client.pubsub("NUMPAT")).toBe(2);
    expect(await client.pubsub("SHARDNUMSUB", "shard")).toEqual(["shard", 1]);
    expect(await client.publish("news", "one")).toBe(2);
    expect(await client.publish("weather.rome", "sun")).toBe(1);
    expect(await client.publish("nobody", "hears")).toBe(0);
    expect(await client.spublish("shard", "piece")).toBe(1);
    await expect
      .poll(() => heard)
      .toEqual([
        ["message", "news", "one"],
        ["pmessage", "n?ws", "news", "one"],
        ["pmessage", "weather.*", "weather.rome", "sun"],
        ["smessage", "shard", "piece"],
      ]);
    expect(await subscriber.unsubscribe("news")).toBe(3);
    expect(await client.publish("news", "two")).toBe(1);
  });

  test("subscriptions come back after the server was killed", async () => {
    const client = connect();
    const subscriber = connect();
    for (const each of [client, subscriber]) each.on("error", () => {});
    const heard: string[] = [];
    subscriber.on("message", (_, message: string) => heard.push(message));
    await subscriber.subscribe("again");
    await server.crashAndRestart();
    await expect.poll(() => client.publish("again", "here").catch(() => 0), { timeout: 10_000 }).toBe(1);
    await expect.poll(() => heard).toEqual(["here"]);
  });
});
