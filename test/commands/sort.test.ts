import { describe, expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import { error } from "../support/plain.ts";
import { useServer } from "../support/use-server.ts";

const isRedis = process.env["TEST_SERVER"] === "redis";
/** The server's collation decides ALPHA in Redis; here it is always that of bytes. */
const server = useServer({ args: isRedis ? [] : ["--record-cache-size", "2mb"], env: { LC_ALL: "C" } });

async function connect(): Promise<Client> {
  const client = await server.connect();
  await client.send("FLUSHALL");
  return client;
}

const NOT_NUMBERS = error("ERR One or more scores can't be converted into double");

describe("elements", () => {
  test("of sets and sorted sets, as numbers", async () => {
    await using client = await connect();
    await client.send("SADD", "s", "3", "-1", "1e3", "0x10", "inf", "-inf", "2.5", "");
    const ascending = ["-inf", "-1", "", "2.5", "3", "0x10", "1e3", "inf"];
    expect(await client.send("SORT", "s")).toEqual(ascending);
    expect(await client.send("SORT", "s", "DESC")).toEqual(ascending.toReversed());
    expect(await client.send("SORT", "s", "DESC", "ASC")).toEqual(ascending);
    expect(await client.send("SORT_RO", "s", "LIMIT", 1, 3)).toEqual(["-1", "", "2.5"]);
    await client.send("ZADD", "z", 1, "10", 2, "9", 3, "11");
    expect(await client.send("SORT", "z")).toEqual(["9", "10", "11"]);
    expect(await client.send("SORT", "none")).toEqual([]);
  });

  test("as text, byte by byte", async () => {
    await using client = await connect();
    await client.send("SADD", "s", "b", "a", "B", "10", "9", "\xff", "", "ab");
    expect(await client.send("SORT", "s", "ALPHA")).toEqual(["", "10", "9", "B", "a", "ab", "b", "\xff"]);
    expect(await client.send("SORT", "s", "ALPHA", "DESC", "LIMIT", 0, 2)).toEqual(["\xff", "b"]);
  });

  test("that are equal as numbers go by their bytes", async () => {
    await using client = await connect();
    await client.send("SADD", "s", "1", "1.0", "01", "1e0", "2");
    expect(await client.send("SORT", "s")).toEqual(["01", "1", "1.0", "1e0", "2"]);
    expect(await client.send("SORT", "s", "DESC")).toEqual(["2", "1e0", "1.0", "1", "01"]);
  });

  test.each(["x", "1x", "1 ", "nan", "1e400", "1e-400"])("%j is no number", async (element) => {
    await using client = await connect();
    await client.send("SADD", "s", "1", element);
    expect(await client.send("SORT", "s")).toEqual(NOT_NUMBERS);
  });

  test("a thousand, packed or on disk", async () => {
    await using client = await connect();
    const numbers = Array.from({ length: 3000 }, (_, n) => (n * 7919) % 3001);
    await client.send("SADD", "s", ...numbers.map((n) => `${n}.5`));
    await client.send("ZADD", "z", ...numbers.flatMap((n) => [-n, `${n}.5`]));
    const ordered = numbers.toSorted((a, b) => a - b).map((n) => `${n}.5`);
    expect(await client.send("SORT", "s")).toEqual(ordered);
    expect(await client.send("SORT", "z", "LIMIT", 100, 50)).toEqual(ordered.slice(100, 150));
    expect(await client.send("SORT", "z", "BY", "nosort", "LIMIT", 0, 3)).toEqual(
      ordered.toReversed().slice(0, 3),
    );
    expect(await client.send("SORT", "z", "BY", "nosort", "DESC", "LIMIT", 1, 2)).toEqual(
      ordered.slice(1, 3),
    );
    expect(new Set((await client.send("SORT", "s", "BY", "nosort")) as string[])).toEqual(new Set(ordered));
  });
});

describe("LIMIT", () => {
  test.each([
    [0, -1, "12345"],
    [2, -1, "345"],
    [-3, 2, "12"],
    [1, 0, ""],
    [4, 10, "5"],
    [5, 1, ""],
    [99, 99, ""],
    [2, -7, "345"],
  ])("%i %i", async (offset, limit, expected) => {
    await using client = await connect();
    await client.send("SADD", "s", 1, 2, 3, 4, 5);
    await client.send("ZADD", "z", 1, 1, 2, 2, 3, 3, 4, 4, 5, 5);
    for (const command of [["s"], ["z"], ["z", "BY", "nosort"]]) {
      expect(((await client.send("SORT", ...command, "LIMIT", offset, limit)) as string[]).join("")).toBe(
        expected,
      );
    }
  });
});

describe("BY and GET", () => {
  async function withWeights(): Promise<Client> {
    const client = await connect();
    await client.send("SADD", "ids", 1, 2, 3, 4);
    await client.send(
      "MSET",
      "weight:1",
      30,
      "weight:2",
      10,
      "weight:4",
      -5,
      "name:1",
      "one",
      "name:2",
      "two",
      "name:4",
      "four",
    );
    for (const [id, rank] of [
      [1, 2],
      [2, 3],
      [4, 1],
    ]) {
      await client.send("HSET", `data:${id}`, "rank", rank!, "title", `title ${id}`);
    }
    return client;
  }

  test("keys: what is missing weighs nothing", async () => {
    await using client = await withWeights();
    expect(await client.send("SORT", "ids", "BY", "weight:*")).toEqual(["4", "3", "2", "1"]);
    expect(await client.send("SORT", "ids", "BY", "weight:*", "DESC", "LIMIT", 0, 2)).toEqual(["1", "2"]);
    expect(await client.send("SORT", "ids", "BY", "name:*", "ALPHA")).toEqual(["3", "4", "1", "2"]);
    expect(await client.send("SORT", "ids", "BY", "none:*", "DESC")).toEqual(["4", "3", "2", "1"]);
    expect(await client.send("SORT", "ids", "BY", "name:*")).toEqual(NOT_NUMBERS);
  });

  test("fields of hashes", async () => {
    await using client = await withWeights();
    expect(await client.send("SORT", "ids", "BY", "data:*->rank")).toEqual(["3", "4", "1", "2"]);
    expect(
      await client.send(
        "SORT",
        "ids",
        "BY",
        "data:*->rank",
        "GET",
        "data:*->title",
        "GET",
        "#",
        "GET",
        "name:*",
      ),
    ).toEqual([null, "3", null, "title 4", "4", "four", "title 1", "1", "one", "title 2", "2", "two"]);
  });

  test("patterns that find nothing", async () => {
    await using client = await withWeights();
    await client.send("SET", "data:*->", "not this");
    await client.send("SET", "x1->", "a string");
    await client.send("SET", "1", "itself");
    await client.send("SADD", "name:3", "not a string");
    const get = (pattern: string): Promise<unknown> =>
      client.send("SORT", "ids", "LIMIT", 0, 1, "GET", pattern);
    expect(await get("constant")).toEqual([null]);
    expect(await get("data:*")).toEqual([null]);
    expect(await get("name:*->title")).toEqual([null]);
    expect(await get("data:*->none")).toEqual([null]);
    expect(await get("x*->")).toEqual(["a string"]);
    expect(await get("*")).toEqual(["itself"]);
    expect(await get("##")).toEqual([null]);
    expect(await client.send("SORT", "ids", "LIMIT", 2, 1, "GET", "name:*")).toEqual([null]);
  });

  test("only the first star is the element's place", async () => {
    await using client = await withWeights();
    await client.send("HSET", "a1b*", "f*", "found");
    expect(await client.send("SORT", "ids", "LIMIT", 0, 1, "GET", "a*b*->f*")).toEqual(["found"]);
  });

  test("nulls are RESP3's there", async () => {
    await using client = await withWeights();
    await client.sendRaw("HELLO", "3");
    expect(await client.sendExact("SORT", "ids", "GET", "name:*")).toEqual(["one", "two", null, "four"]);
    expect((await client.sendRaw("SORT", "ids", "LIMIT", 2, 1, "GET", "name:*")).toString()).toBe(
      "*1\r\n_\r\n",
    );
  });

  test("a thousand keys and large hashes that are on disk", async () => {
    await using client = await connect();
    const ids = Array.from({ length: 1000 }, (_, n) => n);
    await client.send("SADD", "ids", ...ids);
    await client.send("MSET", ...ids.flatMap((n) => [`w${n}`, (n * 7919) % 1009]));
    await client.pipeline(
      ids.map((n) => ["HSET", `h${n}`, "f", `value ${n}`, "large", "x".repeat(n < 50 ? 5000 : 10)]),
    );
    if (!isRedis) await server.restart();
    await using again = await server.connect();
    const expected = ids
      .toSorted((a, b) => ((a * 7919) % 1009) - ((b * 7919) % 1009))
      .flatMap((n) => [String(n), `value ${n}`]);
    expect(await again.send("SORT", "ids", "BY", "w*", "GET", "#", "GET", "h*->f")).toEqual(expected);
  });
});

test("types and options that do not fit", async () => {
  await using client = await connect();
  await client.pipeline([
    ["SET", "str", "v"],
    ["HSET", "h", "f", "v"],
    ["SADD", "s", 1],
  ]);
  const wrongType = error("WRONGTYPE Operation against a key holding the wrong kind of value");
  const syntax = error("ERR syntax error");
  expect(await client.send("SORT", "str")).toEqual(wrongType);
  expect(await client.send("SORT_RO", "h")).toEqual(wrongType);
  expect(await client.send("SORT", "str", "BOGUS")).toEqual(syntax);
  for (const options of [["LIMIT", "1"], ["BY"], ["GET"], ["STORE"], ["ASC", "x"]]) {
    expect(await client.send("SORT", "s", ...options)).toEqual(syntax);
  }
  expect(await client.send("SORT", "s", "LIMIT", "a", 1)).toEqual(
    error("ERR value is not an integer or out of range"),
  );
  expect(await client.send("SORT_RO", "s", "STORE", "d")).toEqual(syntax);
});

test("STORE of nothing removes the destination", async () => {
  await using client = await connect();
  await client.pipeline([
    ["SET", "d", "v"],
    ["SADD", "s", 1],
  ]);
  expect(await client.send("SORT", "none", "STORE", "d")).toBe(0);
  expect(await client.send("EXISTS", "d")).toBe(0);
  await client.send("SET", "d", "v");
  expect(await client.send("SORT", "s", "LIMIT", 5, 1, "STORE", "d")).toBe(0);
  expect(await client.send("EXISTS", "d")).toBe(0);
});

test("STORE makes a list of whatever the key held before", async () => {
  await using client = await connect();
  await client.pipeline([
    ["SET", "d", "v", "EX", 1000],
    ["SADD", "s", 2, 1],
  ]);
  expect(await client.send("SORT", "s", "STORE", "d")).toBe(2);
  expect(await client.send("LRANGE", "d", 0, -1)).toEqual(["1", "2"]);
  expect(await client.send("TTL", "d")).toBe(-1);
});
