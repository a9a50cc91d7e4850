import { connect } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Random } from "../../src/support/random.ts";
import type { Client } from "../support/client.ts";
import { error } from "../support/plain.ts";
import { memoryGrowth } from "../support/process-memory.ts";
import { useServer } from "../support/use-server.ts";

/** Strings of more than 256 KiB are kept in chunks of 64 KiB: everything here is around these numbers. */
const CHUNK = 64 << 10;
const CHUNKED_FROM = 256 << 10;
const MB = 1 << 20;

const server = useServer();
let client: Client;

beforeAll(async () => {
  client = await server.connect();
});
afterAll(() => client.close());
beforeEach(async () => {
  await client.send("FLUSHALL");
});

/** Bytes of which no part looks like another. */
function noise(length: number, seed = 1): string {
  const random = new Random(seed);
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i++) bytes[i] = random.next32() & 0xff;
  return bytes.latin1Slice();
}

/** vitest would print all of two long strings. */
function expectSame(actual: unknown, expected: string): void {
  if (actual === expected) return;
  expect((actual as string | null)?.length).toBe(expected.length);
  let at = 0;
  while ((actual as string)[at] === expected[at]) at++;
  expect.fail(`the bytes differ from ${at} on`);
}

describe("whole", () => {
  test.each([CHUNKED_FROM - 1, CHUNKED_FROM, CHUNKED_FROM + 1, 5 * CHUNK, 5 * CHUNK + 1, 3 * MB + 17])(
    "%i bytes are set, read and measured",
    async (length) => {
      const value = noise(length);
      expect(await client.send("SET", "k", value)).toBe("OK");
      expect(await client.send("STRLEN", "k")).toBe(length);
      expectSame(await client.send("GET", "k"), value);
      expect(await client.send("TYPE", "k")).toBe("string");
      expect(await client.send("OBJECT", "ENCODING", "k")).toBe("raw");
    },
  );

  test("long and short ones replace each other", async () => {
    const [first, second] = [noise(MB, 1), noise(400_000, 2)];
    await client.send("SET", "k", first);
    expectSame(await client.send("SET", "k", second, "GET"), first);
    expectSame(await client.send("GETSET", "k", first), second);
    expectSame(await client.send("SET", "k", "short", "GET"), first);
    expect(await client.send("GETSET", "k", second)).toBe("short");
    expectSame(await client.send("GETDEL", "k"), second);
    expect(await client.send("EXISTS", "k")).toBe(0);
    expect(await client.send("STRLEN", "k")).toBe(0);
  });

  test("a reply is the string of its moment, whatever comes behind it", async () => {
    const [first, second] = [noise(2 * MB, 1), noise(2 * MB, 2)];
    const replies = await client.pipeline([
      ["SET", "k", first],
      ["GET", "k"],
      ["SETRANGE", "k", MB, "changed"],
      ["GET", "k"],
      ["SET", "k", second],
      ["GETEX", "k", "PXAT", "1"],
      ["GET", "k"],
      ["SET", "k", first],
      ["GET", "k"],
      ["FLUSHALL"],
    ]);
    expectSame(replies[1], first);
    expectSame(replies[3], `${first.slice(0, MB)}changed${first.slice(MB + 7)}`);
    expectSame(replies[5], second);
    expect(replies[6]).toBe(null);
    expectSame(replies[8], first);
  });

  test("among others in MSET and MGET", async () => {
    const [first, second] = [noise(MB, 1), noise(300_000, 2)];
    expect(await client.send("MSET", "a", first, "b", "short", "c", second)).toBe("OK");
    const found = (await client.send("MGET", "a", "none", "b", "c", "a")) as (string | null)[];
    expectSame(found[0], first);
    expect(found.slice(1, 3)).toEqual([null, "short"]);
    expectSame(found[3], second);
    expectSame(found[4], first);
  });

  test("lifetimes", async () => {
    await client.send("SET", "k", noise(MB), "EX", "100");
    await client.send("APPEND", "k", "x");
    await client.send("SETRANGE", "k", 5, "x");
    expect(await client.send("TTL", "k")).toBe(100);
    await client.send("SET", "k", noise(MB, 2), "KEEPTTL");
    expect(await client.send("TTL", "k")).toBe(100);
    await client.send("SET", "n", "5", "EX", "100");
    await client.send("SETRANGE", "n", MB, "x");
    expect(await client.send("TTL", "n")).toBe(100);
  });

  test("they are no numbers", async () => {
    await client.send("SET", "k", "1".repeat(MB));
    expect(await client.send("INCR", "k")).toEqual(error("ERR value is not an integer or out of range"));
    expect(await client.send("INCRBYFLOAT", "k", "1")).toEqual(error("ERR value is not a valid float"));
  });

  test("LCS: long with short, but not long with long", async () => {
    const a = "ab".repeat(200_000);
    await client.send("MSET", "a", a, "b", "xbx", "c", a);
    expect(await client.send("LCS", "a", "b")).toBe("b");
    expect(await client.send("LCS", "a", "none", "LEN")).toBe(0);
    expect(await client.send("LCS", "a", "c")).toEqual(
      error("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len"),
    );
  });
});

describe("parts", () => {
  test("APPEND grows a short string into a long one", async () => {
    const piece = noise(50_001);
    let length = 0;
    for (let i = 0; i < 12; i++) {
      length += piece.length;
      expect(await client.send("APPEND", "k", piece)).toBe(length);
    }
    expectSame(await client.send("GET", "k"), piece.repeat(12));
  });

  test("GETRANGE at the borders of chunks", async () => {
    const value = noise(20 * CHUNK + 100);
    await client.send("SET", "k", value);
    const edges = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 8 * CHUNK, 9 * CHUNK + 5, value.length - 1];
    for (const start of edges) {
      for (const end of edges) {
        expectSame(
          await client.send("GETRANGE", "k", start, end),
          value.slice(start, Math.max(end + 1, start)),
        );
      }
    }
    expectSame(await client.send("GETRANGE", "k", -70_000, -1), value.slice(-70_000));
    expect(await client.send("GETRANGE", "k", value.length, -1)).toBe("");
  });

  test("random writes and reads agree with a plain string", async () => {
    const random = new Random(7);
    let model = noise(CHUNKED_FROM - 1000);
    await client.send("SET", "k", model);
    for (let i = 0; i < 150; i++) {
      const bytes = noise(1 + random.below(random.below(4) === 0 ? 3 * CHUNK : 300), i);
      if (random.below(5) === 0) {
        model += bytes;
        expect(await client.send("APPEND", "k", bytes)).toBe(model.length);
      } else {
        const border = CHUNK * random.below(Math.floor(model.length / CHUNK) + 2);
        const offset = Math.max(border + random.below(5) - 2 - random.below(2) * bytes.length, 0);
        model = model.padEnd(offset, "\0").slice(0, offset) + bytes + model.slice(offset + bytes.length);
        expect(await client.send("SETRANGE", "k", offset, bytes)).toBe(model.length);
      }
      const start = random.below(model.length);
      const end = start + random.below(2 * CHUNK);
      expectSame(await client.send("GETRANGE", "k", start, end), model.slice(start, end + 1));
    }
    expectSame(await client.send("GET", "k"), model);
  });

  test("the last byte of 512 MB: quick, and nearly nothing is kept of the zeros before it", async () => {
    expect(await client.send("SET", "k", "start")).toBe("OK");
    expect(await client.send("SETRANGE", "k", 536870911, "!")).toBe(536870912);
    expect(await client.send("STRLEN", "k")).toBe(536870912);
    expect(await client.send("GETRANGE", "k", 0, 9)).toBe("start\0\0\0\0\0");
    expect(await client.send("GETRANGE", "k", 300_000_000, 300_000_003)).toBe("\0\0\0\0");
    expect(await client.send("GETRANGE", "k", -3, -1)).toBe("\0\0!");
    expectSame(await client.send("GETRANGE", "k", 1, 2 * MB), "tart".padEnd(2 * MB, "\0"));
    expect(await client.send("SETRANGE", "k", 100 * MB, "middle")).toBe(536870912);
    expect(await client.send("GETRANGE", "k", 100 * MB - 2, 100 * MB + 7)).toBe("\0\0middle\0\0");
    const tooLong = error("ERR string exceeds maximum allowed size (proto-max-bulk-len)");
    expect(await client.send("APPEND", "k", "x")).toEqual(tooLong);
    expect(await client.send("SETRANGE", "k", 536870912, "x")).toEqual(tooLong);
    expect(await client.send("DEL", "k")).toBe(1);
  });
});

test.skipIf(server.kind === "redis")(
  "a reply of 200 MB passes through, it is never in memory",
  { timeout: 60_000 },
  async () => {
    const piece = noise(MB);
    for (let i = 0; i < 200; i++) await client.send("APPEND", "k", piece);
    const wanted = "$209715200\r\n\r\n".length + 200 * MB;
    const growth = await memoryGrowth(server.pid, async () => {
      const reader = connect(server.port, "127.0.0.1");
      reader.write("GET k\r\n");
      let length = 0;
      for await (const part of reader) {
        length += (part as Buffer).length;
        if (length === wanted) break;
      }
    });
    // Pieces that are on their way, and those that the next garbage collection takes.
    expect(growth).toBeLessThan(140 * MB);
  },
);

test.skipIf(server.kind === "redis")("they survive a crash", async () => {
  const value = noise(2 * MB);
  await client.send("SET", "k", value);
  await client.send("SETRANGE", "k", 70_000, "changed");
  await client.send("SETRANGE", "sparse", 50 * MB, "end");
  await server.crashAndRestart();
  client = await server.connect();
  expectSame(await client.send("GET", "k"), `${value.slice(0, 70_000)}changed${value.slice(70_007)}`);
  expect(await client.send("STRLEN", "sparse")).toBe(50 * MB + 3);
  expect(await client.send("GETRANGE", "sparse", -5, -1)).toBe("\0\0end");
});
