import { describe, expect, test } from "vitest";
import type { Argument, Client } from "../support/client.ts";
import { error } from "../support/plain.ts";
import { useServer } from "../support/use-server.ts";

const server = useServer();

async function connect(): Promise<Client> {
  const client = await server.connect();
  await client.send("FLUSHALL");
  return client;
}

/** Past what Redis packs. */
const SIZE = 1000;
const name = (i: number): string => `m${String(i).padStart(4, "0")}`;

async function fill(client: Client, key: string, scoreOf: (i: number) => number): Promise<void> {
  const pairs: Argument[] = [];
  for (let i = 0; i < SIZE; i++) pairs.push(scoreOf(i), name(i));
  expect(await client.send("ZADD", key, ...pairs)).toBe(SIZE);
}

describe("ZADD", () => {
  test("adds, changes, compares and increments", async () => {
    await using client = await connect();
    expect(await client.send("ZADD", "z", "1", "a", "2", "b", "1", "a")).toBe(2);
    expect(await client.send("ZADD", "z", "NX", "5", "a", "3", "c")).toBe(1);
    expect(await client.send("ZADD", "z", "XX", "CH", "5", "a", "9", "new")).toBe(1);
    expect(await client.send("ZADD", "z", "GT", "CH", "4", "a", "3", "b")).toBe(1);
    expect(await client.send("ZADD", "z", "INCR", "1.5", "a")).toBe("6.5");
    expect(await client.send("ZADD", "z", "NX", "INCR", "1", "a")).toBe(null);
    expect(await client.send("ZRANGE", "z", 0, -1, "WITHSCORES")).toEqual(["b", "3", "c", "3", "a", "6.5"]);
    await client.send("ZADD", "z", "inf", "a");
    expect(await client.send("ZINCRBY", "z", "-inf", "a")).toEqual(
      error("ERR resulting score is not a number (NaN)"),
    );
    expect(await client.send("ZADD", "z", "XX", "NX", "1", "a")).toEqual(
      error("ERR XX and NX options at the same time are not compatible"),
    );
    expect(await client.send("ZADD", "z", "constructor", "a")).toEqual(
      error("ERR value is not a valid float"),
    );
  });
});

describe.each([
  ["packed", 0],
  ["large", SIZE],
])("a %s sorted set", (_, size) => {
  async function filled(): Promise<Client> {
    const client = await connect();
    if (size > 0) await fill(client, "z", (i) => i);
    await client.send("ZADD", "z", "-3", "x", "-2", "y", "-1", "z");
    return client;
  }

  test("ranges from either end, by rank and by score", async () => {
    await using client = await filled();
    expect(await client.send("ZRANGE", "z", 0, 1)).toEqual(["x", "y"]);
    expect(await client.send("ZRANGE", "z", "-inf", "(0", "BYSCORE", "LIMIT", 1, 5)).toEqual(["y", "z"]);
    expect(await client.send("ZREVRANGEBYSCORE", "z", "-1", "(-3", "WITHSCORES")).toEqual([
      "z",
      "-1",
      "y",
      "-2",
    ]);
    expect(await client.send("ZREVRANGE", "z", size, -1)).toEqual(["z", "y", "x"]);
    expect(await client.send("ZCOUNT", "z", "-2", "+inf")).toBe(size + 2);
    expect(await client.send("ZRANK", "z", "z")).toBe(2);
    expect(await client.send("ZREVRANK", "z", "z")).toBe(size);
    if (size === 0) return;
    expect(await client.send("ZRANK", "z", name(500))).toBe(503);
    expect(await client.send("ZRANGE", "z", 700, 702)).toEqual([name(697), name(698), name(699)]);
    expect(await client.send("ZREVRANGE", "z", 0, -1)).toHaveLength(SIZE + 3);
  });

  test("members are moved, removed and popped; the last one takes the key along", async () => {
    await using client = await filled();
    await client.send("ZADD", "z", 5000, "x");
    expect(await client.send("ZPOPMAX", "z")).toEqual(["x", "5000"]);
    expect(await client.send("ZPOPMIN", "z", 2)).toEqual(["y", "-2", "z", "-1"]);
    expect(await client.send("ZREM", "z", name(0), name(0), name(1), "none")).toBe(Math.min(size, 2));
    expect(await client.send("ZREMRANGEBYSCORE", "z", "(10", "20")).toBe(Math.min(size, 10));
    expect(await client.send("ZREMRANGEBYRANK", "z", 0, -2)).toBe(Math.max(size - 13, 0));
    expect(await client.send("ZREM", "z", name(SIZE - 1), name(SIZE - 1))).toBe(Math.min(size, 1));
    expect(await client.send("EXISTS", "z")).toBe(0);
  });

  test("is scanned whole, and drawn from", async () => {
    await using client = await filled();
    const found = new Map<string, string>();
    let cursor = "0";
    do {
      const [next, items] = (await client.send("ZSCAN", "z", cursor)) as [string, string[]];
      for (let i = 0; i < items.length; i += 2) found.set(items[i]!, items[i + 1]!);
      cursor = next;
    } while (cursor !== "0");
    expect(found.size).toBe(size + 3);
    expect(found.get("x")).toBe("-3");
    expect(new Set((await client.send("ZRANDMEMBER", "z", 3)) as string[]).size).toBe(3);
    expect(await client.send("ZRANDMEMBER", "z", -2000)).toHaveLength(2000);
  });
});

test("ranges by member", async () => {
  await using client = await connect();
  await fill(client, "z", () => 0);
  expect(await client.send("ZRANGEBYLEX", "z", `(${name(9)}`, `[${name(11)}`)).toEqual([name(10), name(11)]);
  expect(await client.send("ZRANGE", "z", "+", `(${name(997)}`, "BYLEX", "REV")).toEqual([
    name(999),
    name(998),
  ]);
  expect(await client.send("ZLEXCOUNT", "z", "-", `(${name(5)}`)).toBe(5);
  expect(await client.send("ZREMRANGEBYLEX", "z", `[${name(1)}`, "+")).toBe(SIZE - 1);
});

test("unions, intersections and differences, with sets among them", async () => {
  await using client = await connect();
  await client.send("ZADD", "one", "1", "a", "2", "b", "inf", "c");
  await client.send("ZADD", "two", "10", "b", "-inf", "c");
  await client.send("SADD", "set", "b");
  expect(await client.send("ZUNION", 2, "one", "two", "WITHSCORES")).toEqual(["c", "0", "a", "1", "b", "12"]);
  expect(await client.send("ZINTERSTORE", "out", 3, "one", "two", "set", "WEIGHTS", 2, 1, 100)).toBe(1);
  expect(await client.send("ZSCORE", "out", "b")).toBe("114");
  expect(await client.send("ZINTERCARD", 2, "one", "two", "LIMIT", 1)).toBe(1);
  expect(await client.send("ZDIFFSTORE", "one", 2, "one", "set")).toBe(2);
  expect(await client.send("ZRANGESTORE", "out", "one", 0, 0)).toBe(1);
  expect(await client.send("ZRANGE", "out", 0, -1)).toEqual(["a"]);
});

test("RESP3 pairs members with their scores", async () => {
  await using client = await server.connect3();
  await client.sendRaw("DEL", "pairs");
  await client.sendRaw("ZADD", "pairs", "1", "a", "2.5", "b");
  expect(await client.sendExact("ZRANGE", "pairs", 1, 1, "WITHSCORES")).toEqual([["b", { double: "2.5" }]]);
  expect(await client.sendExact("ZMPOP", 2, "none", "pairs", "MAX")).toEqual([
    "pairs",
    [["b", { double: "2.5" }]],
  ]);
  expect(await client.sendExact("ZPOPMIN", "pairs")).toEqual(["a", { double: "1" }]);
  expect(await client.sendExact("ZPOPMIN", "pairs", 1)).toEqual([]);
});
