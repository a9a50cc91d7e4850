import { describe, expect, test } from "vitest";
import type { Argument, Client } from "../support/client.ts";
import { error } from "../support/plain.ts";
import { useServer } from "../support/use-server.ts";

const isRedis = process.env["TEST_SERVER"] === "redis";
/** Much less memory than the data take: what the tests look at is on disk, or not yet written, or in memory. */
const server = useServer({ args: isRedis ? [] : ["--record-cache-size", "2mb"] });

async function connect(): Promise<Client> {
  const client = await server.connect();
  await client.send("FLUSHALL");
  return client;
}

const sorted = (reply: unknown): string[] => [...(reply as string[])].sort();

async function fill(client: Client, key: string, count: number): Promise<void> {
  for (let from = 0; from < count; from += 1000) {
    const fields = Array.from({ length: Math.min(1000, count - from) }, (_, i) => [
      `f${from + i}`,
      `v${from + i}`,
    ]);
    await client.send("HSET", key, ...fields.flat());
  }
}

/** What every type has a key of, small and large. */
async function oneOfEach(client: Client): Promise<Map<string, Argument[]>> {
  const members = Array.from({ length: 600 }, (_, n) => `member ${n}`);
  const commands: Argument[][] = [
    ["SET", "string", "v"],
    ["SET", "number", "12"],
    ["SET", "long string", "x".repeat(600_000)],
    ["HSET", "hash", "f", "v"],
    ["HSET", "large hash", ...members.flatMap((member) => [member, "v"])],
    ["SADD", "set", "a"],
    ["SADD", "integers", 3, 1, 2],
    ["SADD", "large set", ...members],
    ["ZADD", "zset", 1, "a"],
    ["ZADD", "large zset", ...members.flatMap((member, n) => [n, member])],
  ];
  for (const reply of await client.pipeline(commands)) expect(reply).not.toBeInstanceOf(Error);
  return new Map(commands.map(([, key, ...rest]) => [key as string, rest]));
}

const TYPES: Record<string, string> = {
  string: "string",
  number: "string",
  "long string": "string",
  hash: "hash",
  "large hash": "hash",
  set: "set",
  integers: "set",
  "large set": "set",
  zset: "zset",
  "large zset": "zset",
};

/** All that a client can see of a value. */
async function contents(client: Client, key: string): Promise<unknown> {
  switch (await client.send("TYPE", key)) {
    case "string":
      return client.send("GET", key);
    case "hash":
      return sorted(pairs((await client.send("HGETALL", key)) as string[]));
    case "set":
      return sorted(await client.send("SMEMBERS", key));
    case "zset":
      return client.send("ZRANGE", key, 0, -1, "WITHSCORES");
    default:
      return null;
  }
}

function pairs(flat: readonly string[]): string[] {
  return flat.flatMap((field, at) => (at % 2 === 0 ? [`${field}=${flat[at + 1]}`] : []));
}

describe("what there is", () => {
  test("each key has one type, and goes with DEL", async () => {
    await using client = await connect();
    const keys = [...(await oneOfEach(client)).keys()];
    for (const key of keys) expect(await client.send("TYPE", key)).toBe(TYPES[key]);
    expect(await client.send("EXISTS", ...keys, "none", keys[0]!)).toBe(keys.length + 1);
    expect(await client.send("TOUCH", ...keys, "none")).toBe(keys.length);
    expect(await client.send("DEL", ...keys.slice(5), "none", keys[9]!)).toBe(5);
    expect(await client.send("UNLINK", ...keys)).toBe(5);
    expect(await client.send("EXISTS", ...keys)).toBe(0);
    expect(await client.send("DBSIZE")).toBe(0);
    expect(await client.send("TYPE", "string")).toBe("none");
  });

  test("a thousand keys in one command", async () => {
    await using client = await connect();
    const keys = Array.from({ length: 1000 }, (_, n) => `key ${n}`);
    await client.send("MSET", ...keys.flatMap((key) => [key, "v"]));
    expect(await client.send("EXISTS", ...keys, "none")).toBe(1000);
    expect(await client.send("DEL", ...keys.slice(500), "none")).toBe(500);
    expect(await client.send("UNLINK", ...keys)).toBe(500);
  });

  test("keys are bytes, the empty one too", async () => {
    await using client = await connect();
    for (const key of ["", "\0", "\xff\xfe", "a\r\nb", "x".repeat(100_000)]) {
      expect(await client.send("SET", key, "v")).toBe("OK");
      expect(await client.send("RENAME", key, "other")).toBe("OK");
      expect(await client.send("RENAME", "other", key)).toBe("OK");
      expect(await client.send("KEYS", "*")).toEqual([key]);
      expect(await client.send("RANDOMKEY")).toBe(key);
      expect(await client.send("DEL", key)).toBe(1);
    }
  });
});

describe("RENAME, MOVE and COPY", () => {
  test("take all of a value along, its expiry and encoding too", async () => {
    await using client = await connect();
    await using other = await server.connect();
    await other.send("SELECT", 1);
    const given = await oneOfEach(client);
    await client.send("APPEND", "number", "3");
    for (const key of given.keys()) {
      await client.send("PEXPIREAT", key, 33_000_000_000_000);
      const before = await contents(client, key);
      const encoding = await client.send("OBJECT", "ENCODING", key);
      const expectAt = async (at: Client, place: string): Promise<void> => {
        expect(await contents(at, place)).toEqual(before);
        expect(await at.send("PEXPIRETIME", place)).toBe(33_000_000_000_000);
        expect(await at.send("OBJECT", "ENCODING", place)).toBe(encoding);
      };
      expect(await client.send("RENAME", key, "renamed")).toBe("OK");
      await expectAt(client, "renamed");
      expect(await client.send("EXISTS", key)).toBe(0);
      expect(await client.send("RENAMENX", "renamed", key)).toBe(1);
      expect(await client.send("MOVE", key, 1)).toBe(1);
      await expectAt(other, key);
      expect(await client.send("EXISTS", key)).toBe(0);
      expect(await other.send("COPY", key, "copy", "DB", 0, "REPLACE")).toBe(1);
      await expectAt(client, "copy");
      await expectAt(other, key);
    }
    expect(await client.send("DBSIZE")).toBe(1);
    expect(await other.send("DBSIZE")).toBe(given.size);
  });

  test("the place that they go to loses what it had, expiry included", async () => {
    await using client = await connect();
    for (const command of [
      ["RENAME", "source", "place"],
      ["COPY", "source", "place", "REPLACE"],
    ]) {
      await client.send("FLUSHDB");
      await fill(client, "place", 2000);
      await client.send("EXPIRE", "place", 1000);
      await client.send("SET", "source", "v");
      await client.send(...command);
      expect(await client.send("GET", "place")).toBe("v");
      expect(await client.send("TTL", "place")).toBe(-1);
      expect(await client.send("DBSIZE")).toBe(command[0] === "COPY" ? 2 : 1);
    }
  });

  test("a copy and its source change apart", async () => {
    await using client = await connect();
    for (const count of [3, 3000]) {
      await client.send("FLUSHDB");
      await fill(client, "h", count);
      await client.send("SADD", "s", ...Array.from({ length: count }, (_, n) => `m${n}`));
      await client.send("ZADD", "z", ...Array.from({ length: count }, (_, n) => [n, `m${n}`]).flat());
      for (const key of ["h", "s", "z"]) expect(await client.send("COPY", key, `${key}2`)).toBe(1);
      await client.send("HSET", "h", "f0", "changed", "new", "v");
      await client.send("HDEL", "h2", "f1");
      await client.send("SREM", "s", "m0");
      await client.send("SADD", "s2", "new");
      await client.send("ZADD", "z", 5, "m0");
      await client.send("ZREM", "z2", "m1");
      expect(await client.send("HMGET", "h", "f0", "f1", "new")).toEqual(["changed", "v1", "v"]);
      expect(await client.send("HMGET", "h2", "f0", "f1", "new")).toEqual(["v0", null, null]);
      expect(await client.send("SMISMEMBER", "s", "m0", "new")).toEqual([0, 0]);
      expect(await client.send("SMISMEMBER", "s2", "m0", "new")).toEqual([1, 1]);
      expect(await client.send("ZMSCORE", "z", "m0", "m1")).toEqual(["5", "1"]);
      expect(await client.send("ZMSCORE", "z2", "m0", "m1")).toEqual(["0", null]);
      expect(await client.send("DEL", "h", "s", "z")).toBe(3);
      expect(await client.send("HLEN", "h2")).toBe(count - 1);
      expect(await client.send("SCARD", "s2")).toBe(count + 1);
      expect(await client.send("ZCARD", "z2")).toBe(count - 1);
    }
  });

  test("of keys that are not there, or the same", async () => {
    await using client = await connect();
    await client.send("SET", "k", "v");
    expect(await client.send("RENAME", "none", "k")).toEqual(error("ERR no such key"));
    expect(await client.send("RENAMENX", "none", "none")).toEqual(error("ERR no such key"));
    expect(await client.send("RENAME", "k", "k")).toBe("OK");
    expect(await client.send("RENAMENX", "k", "k")).toBe(0);
    const same = error("ERR source and destination objects are the same");
    expect(await client.send("COPY", "k", "k")).toEqual(same);
    expect(await client.send("COPY", "k", "k", "DB", 0, "REPLACE")).toEqual(same);
    expect(await client.send("MOVE", "k", 0)).toEqual(same);
    expect(await client.send("MOVE", "k", 16)).toEqual(error("ERR DB index is out of range"));
    expect(await client.send("GET", "k")).toBe("v");
  });

  test.skipIf(isRedis)("what they did is there after a crash, and nothing else", async () => {
    await using before = await connect();
    await fill(before, "h", 3000);
    await before.send("SET", "k", "v");
    await before.pipeline([
      ["RENAME", "h", "renamed"],
      ["COPY", "renamed", "copy"],
      ["MOVE", "renamed", "2"],
      ["RENAME", "k", "k2"],
      ["FLUSHDB"],
      ["SET", "after", "v"],
    ]);
    await server.crashAndRestart();
    await using client = await server.connect();
    expect(await client.send("KEYS", "*")).toEqual(["after"]);
    expect(await client.send("DBSIZE")).toBe(1);
    await client.send("SELECT", 2);
    expect(await client.send("HLEN", "renamed")).toBe(3000);
    expect(await client.send("HGET", "renamed", "f2999")).toBe("v2999");
  });
});

describe("KEYS", () => {
  test("takes any pattern", async () => {
    await using client = await connect();
    const names = ["", "user:1", "user:10", "user:2", "use", "users", "user:\xff", "*", "a*b", "x[1]", "\\"];
    for (const name of names) await client.send("SET", name, "v");
    const expectations: [string, string[]][] = [
      ["*", names],
      ["user:*", ["user:1", "user:10", "user:2", "user:\xff"]],
      ["user:?", ["user:1", "user:2", "user:\xff"]],
      ["user:1", ["user:1"]],
      ["user", []],
      ["use*[0-9]", ["user:1", "user:10", "user:2"]],
      ["*1", ["user:1"]],
      ["", [""]],
      ["\\*", ["*"]],
      ["a\\*b", ["a*b"]],
      ["x\\[1]", ["x[1]"]],
      ["**", names.filter((name) => name !== "")],
      ["[^u]*", ["*", "a*b", "x[1]", "\\"]],
    ];
    for (const [pattern, found] of expectations) {
      expect([pattern, sorted(await client.send("KEYS", pattern))]).toEqual([pattern, sorted(found)]);
    }
  });

  test("of more keys than are collected come as they are read", async () => {
    await using client = await connect();
    const count = 120_000;
    for (let from = 0; from < count; from += 10_000) {
      await client.send("MSET", ...Array.from({ length: 10_000 }, (_, n) => [`key:${from + n}`, "v"]).flat());
    }
    const [, , all, , even] = await client.pipeline([
      ["SET", "unwritten:0", "v"],
      ["DEL", "key:7", "key:9"],
      ["KEYS", "*"],
      ["SET", "too late", "v"],
      ["KEYS", "key:*[02468]"],
    ]);
    expect(new Set(all as string[])).toEqual(
      new Set(
        ["unwritten:0", ...Array.from({ length: count }, (_, n) => `key:${n}`)].filter(
          (k) => k !== "key:7" && k !== "key:9",
        ),
      ),
    );
    expect((all as string[]).length).toBe(count - 1);
    expect((even as string[]).length).toBe(count / 2);
  });

  test("does not show what has expired", async () => {
    await using client = await connect();
    await client.pipeline([
      ["SET", "gone", "v", "PX", "1"],
      ["SET", "stays", "v"],
    ]);
    await expect.poll(() => client.send("KEYS", "*")).toEqual(["stays"]);
  });
});

describe("RANDOMKEY", () => {
  test("gives each key its turn", async () => {
    await using client = await connect();
    expect(await client.send("RANDOMKEY")).toBeNull();
    const names = ["a", "zzz", ...Array.from({ length: 200 }, (_, n) => `user:${n}`)];
    await client.send("MSET", ...names.flatMap((name) => [name, "v"]));
    const drawn = await client.pipeline(Array.from({ length: 3000 }, () => ["RANDOMKEY"]));
    expect(drawn.filter((key) => !names.includes(key as string))).toEqual([]);
    // With equal odds a key is missed by all with a chance of one in three million, and drawn so often with less.
    const times = names.map((name) => drawn.filter((key) => key === name).length);
    expect(times.filter((n) => n === 0).length).toBeLessThan(2);
    expect(Math.max(...times)).toBeLessThan(50);
  });

  test("does not give what has expired", async () => {
    await using client = await connect();
    await client.pipeline([
      ["SET", "gone", "v", "PX", "1"],
      ["SET", "stays", "v"],
    ]);
    await expect.poll(() => client.send("GET", "gone")).toBeNull();
    const drawn = await client.pipeline(Array.from({ length: 50 }, () => ["RANDOMKEY"]));
    expect(new Set(drawn)).toEqual(new Set(["stays"]));
  });
});

describe("OBJECT and MEMORY", () => {
  test("idle time counts from the last access, to which these commands do not belong", async () => {
    await using client = await connect();
    await client.send("SET", "k", "v");
    await expect.poll(() => client.send("OBJECT", "IDLETIME", "k"), { timeout: 5000 }).toBe(1);
    for (const command of [
      ["TYPE", "k"],
      ["EXISTS", "k"],
      ["TTL", "k"],
      ["OBJECT", "ENCODING", "k"],
      ["MEMORY", "USAGE", "k"],
    ]) {
      await client.send(...command);
    }
    expect(await client.send("OBJECT", "IDLETIME", "k")).toBeGreaterThanOrEqual(1);
    await client.send("TOUCH", "k");
    expect(await client.send("OBJECT", "IDLETIME", "k")).toBe(0);
  });

  test("the references to small numbers are as many as Redis says", async () => {
    await using client = await connect();
    await client.pipeline([
      ["SET", "k", "9999"],
      ["SET", "l", "10000"],
      ["SET", "m", "-1"],
      ["SET", "n", "01"],
      ["INCR", "i"],
    ]);
    const counts = await client.pipeline(
      ["k", "l", "m", "n", "i", "none"].map((key) => ["OBJECT", "REFCOUNT", key]),
    );
    expect(counts).toEqual([2 ** 31 - 1, 1, 1, 1, 2 ** 31 - 1, null]);
  });

  test("a key's memory grows with what it holds, wherever that is", async () => {
    await using client = await connect();
    const usage = async (key: string): Promise<number> =>
      (await client.send("MEMORY", "USAGE", key)) as number;
    await client.send("SET", "s", "v");
    await client.send("SET", "l", "x".repeat(1_000_000));
    await fill(client, "h", 10);
    await fill(client, "large", 10_000);
    expect(await usage("s")).toBeGreaterThan(3);
    expect(await usage("l")).toBeGreaterThan(1_000_000);
    expect(await usage("large")).toBeGreaterThan(50 * (await usage("h")));
    expect(await client.send("MEMORY", "USAGE", "large", "SAMPLES", 0)).toBeGreaterThan(100_000);
    expect(await client.send("MEMORY", "USAGE", "large", "SAMPLES", -1)).toEqual(error("ERR syntax error"));
  });
});
