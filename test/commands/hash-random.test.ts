import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import { error } from "../support/plain.ts";
import { useServer } from "../support/use-server.ts";

const isRedis = process.env["TEST_SERVER"] === "redis";
/** A collection may take a quarter of this: the largest one here does not fit. */
const server = useServer({ args: isRedis ? [] : ["--record-cache-size", "1mb"] });
let client: Client;
let client3: Client;

const VALUE = "x".repeat(50);

/** Packed; in a structure of its own; too large for its share of memory. */
const sizes = [10, 300, 5000];

beforeAll(async () => {
  client = await server.connect();
  client3 = await server.connect3();
  for (const size of sizes) {
    const pairs = Array.from({ length: size }, (_, i) => [`f${i}`, `${VALUE}${i}`]);
    await client.send("HSET", `h${size}`, ...pairs.flat());
  }
});
afterAll(async () => {
  await client.close();
  await client3.close();
});

function numberOf(field: string): number {
  return Number(field.slice(1));
}

describe.each(sizes)("HRANDFIELD of %i fields", (size) => {
  const key = `h${size}`;

  function expectFields(fields: readonly string[], areDistinct: boolean): void {
    const numbers = fields.map(numberOf);
    expect(numbers.every((number) => number >= 0 && number < size)).toBe(true);
    if (areDistinct) expect(new Set(numbers).size).toBe(fields.length);
  }

  test("one", async () => {
    expectFields([(await client.send("HRANDFIELD", key)) as string], true);
  });

  test.each([1, 2, 5, 9, 10, 11, 100, 299, 1000, 5000, 6000])("%i different ones", async (count) => {
    const fields = (await client.send("HRANDFIELD", key, count)) as string[];
    expect(fields.length).toBe(Math.min(count, size));
    expectFields(fields, true);
  });

  test.each([1, 2, 30, 400, 1001, 12_345])("%i with repetition", async (count) => {
    const fields = (await client.send("HRANDFIELD", key, -count)) as string[];
    expect(fields.length).toBe(count);
    expectFields(fields, false);
    if (count > 2 * size) expect(new Set(fields).size).toBeGreaterThan(size / 2);
  });

  test.each([3, 700, 6000, -3, -700, -6000])(
    "%i with values: one flat array in RESP2, pairs in RESP3",
    async (count) => {
      const size2 = count > 0 ? Math.min(count, size) : -count;
      const flat = (await client.send("HRANDFIELD", key, count, "WITHVALUES")) as string[];
      expect(flat.length).toBe(2 * size2);
      for (let i = 0; i < flat.length; i += 2) expect(flat[i + 1]).toBe(`${VALUE}${numberOf(flat[i]!)}`);
      const pairs = (await client3.sendExact("HRANDFIELD", key, count, "withvalues")) as [string, string][];
      expect(pairs.length).toBe(size2);
      for (const [field, value] of pairs) expect(value).toBe(`${VALUE}${numberOf(field)}`);
    },
  );

  // Far beyond what chance does: 20 parts of equal size, the odds of one that comes out half as often.
  test.each([-4000, -40])("no part of the hash is favoured (draws of %i)", async (draw) => {
    const parts = Math.min(size, 20);
    const hits = Array.from({ length: parts }, () => 0);
    const draws = Array.from({ length: 4000 / -draw }, () => ["HRANDFIELD", key, String(draw)]);
    for (const fields of (await client.pipeline(draws)) as string[][]) {
      for (const field of fields) hits[numberOf(field) % parts]!++;
    }
    for (const hit of hits) {
      expect(hit).toBeGreaterThan(4000 / parts / 2);
      expect(hit).toBeLessThan((4000 / parts) * 2);
    }
  });
});

test("fields that come and go are drawn and not drawn", async () => {
  await client.send("HSET", "h", "a", "1", "b", "2", "c", "3");
  await client.send("HRANDFIELD", "h");
  await client.send("HDEL", "h", "a");
  expect(new Set((await client.send("HRANDFIELD", "h", "-100")) as string[])).toEqual(new Set(["b", "c"]));
  await client.send("HSET", "h", "a", "4", "d", "5");
  expect(new Set((await client.send("HRANDFIELD", "h", "-300")) as string[])).toEqual(
    new Set(["a", "b", "c", "d"]),
  );
  expect(new Set((await client.send("HRANDFIELD", "h", "4")) as string[])).toEqual(
    new Set(["a", "b", "c", "d"]),
  );
});

test("nothing to draw, and counts that are none", async () => {
  expect(await client.send("HRANDFIELD", "none")).toBe(null);
  expect(await client.send("HRANDFIELD", "none", "3")).toEqual([]);
  expect(await client.send("HRANDFIELD", "h10", "0")).toEqual([]);
  expect(await client.send("HRANDFIELD", "h10", "abc")).toEqual(
    error("ERR value is not an integer or out of range"),
  );
  expect(await client.send("HRANDFIELD", "h10", "-9223372036854775808")).toEqual(
    error("ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807"),
  );
  expect(await client.send("HRANDFIELD", "h10", "-4611686018427387904", "WITHVALUES")).toEqual(
    error("ERR value is out of range"),
  );
  expect(await client.send("HRANDFIELD", "h10", "1", "VALUES")).toEqual(error("ERR syntax error"));
  expect(await client.send("HRANDFIELD", "h10", "1", "WITHVALUES", "1")).toEqual(error("ERR syntax error"));
});
