import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import { error } from "../support/plain.ts";
import { useServer } from "../support/use-server.ts";

const server = useServer();
let client: Client;

beforeAll(async () => {
  client = await server.connect();
});
afterAll(() => client.close());
beforeEach(async () => {
  await client.send("FLUSHALL");
});

const NOT_AN_INTEGER = error("ERR value is not an integer or out of range");
const NOT_A_FLOAT = error("ERR value is not a valid float");
const OVERFLOW = error("ERR increment or decrement would overflow");

describe("INCR, DECR, INCRBY, DECRBY", () => {
  test("from nothing and from what is there", async () => {
    expect(await client.send("INCR", "n")).toBe(1);
    expect(await client.send("INCRBY", "n", "41")).toBe(42);
    expect(await client.send("DECR", "n")).toBe(41);
    expect(await client.send("DECRBY", "n", "50")).toBe(-9);
    expect(await client.send("GET", "n")).toBe("-9");
    expect(await client.send("DECRBY", "m", "-3")).toBe(3);
  });

  test("64 bits, and not one more", async () => {
    await client.send("SET", "n", "9223372036854775806");
    expect(await client.send("INCR", "n")).toBe(9223372036854775807n);
    expect(await client.send("INCR", "n")).toEqual(OVERFLOW);
    expect(await client.send("GET", "n")).toBe("9223372036854775807");
    expect(await client.send("INCRBY", "n", "-9223372036854775808")).toBe(-1);
    expect(await client.send("INCRBY", "n", "-9223372036854775807")).toBe(-9223372036854775808n);
    expect(await client.send("DECR", "n")).toEqual(OVERFLOW);
    expect(await client.send("DECRBY", "n", "-9223372036854775808")).toEqual(
      error("ERR decrement would overflow"),
    );
    await client.send("SET", "n", "9007199254740991");
    expect(await client.send("INCRBY", "n", "2")).toBe(9007199254740993n);
    expect(await client.send("GET", "n")).toBe("9007199254740993");
  });

  test.each(["abc", "", " 1", "1 ", "+1", "01", "-0", "1.5", "0x1", "9223372036854775808", "1\0"])(
    "%j is no integer",
    async (text) => {
      await client.send("SET", "n", text);
      expect(await client.send("INCR", "n")).toEqual(NOT_AN_INTEGER);
      expect(await client.send("INCRBY", "m", text)).toEqual(NOT_AN_INTEGER);
      expect(await client.send("GET", "n")).toBe(text);
      expect(await client.send("EXISTS", "m")).toBe(0);
    },
  );

  test("the lifetime stays", async () => {
    await client.send("SET", "n", "1", "EX", "100");
    await client.send("INCR", "n");
    await client.send("INCRBYFLOAT", "n", "0.5");
    expect(await client.send("TTL", "n")).toBe(100);
  });

  test("clients that count at the same time lose nothing", async () => {
    const clients = await Promise.all(Array.from({ length: 10 }, () => server.connect()));
    try {
      await Promise.all(clients.map((one) => one.pipeline(Array.from({ length: 200 }, () => ["INCR", "n"]))));
      expect(await client.send("GET", "n")).toBe("2000");
    } finally {
      await Promise.all(clients.map((one) => one.close()));
    }
  });

  test("other types", async () => {
    await client.send("HSET", "h", "f", "1");
    for (const command of [
      ["INCR", "h"],
      ["DECRBY", "h", "1"],
      ["INCRBYFLOAT", "h", "1"],
    ]) {
      expect(await client.send(...command)).toEqual(
        error("WRONGTYPE Operation against a key holding the wrong kind of value"),
      );
    }
  });
});

describe("INCRBYFLOAT", () => {
  test.each([
    ["10.50", "0.1", "10.6"],
    ["5.0e3", "2.0e2", "5200"],
    ["3.0", "1.000", "4"],
    ["0.1", "0.2", "0.3"],
    ["1", "-1.1", "-0.1"],
    ["5000.1", "0", "5000.10000000000000009"],
    ["17179869184", "17179869184.5", "34359738368.5"],
    ["0", "1e-17", "0.00000000000000001"],
    ["0", "-1e-18", "0"],
    ["0x10", "1", "17"],
  ])("%s and %s make %s", async (value, increment, sum) => {
    await client.send("SET", "f", value);
    expect(await client.send("INCRBYFLOAT", "f", increment)).toBe(sum);
    expect(await client.send("GET", "f")).toBe(sum);
  });

  test("what is no number, or makes none", async () => {
    for (const text of ["abc", "", " 1", "nan", "1e5000"]) {
      expect(await client.send("INCRBYFLOAT", "f", text)).toEqual(NOT_A_FLOAT);
      await client.send("SET", "g", text);
      expect(await client.send("INCRBYFLOAT", "g", "1")).toEqual(NOT_A_FLOAT);
    }
    expect(await client.send("INCRBYFLOAT", "f", "inf")).toEqual(
      error("ERR increment would produce NaN or Infinity"),
    );
    expect(await client.send("EXISTS", "f")).toBe(0);
  });
});
