import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import { error } from "../support/plain.ts";
import { useServer } from "../support/use-server.ts";
import { variant } from "../support/variant.ts";

const server = useServer();
let client: Client;
let client3: Client;

beforeAll(async () => {
  client = await server.connect();
  client3 = await server.connect3();
});
afterAll(async () => {
  await client.close();
  await client3.close();
});
beforeEach(async () => {
  await client.send("FLUSHALL");
});

const WRONG_TYPE = error("WRONGTYPE Operation against a key holding the wrong kind of value");

/** Small enough to be packed, and too large for it. */
const sizes = [10, 500];

function fieldsOf(size: number): [string, string][] {
  return Array.from({ length: size }, (_, i) => [`field:${i}`, `value ${i}`]);
}

function sorted(reply: unknown): string[] {
  return (reply as string[]).toSorted();
}

describe.each(sizes)("a hash of %i fields", (size) => {
  const pairs = fieldsOf(size);
  const names = pairs.map(([field]) => field);
  const values = pairs.map(([, value]) => value);

  beforeEach(async () => {
    await client.send("HSET", "h", ...pairs.flat());
  });

  test("fields are set, overwritten, read and counted", async () => {
    expect(await client.send("HLEN", "h")).toBe(size);
    expect(await client.send("HGET", "h", "field:3")).toBe("value 3");
    expect(await client.send("HSET", "h", "field:3", "other", "new", "x", "field:4", "y")).toBe(1);
    expect(await client.send("HMGET", "h", "field:3", "none", "new", "field:4")).toEqual([
      "other",
      null,
      "x",
      "y",
    ]);
    expect(await client.send("HEXISTS", "h", "new")).toBe(1);
    expect(await client.send("HEXISTS", "h", "none")).toBe(0);
    expect(await client.send("HSTRLEN", "h", "field:3")).toBe(5);
    expect(await client.send("HSTRLEN", "h", "none")).toBe(0);
    expect(await client.send("HLEN", "h")).toBe(size + 1);
    expect(await client.send("HSETNX", "h", "new", "z")).toBe(0);
    expect(await client.send("HSETNX", "h", "newer", "z")).toBe(1);
    expect(await client.send("HGET", "h", "new")).toBe("x");
  });

  test("all of it", async () => {
    const all = (await client.send("HGETALL", "h")) as string[];
    expect(Object.fromEntries(all.flatMap((item, i) => (i % 2 === 0 ? [[item, all[i + 1]]] : [])))).toEqual(
      Object.fromEntries(pairs),
    );
    expect(sorted(await client.send("HKEYS", "h"))).toEqual(names.toSorted());
    expect(sorted(await client.send("HVALS", "h"))).toEqual(values.toSorted());
    const map = (await client3.sendExact("HGETALL", "h")) as { map: [string, string][] };
    expect(Object.fromEntries(map.map)).toEqual(Object.fromEntries(pairs));
  });

  test("deleted fields are gone, the last one takes the key along", async () => {
    expect(await client.send("HDEL", "h", "none", "field:0", "field:0", "field:5")).toBe(2);
    expect(await client.send("HGET", "h", "field:0")).toBe(null);
    expect(await client.send("HLEN", "h")).toBe(size - 2);
    expect(await client.send("HDEL", "h", ...names)).toBe(size - 2);
    expect(await client.send("EXISTS", "h")).toBe(0);
    expect(await client.send("HSET", "h", "a", "1")).toBe(1);
    expect(await client.send("HGETALL", "h")).toEqual(["a", "1"]);
  });

  test("HSCAN meets every field, in steps of any size", async () => {
    for (const count of ["1", "7", "10000"]) {
      const found = new Map<string, string>();
      let cursor = "0";
      let steps = 0;
      do {
        const [next, items] = (await client.send("HSCAN", "h", cursor, "COUNT", count)) as [string, string[]];
        for (let i = 0; i < items.length; i += 2) found.set(items[i]!, items[i + 1]!);
        cursor = next;
        expect(++steps).toBeLessThan(10 * size);
      } while (cursor !== "0");
      expect(Object.fromEntries(found)).toEqual(Object.fromEntries(pairs));
    }
  });

  test("HSCAN with a pattern gives values along with the fields that match", async () => {
    const found: string[] = [];
    let cursor = "0";
    do {
      const [next, items] = (await client.send("HSCAN", "h", cursor, "MATCH", "*:[12]")) as [
        string,
        string[],
      ];
      found.push(...items);
      cursor = next;
    } while (cursor !== "0");
    expect(found.toSorted()).toEqual(["field:1", "field:2", "value 1", "value 2"]);
  });

  test("HSCAN does not miss a field while others come and go", async () => {
    const found = new Set<string>();
    let cursor = "0";
    let round = 0;
    do {
      const [next, items] = (await client.send("HSCAN", "h", cursor, "COUNT", "20")) as [string, string[]];
      for (let i = 0; i < items.length; i += 2) found.add(items[i]!);
      cursor = next;
      await client.send("HDEL", "h", `extra:${round - 1}`);
      await client.send("HSET", "h", `extra:${round++}`, "x");
    } while (cursor !== "0");
    expect(names.filter((name) => !found.has(name))).toEqual([]);
  });
});

describe("replies and errors", () => {
  test("what is absent", async () => {
    expect(await client.send("HGET", "none", "f")).toBe(null);
    expect(await client.send("HMGET", "none", "f", "g")).toEqual([null, null]);
    expect(await client.send("HGETALL", "none")).toEqual([]);
    expect(await client.send("HKEYS", "none")).toEqual([]);
    expect(await client.send("HSCAN", "none", "0")).toEqual(["0", []]);
    expect(await client.send("HDEL", "none", "f")).toBe(0);
    expect(await client3.sendExact("HGETALL", "none")).toEqual({ map: [] });
    expect(await client3.sendExact("HGET", "none", "f")).toBe(null);
  });

  test("HMSET answers OK; pairs must be whole", async () => {
    expect(await client3.sendExact("HMSET", "h", "a", "1", "b", "2")).toEqual({ status: "OK" });
    expect(await client.send("HSET", "h", "a", "1", "b")).toEqual(
      error("ERR wrong number of arguments for 'hset' command"),
    );
    expect(await client.send("HMSET", "h", "a", "1", "b")).toEqual(
      error("ERR wrong number of arguments for 'hmset' command"),
    );
  });

  test.skipIf(variant === "unpacked")("a packed hash keeps the order in which fields came", async () => {
    await client.send("HSET", "h", "z", "1", "a", "2", "m", "3");
    await client.send("HSET", "h", "z", "9", "b", "4");
    expect(await client.send("HGETALL", "h")).toEqual(["z", "9", "a", "2", "m", "3", "b", "4"]);
  });

  test("other types", async () => {
    await client.send("SET", "s", "v");
    for (const command of [
      ["HSET", "s", "f", "v"],
      ["HGET", "s", "f"],
      ["HMGET", "s", "f"],
      ["HDEL", "s", "f"],
      ["HLEN", "s"],
      ["HGETALL", "s"],
      ["HSCAN", "s", "0"],
      ["HINCRBY", "s", "f", "1"],
      ["HRANDFIELD", "s"],
      ["HRANDFIELD", "s", "2"],
    ]) {
      expect(await client.send(...command)).toEqual(WRONG_TYPE);
    }
  });

  test("HSCAN says what is wrong with its arguments", async () => {
    await client.send("HSET", "h", "f", "v");
    expect(await client.send("HSCAN", "h", "x")).toEqual(error("ERR invalid cursor"));
    expect(await client.send("HSCAN", "h", "0", "COUNT", "0")).toEqual(error("ERR syntax error"));
    expect(await client.send("HSCAN", "h", "0", "MATCH")).toEqual(error("ERR syntax error"));
    expect(await client.send("HSCAN", "h", "0", "TYPE", "hash")).toEqual(error("ERR syntax error"));
    expect(await client.send("HSCAN", "none", "0", "COUNT", "0")).toEqual(["0", []]);
  });

  test("binary fields and values", async () => {
    const bytes = "\0\r\n\xff\x80";
    await client.send("HSET", "h", bytes, bytes, "", "");
    expect(await client.send("HGET", "h", bytes)).toBe(bytes);
    expect(await client.send("HGET", "h", "")).toBe("");
    expect(sorted(await client.send("HKEYS", "h"))).toEqual(["", bytes]);
  });
});

describe("counters", () => {
  test("HINCRBY", async () => {
    expect(await client.send("HINCRBY", "h", "n", "5")).toBe(5);
    expect(await client.send("HINCRBY", "h", "n", "-7")).toBe(-2);
    expect(await client.send("HGET", "h", "n")).toBe("-2");
    await client.send("HSET", "h", "n", "9223372036854775806", "text", "abc", "blank", " 1");
    expect(await client.send("HINCRBY", "h", "n", "1")).toBe(9223372036854775807n);
    expect(await client.send("HINCRBY", "h", "n", "1")).toEqual(
      error("ERR increment or decrement would overflow"),
    );
    expect(await client.send("HINCRBY", "h", "text", "1")).toEqual(error("ERR hash value is not an integer"));
    expect(await client.send("HINCRBY", "h", "blank", "1")).toEqual(
      error("ERR hash value is not an integer"),
    );
    expect(await client.send("HINCRBY", "h", "n", "1.5")).toEqual(
      error("ERR value is not an integer or out of range"),
    );
  });

  test("HINCRBYFLOAT", async () => {
    expect(await client.send("HINCRBYFLOAT", "h", "f", "10.5")).toBe("10.5");
    expect(await client.send("HINCRBYFLOAT", "h", "f", "0.1")).toBe("10.6");
    expect(await client.send("HINCRBYFLOAT", "h", "f", "5.0e3")).toBe("5010.60000000000000009");
    await client.send("HSET", "h", "text", "abc");
    expect(await client.send("HINCRBYFLOAT", "h", "text", "1")).toEqual(
      error("ERR hash value is not a float"),
    );
    expect(await client.send("HINCRBYFLOAT", "h", "f", "x")).toEqual(error("ERR value is not a valid float"));
    expect(await client.send("HINCRBYFLOAT", "h", "f", "inf")).toEqual(error("ERR value is NaN or Infinity"));
    expect(await client.send("HINCRBYFLOAT", "none", "f", "x")).toEqual(
      error("ERR value is not a valid float"),
    );
    expect(await client.send("EXISTS", "none")).toBe(0);
  });
});
