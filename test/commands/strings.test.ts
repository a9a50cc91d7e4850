import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import { error } from "../support/plain.ts";
import { useServer } from "../support/use-server.ts";

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
const SYNTAX = error("ERR syntax error");

async function waitUntilGone(key: string): Promise<void> {
  const deadline = Date.now() + 5000;
  while ((await client.send("EXISTS", key)) === 1) {
    if (Date.now() > deadline) throw new Error(`${key} is still there`);
  }
}

describe("SET", () => {
  test("any bytes come back as they were", async () => {
    const allBytes = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).join("");
    for (const value of ["", "x", allBytes, "\r\n", "x".repeat(70_000)]) {
      expect(await client.send("SET", "k", value)).toBe("OK");
      expect(await client.send("GET", "k")).toBe(value);
    }
    await client.send("SET", allBytes, "v");
    expect(await client.send("GET", allBytes)).toBe("v");
  });

  test("NX and XX", async () => {
    expect(await client.send("SET", "k", "1", "XX")).toBe(null);
    expect(await client.send("SET", "k", "1", "NX")).toBe("OK");
    expect(await client.send("SET", "k", "2", "NX")).toBe(null);
    expect(await client.send("SET", "k", "3", "XX")).toBe("OK");
    expect(await client.send("GET", "k")).toBe("3");
    expect(await client.send("SET", "k", "v", "NX", "XX")).toEqual(SYNTAX);
    expect(await client3.sendExact("SET", "k", "4", "NX")).toBe(null);
  });

  test("GET gives the old value, also when the condition does not hold", async () => {
    expect(await client.send("SET", "k", "1", "GET")).toBe(null);
    expect(await client.send("SET", "k", "2", "GET")).toBe("1");
    expect(await client.send("SET", "k", "3", "NX", "GET")).toBe("2");
    expect(await client.send("GET", "k")).toBe("2");
    expect(await client.send("SET", "other", "1", "XX", "GET")).toBe(null);
    expect(await client.send("EXISTS", "other")).toBe(0);
  });

  test("GET on another type is an error and changes nothing; without GET the type is replaced", async () => {
    await client.send("HSET", "h", "f", "v");
    expect(await client.send("SET", "h", "v", "GET")).toEqual(WRONG_TYPE);
    expect(await client.send("HGET", "h", "f")).toBe("v");
    expect(await client.send("SET", "h", "v")).toBe("OK");
    expect(await client.send("GET", "h")).toBe("v");
  });

  test("lifetimes: set, kept, dropped", async () => {
    await client.send("SET", "k", "v", "EX", "100");
    expect(await client.send("TTL", "k")).toBe(100);
    await client.send("SET", "k", "w", "KEEPTTL");
    expect(await client.send("TTL", "k")).toBe(100);
    await client.send("SET", "k", "w");
    expect(await client.send("TTL", "k")).toBe(-1);
    await client.send("SET", "k", "w", "PXAT", "99999999999999");
    expect(await client.send("PEXPIRETIME", "k")).toBe(99999999999999);
    await client.send("SET", "k", "w", "EXAT", "99999999999");
    expect(await client.send("PEXPIRETIME", "k")).toBe(99999999999000);
  });

  test("it is over when it is over", async () => {
    await client.send("SET", "k", "v", "PX", "30");
    await waitUntilGone("k");
    expect(await client.send("GET", "k")).toBe(null);
    expect(await client.send("SET", "k", "again", "NX")).toBe("OK");
    expect(await client.send("SET", "past", "v", "PXAT", "1")).toBe("OK");
    expect(await client.send("GET", "past")).toBe(null);
  });

  test("an invalid time changes nothing", async () => {
    await client.send("SET", "k", "old");
    for (const [option, time] of [
      ["EX", "0"],
      ["EX", "-1"],
      ["PX", "0"],
      ["EXAT", "0"],
      ["PXAT", "-5"],
      ["EX", "9223372036854776"],
      ["PX", "9223372036854775807"],
    ] as const) {
      expect(await client.send("SET", "k", "new", option, time)).toEqual(
        error("ERR invalid expire time in 'set' command"),
      );
    }
    expect(await client.send("SET", "k", "new", "EX", "1.5")).toEqual(
      error("ERR value is not an integer or out of range"),
    );
    expect(await client.send("GET", "k")).toBe("old");
  });

  test("options that contradict each other", async () => {
    for (const options of [
      ["EX", "10", "PX", "10"],
      ["KEEPTTL", "EX", "10"],
      ["EX"],
      ["PERSIST"],
      ["NX", "BOGUS"],
    ]) {
      expect(await client.send("SET", "k", "v", ...options)).toEqual(SYNTAX);
    }
    expect(await client.send("SET", "k", "v", "ex", "10", "EX", "20", "nx", "NX")).toBe("OK");
    expect(await client.send("TTL", "k")).toBe(20);
  });
});

describe("its older relatives", () => {
  test("SETNX, SETEX, PSETEX, GETSET", async () => {
    expect(await client.send("SETNX", "k", "1")).toBe(1);
    expect(await client.send("SETNX", "k", "2")).toBe(0);
    expect(await client.send("SETEX", "k", "100", "v")).toBe("OK");
    expect(await client.send("TTL", "k")).toBe(100);
    expect(await client.send("PSETEX", "k", "100000", "w")).toBe("OK");
    expect(await client.send("TTL", "k")).toBe(100);
    expect(await client.send("SETEX", "k", "0", "v")).toEqual(
      error("ERR invalid expire time in 'setex' command"),
    );
    expect(await client.send("PSETEX", "k", "-1", "v")).toEqual(
      error("ERR invalid expire time in 'psetex' command"),
    );
    expect(await client.send("GETSET", "k", "x")).toBe("w");
    expect(await client.send("TTL", "k")).toBe(-1);
    expect(await client.send("GETSET", "none", "x")).toBe(null);
  });

  test("GETDEL", async () => {
    await client.send("SET", "k", "v");
    expect(await client.send("GETDEL", "k")).toBe("v");
    expect(await client.send("GETDEL", "k")).toBe(null);
    await client.send("HSET", "h", "f", "v");
    expect(await client.send("GETDEL", "h")).toEqual(WRONG_TYPE);
    expect(await client.send("EXISTS", "h")).toBe(1);
  });

  test("GETEX", async () => {
    await client.send("SET", "k", "v", "EX", "100");
    expect(await client.send("GETEX", "k")).toBe("v");
    expect(await client.send("TTL", "k")).toBe(100);
    expect(await client.send("GETEX", "k", "EX", "500")).toBe("v");
    expect(await client.send("TTL", "k")).toBe(500);
    expect(await client.send("GETEX", "k", "PERSIST")).toBe("v");
    expect(await client.send("TTL", "k")).toBe(-1);
    expect(await client.send("GETEX", "k", "KEEPTTL")).toEqual(SYNTAX);
    expect(await client.send("GETEX", "k", "EX", "0")).toEqual(
      error("ERR invalid expire time in 'getex' command"),
    );
    expect(await client.send("GETEX", "none", "EX", "0")).toBe(null);
    expect(await client.send("GETEX", "k", "PXAT", "1")).toBe("v");
    expect(await client.send("EXISTS", "k")).toBe(0);
  });
});

describe("many keys", () => {
  test("MSET and MGET", async () => {
    expect(await client.send("MSET", "a", "1", "b", "2", "a", "3")).toBe("OK");
    await client.send("HSET", "h", "f", "v");
    expect(await client.send("MGET", "a", "none", "b", "h", "a")).toEqual(["3", null, "2", null, "3"]);
    expect(await client.send("MSET", "a", "1", "b")).toEqual(
      error("ERR wrong number of arguments for 'mset' command"),
    );
  });

  test("MSETNX sets all or nothing", async () => {
    expect(await client.send("MSETNX", "a", "1", "b", "2")).toBe(1);
    expect(await client.send("MSETNX", "c", "1", "b", "3")).toBe(0);
    expect(await client.send("MGET", "a", "b", "c")).toEqual(["1", "2", null]);
    expect(await client.send("MSETNX", "a")).toEqual(
      error("ERR wrong number of arguments for 'msetnx' command"),
    );
  });

  test("a thousand of them", async () => {
    const pairs = Array.from({ length: 1000 }, (_, i) => [`key:${i}`, `value ${i}`]);
    expect(await client.send("MSET", ...pairs.flat())).toBe("OK");
    expect(await client.send("MGET", ...pairs.map(([key]) => key!))).toEqual(pairs.map(([, value]) => value));
    expect(await client.send("DBSIZE")).toBe(1000);
  });
});

describe("parts", () => {
  test("APPEND and STRLEN", async () => {
    expect(await client.send("APPEND", "k", "hello")).toBe(5);
    expect(await client.send("APPEND", "k", " world")).toBe(11);
    expect(await client.send("STRLEN", "k")).toBe(11);
    expect(await client.send("STRLEN", "none")).toBe(0);
    await client.send("SETEX", "k", "100", "v");
    await client.send("APPEND", "k", "w");
    expect(await client.send("TTL", "k")).toBe(100);
  });

  test("GETRANGE", async () => {
    await client.send("SET", "k", "Hello World");
    const ranges: [number | string, number | string, string][] = [
      [0, 4, "Hello"],
      [-5, -1, "World"],
      [0, -1, "Hello World"],
      [-100, 100, "Hello World"],
      [3, 2, ""],
      [-1, -3, ""],
      [11, 20, ""],
      ["-9223372036854775808", "9223372036854775807", "Hello World"],
    ];
    for (const [start, end, expected] of ranges) {
      expect(await client.send("GETRANGE", "k", start, end)).toBe(expected);
      expect(await client.send("SUBSTR", "k", start, end)).toBe(expected);
    }
    expect(await client.send("GETRANGE", "none", 0, -1)).toBe("");
  });

  test("SETRANGE", async () => {
    expect(await client.send("SETRANGE", "none", "5", "")).toBe(0);
    expect(await client.send("EXISTS", "none")).toBe(0);
    expect(await client.send("SETRANGE", "k", "3", "ab")).toBe(5);
    expect(await client.send("GET", "k")).toBe("\0\0\0ab");
    expect(await client.send("SETRANGE", "k", "1", "xyz")).toBe(5);
    expect(await client.send("GET", "k")).toBe("\0xyzb");
    expect(await client.send("SETRANGE", "k", "-1", "x")).toEqual(error("ERR offset is out of range"));
    expect(await client.send("SETRANGE", "k", "536870912", "x")).toEqual(
      error("ERR string exceeds maximum allowed size (proto-max-bulk-len)"),
    );
  });

  test("the limit follows proto-max-bulk-len", async () => {
    await client.send("CONFIG", "SET", "proto-max-bulk-len", "1048576");
    try {
      await client.send("SETRANGE", "k", 1048575, "x");
      const tooLong = error("ERR string exceeds maximum allowed size (proto-max-bulk-len)");
      expect(await client.send("APPEND", "k", "x")).toEqual(tooLong);
      expect(await client.send("SETRANGE", "k", 1048576, "x")).toEqual(tooLong);
      expect(await client.send("STRLEN", "k")).toBe(1048576);
    } finally {
      await client.send("CONFIG", "SET", "proto-max-bulk-len", "536870912");
    }
  });

  test("encodings follow the command that made the string", async () => {
    const encodingAfter = async (...command: string[]): Promise<unknown> => {
      await client.send(...command);
      return client.send("OBJECT", "ENCODING", command[1]!);
    };
    expect(await encodingAfter("SET", "k", "-9223372036854775808")).toBe("int");
    expect(await encodingAfter("SET", "k", "9223372036854775808")).toBe("embstr");
    expect(await encodingAfter("SET", "k", "007")).toBe("embstr");
    expect(await encodingAfter("SET", "k", "x".repeat(44))).toBe("embstr");
    expect(await encodingAfter("SET", "k", "x".repeat(45))).toBe("raw");
    expect(await encodingAfter("SET", "k", "12")).toBe("int");
    expect(await encodingAfter("APPEND", "k", "3")).toBe("raw");
    expect(await encodingAfter("INCR", "k")).toBe("int");
    expect(await encodingAfter("SETRANGE", "k", "0", "5")).toBe("raw");
    expect(await encodingAfter("SETRANGE", "new", "0", "5")).toBe("raw");
    expect(await encodingAfter("APPEND", "newer", "5")).toBe("int");
  });
});
