import { afterAll, beforeAll, expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import { useServer } from "../support/use-server.ts";

const isRedis = process.env["TEST_SERVER"] === "redis";
/** The stream of this file is many times as large as the memory that it may take: it lives on disk. */
const server = useServer({ args: isRedis ? [] : ["--record-cache-size", "1mb"] });
let client: Client;

const SIZE = 20_000;
const FILLER = "-".repeat(100);
const entry = (n: number): [string, string[]] => [`${n}-0`, ["n", String(n), "filler", FILLER]];
const entries = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => entry(from + i));

beforeAll(async () => {
  client = await server.connect();
  for (let from = 1; from <= SIZE; from += 1000) {
    await client.pipeline(
      Array.from({ length: 1000 }, (_, i) => [
        "XADD",
        "x",
        `${from + i}-0`,
        "n",
        String(from + i),
        "filler",
        FILLER,
      ]),
    );
  }
});
afterAll(() => client.close());

test("ranges of any length, from either end", async () => {
  expect(await client.send("XRANGE", "x", "10000", "+", "COUNT", "3")).toEqual(entries(10_000, 10_002));
  expect(await client.send("XREVRANGE", "x", "(10000-0", "-", "COUNT", "2")).toEqual(
    entries(9998, 9999).toReversed(),
  );
  expect(await client.send("XRANGE", "x", "-", "+")).toEqual(entries(1, SIZE));
  expect(await client.send("XREVRANGE", "x", "+", "-")).toEqual(entries(1, SIZE).toReversed());
  expect(await client.send("XRANGE", "x", "150", "(15050-0")).toEqual(entries(150, 15_049));
  expect(await client.send("XRANGE", "x", "150", "+", "COUNT", "7000")).toEqual(entries(150, 7149));
  expect(await client.send("XREAD", "STREAMS", "x", "x", "12000", String(SIZE - 3))).toEqual([
    ["x", entries(12_001, SIZE)],
    ["x", entries(SIZE - 2, SIZE)],
  ]);
});

test("a range is as it was when it was asked for", async () => {
  const [all, deleted] = await client.pipeline([
    ["XRANGE", "x", "-", "+"],
    ["XDEL", "x", "19999-0", "500-0"],
  ]);
  expect(all).toEqual(entries(1, SIZE));
  expect(deleted).toBe(2);
  expect(await client.send("XRANGE", "x", "499", "501")).toEqual([entry(499), entry(501)]);
  expect(((await client.send("XRANGE", "x", "100", "+")) as unknown[]).length).toBe(SIZE - 99 - 2);
});

test("groups, claims and deletions touch what they name", async () => {
  await client.send("XGROUP", "CREATE", "x", "g", "9999");
  const read = (...more: string[]) => client.send("XREADGROUP", "GROUP", "g", ...more);
  expect(await read("a", "COUNT", "3000", "STREAMS", "x", ">")).toEqual([["x", entries(10_000, 12_999)]]);
  expect(await read("b", "COUNT", "2", "STREAMS", "x", ">")).toEqual([["x", entries(13_000, 13_001)]]);
  expect(await client.send("XACK", "x", "g", "10000-0", "13000-0")).toBe(2);
  expect(await client.send("XPENDING", "x", "g")).toEqual([
    3000,
    "10001-0",
    "13001-0",
    [
      ["a", "2999"],
      ["b", "1"],
    ],
  ]);
  await client.send("XDEL", "x", "10003-0");
  expect(await client.send("XAUTOCLAIM", "x", "g", "c", "0", "10001", "COUNT", "4", "JUSTID")).toEqual([
    "10005-0",
    ["10001-0", "10002-0", "10004-0"],
    ["10003-0"],
  ]);
  expect(await client.send("XGROUP", "DELCONSUMER", "x", "g", "a")).toBe(2995);
  expect(await client.send("XGROUP", "DESTROY", "x", "g")).toBe(1);
});

test("trimming takes from the beginning", async () => {
  const length = (await client.send("XLEN", "x")) as number;
  expect(await client.send("XTRIM", "x", "MAXLEN", String(length - 7))).toBe(7);
  expect(await client.send("XRANGE", "x", "-", "+", "COUNT", "1")).toEqual([entry(8)]);
  expect(await client.send("XADD", "x", "MAXLEN", "5", "30000-0", "a", "b")).toBe("30000-0");
  expect(await client.send("XRANGE", "x", "-", "+")).toEqual([
    entry(SIZE - 4),
    entry(SIZE - 3),
    entry(SIZE - 2),
    entry(SIZE),
    ["30000-0", ["a", "b"]],
  ]);
  expect(await client.send("XTRIM", "x", "MAXLEN", "0")).toBe(5);
  expect(await client.send("XRANGE", "x", "-", "+")).toEqual([]);
});

test("an entry that comes before ids that were there, by XSETID, is found among what was read ahead", async () => {
  await client.pipeline(
    Array.from({ length: 4000 }, (_, i) => ["XADD", "set back", `${i + 1}-0`, "filler", FILLER]),
  );
  // What came last is in memory as well, until then.
  if (!isRedis) await server.restart();
  const again = await server.connect();
  expect(await again.send("XRANGE", "set back", "3990", "+", "COUNT", "1")).toHaveLength(1);
  expect(await again.send("XRANGE", "set back", "(3990-0", "+", "COUNT", "1")).toHaveLength(1);
  const gone = Array.from({ length: 5 }, (_, i) => `${3996 + i}-0`);
  expect(await again.send("XDEL", "set back", ...gone)).toBe(5);
  expect(await again.send("XSETID", "set back", "3995-0")).toBe("OK");
  expect(await again.send("XADD", "set back", "3997-5", "a", "b")).toBe("3997-5");
  const found = (await again.send("XRANGE", "set back", "3994", "3999")) as [string, unknown][];
  expect(found.map(([id]) => id)).toEqual(["3994-0", "3995-0", "3997-5"]);
  await again.close();
});
