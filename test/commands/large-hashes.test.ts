import { afterAll, beforeAll, expect, test } from "vitest";
import { Random } from "../../src/support/random.ts";
import type { Client } from "../support/client.ts";
import { useServer } from "../support/use-server.ts";

const isRedis = process.env["TEST_SERVER"] === "redis";
/** The hash of this file is many times as large as the memory that it may take: it lives on disk. */
const server = useServer({ args: isRedis ? [] : ["--record-cache-size", "1mb"] });
let client: Client;
let client3: Client;

const SIZE = 20_000;
const model = new Map<string, string>();

beforeAll(async () => {
  await connect();
  for (let from = 0; from < SIZE; from += 1000) {
    const pairs = Array.from({ length: 1000 }, (_, i) => [
      `field:${from + i}`,
      `value ${from + i} ${"-".repeat(100)}`,
    ]);
    for (const [field, value] of pairs) model.set(field!, value!);
    await client.send("HSET", "h", ...pairs.flat());
  }
});
afterAll(async () => {
  await client.close();
  await client3.close();
});

async function connect(): Promise<void> {
  client = await server.connect();
  client3 = await server.connect3();
}

async function expectAllAsInModel(): Promise<void> {
  expect(await client.send("HLEN", "h")).toBe(model.size);
  const { map } = (await client3.sendExact("HGETALL", "h")) as { map: [string, string][] };
  expect(map.length).toBe(model.size);
  expect(map.every(([field, value]) => model.get(field) === value)).toBe(true);
}

test("all of it: as a map, its fields, its values", async () => {
  await expectAllAsInModel();
  const fields = (await client.send("HKEYS", "h")) as string[];
  expect(fields.length).toBe(SIZE);
  expect(new Set(fields)).toEqual(new Set(model.keys()));
  expect(((await client.send("HVALS", "h")) as string[]).toSorted()).toEqual([...model.values()].toSorted());
  expect(((await client.send("HGETALL", "h")) as string[]).length).toBe(2 * SIZE);
});

test("a full read is of one moment, whatever is written behind it", async () => {
  const replies = await client.pipeline([
    ["HGETALL", "h"],
    ["HSET", "h", "field:7", "changed", "behind", "x"],
    ["HDEL", "h", "field:8"],
    ["HLEN", "h"],
    ["HMGET", "h", "field:7", "field:8", "behind"],
  ]);
  const before = replies[0] as string[];
  expect(before.length).toBe(2 * SIZE);
  expect(before[before.indexOf("field:7") + 1]).toBe(model.get("field:7"));
  expect(before.includes("behind")).toBe(false);
  expect(replies.slice(3)).toEqual([SIZE, ["changed", null, "x"]]);
  model.set("field:7", "changed").set("behind", "x").delete("field:8");
  await expectAllAsInModel();
});

test("random changes of many fields at once agree with a Map", async () => {
  const random = new Random(3);
  for (let i = 0; i < 60; i++) {
    const fields = Array.from({ length: 1 + random.below(100) }, () => `field:${random.below(SIZE * 1.1)}`);
    if (random.below(3) === 0) {
      const there = new Set(fields.filter((field) => model.has(field)));
      expect(await client.send("HDEL", "h", ...fields)).toBe(there.size);
      for (const field of there) model.delete(field);
    } else {
      const added = new Set(fields.filter((field) => !model.has(field)));
      expect(await client.send("HSET", "h", ...fields.flatMap((field) => [field, `${i}`]))).toBe(added.size);
      for (const field of fields) model.set(field, `${i}`);
    }
    expect(await client.send("HMGET", "h", ...fields)).toEqual(
      fields.map((field) => model.get(field) ?? null),
    );
    expect(await client.send("HLEN", "h")).toBe(model.size);
  }
  await expectAllAsInModel();
});

test("HSCAN meets every field once, with any COUNT", async () => {
  for (const count of ["10", "3000"]) {
    const seen: string[] = [];
    let cursor = "0";
    do {
      const [next, items] = (await client.send("HSCAN", "h", cursor, "COUNT", count)) as [string, string[]];
      for (let i = 0; i < items.length; i += 2) {
        seen.push(items[i]!);
        if (model.get(items[i]!) !== items[i + 1]) expect.fail(`wrong value of ${items[i]}`);
      }
      cursor = next;
    } while (cursor !== "0");
    expect(seen.length).toBe(model.size);
    expect(new Set(seen).size).toBe(model.size);
  }
});

test("counters and conditions on single fields", async () => {
  expect(await client.send("HINCRBY", "h", "counter", "5")).toBe(5);
  expect(await client.send("HINCRBY", "h", "counter", "5")).toBe(10);
  expect(await client.send("HINCRBYFLOAT", "h", "counter", "0.5")).toBe("10.5");
  expect(await client.send("HSETNX", "h", "counter", "x")).toBe(0);
  expect(await client.send("HSETNX", "h", "once", "x")).toBe(1);
  expect(await client.send("HSTRLEN", "h", "counter")).toBe(4);
  expect(await client.send("HEXISTS", "h", "none")).toBe(0);
  expect(await client.send("HDEL", "h", "counter", "once")).toBe(2);
});

test.skipIf(isRedis)("it survives a crash and an orderly restart", async () => {
  await client.send("HSET", "h", "last", "before the crash");
  model.set("last", "before the crash");
  await server.crashAndRestart();
  await connect();
  await expectAllAsInModel();
  await client.send("HDEL", "h", "last");
  model.delete("last");
  await server.restart();
  await connect();
  await expectAllAsInModel();
});

test("it is gone at once", async () => {
  expect(await client.send("DEL", "h")).toBe(1);
  expect(await client.send("HLEN", "h")).toBe(0);
  expect(await client.send("HGET", "h", "field:1")).toBe(null);
  expect(await client.send("HSET", "h", "field:1", "new")).toBe(1);
  expect(await client.send("HGETALL", "h")).toEqual(["field:1", "new"]);
});
