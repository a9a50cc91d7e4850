import { describe, expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import { error } from "../support/plain.ts";
import { useServer } from "../support/use-server.ts";

const isRedis = process.env["TEST_SERVER"] === "redis";
const server = useServer({ args: isRedis ? [] : ["--record-cache-size", "2mb"] });

async function connect(): Promise<Client> {
  const client = await server.connect();
  await client.send("FLUSHALL");
  return client;
}

/** One key of each type, large ones too. */
async function everyType(client: Client): Promise<string[]> {
  const members = Array.from({ length: 600 }, (_, n) => `member ${n}`);
  await client.pipeline([
    ["SET", "string", "v"],
    ["SET", "long", "x".repeat(300_000)],
    ["HSET", "hash", "f", "v"],
    ["HSET", "large hash", ...members.flatMap((member) => [member, "v"])],
    ["SADD", "set", ...members],
    ["ZADD", "zset", ...members.flatMap((member, n) => [n, member])],
  ]);
  return ["string", "long", "hash", "large hash", "set", "zset"];
}

describe("a key of any type", () => {
  test("goes when its time is over, to the millisecond for who looks, soon for the count", async () => {
    await using client = await connect();
    const keys = await everyType(client);
    const dueMs = Date.now() + 400;
    for (const key of keys) expect(await client.send("PEXPIREAT", key, dueMs)).toBe(1);
    for (;;) {
      const beforeMs = Date.now();
      const found = await client.send("EXISTS", ...keys);
      const afterMs = Date.now();
      if (afterMs <= dueMs) expect(found).toBe(keys.length);
      if (beforeMs > dueMs) {
        expect(found).toBe(0);
        break;
      }
    }
    await expect.poll(() => client.send("DBSIZE")).toBe(0);
  });

  test("goes from the count although nobody looks", async () => {
    await using client = await connect();
    for (const key of await everyType(client)) await client.send("PEXPIRE", key, 50);
    await client.send("SET", "stays", "v");
    await expect.poll(() => client.send("DBSIZE")).toBe(1);
  });

  test("loses its expiry with PERSIST, and by being overwritten", async () => {
    await using client = await connect();
    for (const key of await everyType(client)) {
      expect(await client.send("PERSIST", key)).toBe(0);
      await client.send("EXPIRE", key, 1000);
      expect(await client.send("PERSIST", key)).toBe(1);
      expect(await client.send("TTL", key)).toBe(-1);
      await client.send("EXPIRE", key, 1000);
      await client.send("SET", key, "overwritten");
      expect(await client.send("TTL", key)).toBe(-1);
    }
    expect(await client.send("PERSIST", "none")).toBe(0);
  });

  test("keeps its expiry when its contents change", async () => {
    await using client = await connect();
    for (const key of await everyType(client)) await client.send("PEXPIREAT", key, 33_000_000_000_000);
    await client.pipeline([
      ["APPEND", "string", "v"],
      ["SETRANGE", "long", "299999", "yyy"],
      ["HSET", "hash", "g", "v"],
      ["HDEL", "large hash", "member 1"],
      ["SADD", "set", "new"],
      ["ZINCRBY", "zset", "1", "member 1"],
    ]);
    for (const key of ["string", "long", "hash", "large hash", "set", "zset"]) {
      expect(await client.send("PEXPIRETIME", key)).toBe(33_000_000_000_000);
    }
  });

  test("goes at once when the time is past", async () => {
    await using client = await connect();
    for (const [name, time] of [
      ["EXPIRE", 0],
      ["PEXPIRE", -5],
      ["EXPIREAT", 1],
      ["PEXPIREAT", -9_223_372_036_854n],
    ] as const) {
      const keys = await everyType(client);
      for (const key of keys) expect(await client.send(name, key, time)).toBe(1);
      expect(await client.send("EXISTS", ...keys)).toBe(0);
      expect(await client.send("DBSIZE")).toBe(0);
    }
  });
});

describe("after its time is over", () => {
  test("a key can be made anew, of another type, without remains", async () => {
    await using client = await connect();
    const keys = await everyType(client);
    for (const key of keys) await client.send("PEXPIRE", key, 1);
    await expect.poll(() => client.send("EXISTS", ...keys)).toBe(0);
    for (const key of keys) expect(await client.send("HSET", key, "new", "v")).toBe(1);
    for (const key of keys) {
      expect(await client.send("HGETALL", key)).toEqual(["new", "v"]);
      expect(await client.send("TTL", key)).toBe(-1);
    }
  });

  test("writes do not bring it back", async () => {
    await using client = await connect();
    await client.pipeline([
      ["SET", "k", "10", "PX", "1"],
      ["SADD", "s", "old"],
      ["PEXPIRE", "s", "1"],
    ]);
    await expect.poll(() => client.send("EXISTS", "k", "s")).toBe(0);
    expect(await client.send("EXPIRE", "k", 100)).toBe(0);
    expect(await client.send("RENAME", "k", "l")).toEqual(error("ERR no such key"));
    expect(await client.send("COPY", "k", "l")).toBe(0);
    expect(await client.send("DEL", "k")).toBe(0);
    expect(await client.send("INCR", "k")).toBe(1);
    expect(await client.send("SADD", "s", "new")).toBe(1);
    expect(await client.send("SMEMBERS", "s")).toEqual(["new"]);
  });
});

describe("conditions", () => {
  const far = 10_000;
  test.each([
    ["NX", [1, 0, 0]],
    ["XX", [0, 1, 1]],
    ["GT", [0, 1, 0]],
    ["LT", [1, 0, 1]],
  ])("%s", async (condition, expected) => {
    await using client = await connect();
    await client.pipeline([
      ["SET", "none", "v"],
      ["SET", "sooner", "v", "EX", far - 10],
      ["SET", "later", "v", "EX", far + 10],
    ]);
    const keys = ["none", "sooner", "later"];
    const before = await client.pipeline(keys.map((key) => ["EXPIRETIME", key]));
    const replies = await client.pipeline(keys.map((key) => ["EXPIRE", key, far, condition]));
    expect(replies).toEqual(expected);
    const after = await client.pipeline(keys.map((key) => ["EXPIRETIME", key]));
    expect(after.map((time, i) => (time === before[i] ? 0 : 1))).toEqual(expected);
  });

  test("combine, and exclude each other", async () => {
    await using client = await connect();
    await client.send("SET", "k", "v");
    expect(await client.send("EXPIRE", "k", 10, "XX", "lt")).toBe(0);
    expect(await client.send("EXPIRE", "k", 10, "lt")).toBe(1);
    expect(await client.send("EXPIRE", "k", 10_000, "XX", "GT")).toBe(1);
    expect(await client.send("EXPIRE", "k", 1, "NX", "LT")).toEqual(
      error("ERR NX and XX, GT or LT options at the same time are not compatible"),
    );
    expect(await client.send("EXPIRE", "k", 1, "GT", "LT")).toEqual(
      error("ERR GT and LT options at the same time are not compatible"),
    );
    expect(await client.send("EXPIRE", "none", "x", "a\r\nb")).toEqual(error("ERR Unsupported option a  b"));
    expect(await client.send("EXPIRE", "k", -1, "GT")).toBe(0);
    expect(await client.send("EXPIRE", "k", -1, "LT")).toBe(1);
    expect(await client.send("EXISTS", "k")).toBe(0);
  });
});

test("times are told in seconds and ms, rounded as Redis rounds", async () => {
  await using client = await connect();
  await client.send("SET", "k", "v");
  expect(
    await client.pipeline(["TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME"].map((name) => [name, "k"])),
  ).toEqual([-1, -1, -1, -1]);
  expect(
    await client.pipeline(["TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME"].map((name) => [name, "none"])),
  ).toEqual([-2, -2, -2, -2]);
  await client.send("PEXPIREAT", "k", 33_000_000_000_499);
  expect(
    await client.pipeline([
      ["EXPIRETIME", "k"],
      ["PEXPIRETIME", "k"],
    ]),
  ).toEqual([33_000_000_000, 33_000_000_000_499]);
  await client.send("PEXPIREAT", "k", 33_000_000_000_500);
  expect(await client.send("EXPIRETIME", "k")).toBe(33_000_000_001);
  await client.send("EXPIRE", "k", 100);
  expect(await client.send("TTL", "k")).toBe(100);
});

test("times that do not fit 64 bits of ms are errors", async () => {
  await using client = await connect();
  await client.send("SET", "k", "v");
  const invalid = (name: string): Error => error(`ERR invalid expire time in '${name}' command`);
  expect(await client.send("EXPIRE", "k", 9_223_372_036_854_775_807n)).toEqual(invalid("expire"));
  expect(await client.send("EXPIRE", "k", 9_223_372_036_854_775n)).toEqual(invalid("expire"));
  expect(await client.send("EXPIRE", "k", -9_223_372_036_854_776n)).toEqual(invalid("expire"));
  expect(await client.send("EXPIREAT", "k", 9_223_372_036_854_776n)).toEqual(invalid("expireat"));
  expect(await client.send("PEXPIRE", "k", 9_223_372_036_854_775_807n)).toEqual(invalid("pexpire"));
  expect(await client.send("PEXPIREAT", "k", 9_223_372_036_854_775_808n)).toEqual(
    error("ERR value is not an integer or out of range"),
  );
  expect(await client.send("TTL", "k")).toBe(-1);
  expect(await client.send("PEXPIREAT", "k", 9_223_372_036_854_775_807n)).toBe(1);
  expect(await client.send("EXISTS", "k")).toBe(1);
});

test.skipIf(isRedis)("expiries outlive a crash; what ends meanwhile is gone at the start", async () => {
  await using before = await connect();
  const keys = await everyType(before);
  for (const key of keys) await before.send("PEXPIREAT", key, 33_000_000_000_000);
  const short = Array.from({ length: 2000 }, (_, n) => `short ${n}`);
  await before.pipeline(short.map((key) => ["SET", key, "v", "PX", 100]));
  await server.crashAndRestart();
  await using client = await server.connect();
  for (const key of keys) expect(await client.send("PEXPIRETIME", key)).toBe(33_000_000_000_000);
  await expect.poll(() => client.send("EXISTS", ...short)).toBe(0);
  await expect.poll(() => client.send("DBSIZE")).toBe(keys.length);
});
