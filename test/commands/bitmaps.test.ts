import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Random } from "../../src/support/random.ts";
import type { Client } from "../support/client.ts";
import { error } from "../support/plain.ts";
import { memoryGrowth } from "../support/process-memory.ts";
import { useServer } from "../support/use-server.ts";

/** What redis-server answers is compared in test/compat/bitmaps.test.ts; here it is what long bitmaps need. */
const CHUNK_BITS = 8 * (64 << 10);
const MB = 1 << 20;
/** The last bit of 512 MB. */
const LAST_BIT = 4294967295;

const server = useServer();
let client: Client;

beforeAll(async () => {
  client = await server.connect();
});
afterAll(() => client.close());
beforeEach(async () => {
  await client.send("FLUSHALL");
});

function noise(length: number, seed: number): Buffer {
  const random = new Random(seed);
  const bytes = Buffer.alloc(length);
  for (let at = 0; at + 4 <= length; at += 4) bytes.writeInt32LE(random.next32() | 0, at);
  return bytes;
}

function bitsIn(bytes: Buffer): number {
  let count = 0;
  for (const byte of bytes) for (let rest = byte; rest > 0; rest &= rest - 1) count++;
  return count;
}

describe("512 MB with few bits", () => {
  test("the last bit of an empty key is set at once, and nothing is kept of what is before it", async () => {
    expect(await client.send("SETBIT", "k", LAST_BIT, 1)).toBe(0);
    expect(await client.send("STRLEN", "k")).toBe(512 * MB);
    expect(await client.send("GETBIT", "k", LAST_BIT)).toBe(1);
    expect(await client.send("GETBIT", "k", LAST_BIT - 1)).toBe(0);
    expect(await client.send("BITCOUNT", "k")).toBe(1);
    expect(await client.send("BITPOS", "k", 1)).toBe(LAST_BIT);
    expect(await client.send("BITPOS", "k", 0)).toBe(0);
    expect(await client.send("SETBIT", "k", LAST_BIT, 0)).toBe(1);
    expect(await client.send("BITCOUNT", "k")).toBe(0);
    expect(await client.send("BITPOS", "k", 1)).toBe(-1);
    expect(await client.send("SETBIT", "k", LAST_BIT + 1, 1)).toEqual(
      error("ERR bit offset is not an integer or out of range"),
    );
    expect(await client.send("DEL", "k")).toBe(1);
  });

  test("bits far apart are counted and found", async () => {
    const places = Array.from({ length: 60 }, (_, i) => i * 70_000_003 + (i % 8)).filter(
      (at) => at <= LAST_BIT,
    );
    await client.pipeline(places.map((at) => ["SETBIT", "k", at, 1]));
    expect(await client.send("BITCOUNT", "k")).toBe(places.length);
    for (const [i, at] of places.entries()) {
      expect(await client.send("BITPOS", "k", 1, at, -1, "BIT")).toBe(at);
      expect(await client.send("BITPOS", "k", 1, at + 1, -1, "BIT")).toBe(places[i + 1] ?? -1);
      expect(await client.send("BITCOUNT", "k", at, -1, "BIT")).toBe(places.length - i);
      expect(await client.send("BITCOUNT", "k", 0, at - 1, "BIT")).toBe(at === 0 ? places.length : i);
    }
  });

  test("BITOP touches what there is", async () => {
    await client.send("SETBIT", "a", LAST_BIT, 1);
    await client.send("SETBIT", "a", 5, 1);
    await client.send("SETBIT", "b", LAST_BIT, 1);
    await client.send("SET", "short", "\xff");
    expect(await client.send("BITOP", "AND", "d", "a", "b")).toBe(512 * MB);
    expect(await client.send("BITCOUNT", "d")).toBe(1);
    expect(await client.send("BITOP", "XOR", "d", "a", "b", "short")).toBe(512 * MB);
    expect(await client.send("BITCOUNT", "d")).toBe(7);
    expect(await client.send("GETBIT", "d", 5)).toBe(0);
    expect(await client.send("BITOP", "OR", "a", "a", "none")).toBe(512 * MB);
    expect(await client.send("BITCOUNT", "a")).toBe(2);
  });

  test("BITFIELD at the end", async () => {
    expect(
      await client.send("BITFIELD", "k", "SET", "u16", LAST_BIT - 15, 65_535, "GET", "i8", 4294967288),
    ).toEqual([0, -1]);
    expect(await client.send("BITFIELD", "k", "INCRBY", "u8", "#536870911", 2, "GET", "u8", 5)).toEqual([
      1, 0,
    ]);
    expect(await client.send("STRLEN", "k")).toBe(512 * MB);
    // What stands beyond the end is zeros.
    expect(await client.send("BITFIELD", "k", "GET", "i48", LAST_BIT - 7)).toEqual([2 ** 40]);
  });
});

describe("full ones", () => {
  const bytes = noise(6 * MB + 12, 5);
  const total = bitsIn(bytes);

  test("counts agree with a count of our own, everywhere", async () => {
    await client.send("SET", "k", bytes.latin1Slice());
    expect(await client.send("BITCOUNT", "k")).toBe(total);
    const random = new Random(11);
    for (let i = 0; i < 30; i++) {
      const start = random.below(bytes.length);
      const end = start + random.below(bytes.length - start);
      expect(await client.send("BITCOUNT", "k", start, end)).toBe(bitsIn(bytes.subarray(start, end + 1)));
    }
  });

  test("a search goes through what is full, and stops where it is told to", async () => {
    const length = 90 * (64 << 10);
    await client.send("SET", "ones", "\xff".repeat(length));
    expect(await client.send("BITPOS", "ones", 0)).toBe(length * 8);
    expect(await client.send("BITPOS", "ones", 0, 0, -1)).toBe(-1);
    for (const chunk of [89, 80, 71, 40, 9, 8, 7, 0]) {
      const at = chunk * CHUNK_BITS + 77;
      await client.send("SETBIT", "ones", at, 0);
      expect(await client.send("BITPOS", "ones", 0)).toBe(at);
      expect(await client.send("BITPOS", "ones", 0, 0, at - 1, "BIT")).toBe(-1);
      expect(await client.send("BITPOS", "ones", 0, 3, at, "BIT")).toBe(at);
    }
  });

  test("BITOP with itself, with others, into itself", async () => {
    const other = noise(5 * MB + 3, 6);
    await client.send("SET", "a", bytes.latin1Slice());
    await client.send("SET", "b", other.latin1Slice());
    const xor = Buffer.from(bytes.map((byte, at) => byte ^ (other[at] ?? 0)));
    expect(await client.send("BITOP", "XOR", "d", "a", "b")).toBe(bytes.length);
    expect((await client.send("GET", "d")) === xor.latin1Slice()).toBe(true);
    expect(await client.send("BITOP", "XOR", "d", "d", "b")).toBe(bytes.length);
    expect((await client.send("GET", "d")) === bytes.latin1Slice()).toBe(true);
    expect(await client.send("BITOP", "NOT", "d", "d")).toBe(bytes.length);
    expect(await client.send("BITCOUNT", "d")).toBe(bytes.length * 8 - total);
    expect(await client.send("BITOP", "AND", "d", "d", "a")).toBe(bytes.length);
    expect(await client.send("BITCOUNT", "d")).toBe(0);
    expect(await client.send("BITOP", "XOR", "d", "a", "a")).toBe(bytes.length);
    expect(await client.send("BITPOS", "d", 1)).toBe(-1);
  });
});

test("in a transaction they see what it has written before", async () => {
  const bytes = noise(2 * MB, 13);
  const total = bitsIn(bytes);
  // In the middle: not among the chunks that are read one by one.
  const place = 15 * CHUNK_BITS;
  const first = 0x80 & bytes[place / 8]! ? 0 : 1;
  await client.send("SET", "stored", bytes.latin1Slice());
  await client.send("SETRANGE", "d", 3 * MB, "x");
  const commands = (key: string): (string | number)[][] => [
    ["BITCOUNT", key],
    ["SETBIT", key, place, 1],
    ["BITCOUNT", key],
    ["BITOP", "NOT", "d", key],
    ["BITCOUNT", "d"],
    ["BITPOS", "d", 1, MB],
    ["COPY", key, "copy", "REPLACE"],
    ["BITCOUNT", "copy"],
    ["BITOP", "XOR", "d", "copy", key, "stored"],
    ["APPEND", key, "\xff"],
    ["BITCOUNT", key],
    ["BITOP", "XOR", "d", "copy", key],
    ["BITCOUNT", "d"],
    ["BITOP", "NOT", "d", key],
    ["SETBIT", key, place, 0],
    ["BITOP", "NOT", "d", key],
    ["GETBIT", "d", place],
  ];
  const counts = (found: unknown[]): unknown[] => [0, 2, 4, 7, 10, 12, 16].map((at) => found[at]);
  const expected = [total, total + first, 2 * MB * 8 - total - first, total + first, total + first + 8, 8, 1];
  for (const key of ["stored", "new"]) {
    const before = key === "new" ? [["SET", key, bytes.latin1Slice()]] : [];
    const replies = await client.pipeline([["MULTI"], ...before, ...commands(key), ["EXEC"]]);
    const found = (replies.at(-1) as unknown[]).slice(before.length);
    expect(counts(found)).toEqual(expected);
    await client.send("SET", "stored", bytes.latin1Slice());
  }
});

test("what is written while others count, search and combine is in their answers, or is not, as a whole", async () => {
  // One bit wanders through the chunks: every moment has exactly one, or two on the way.
  const chunks = 200;
  await client.send("SETBIT", "k", chunks * CHUNK_BITS - 1, 0);
  await client.send("SETBIT", "k", 3, 1);
  const writer = await server.connect();
  let isDone = false;
  const write = async (): Promise<void> => {
    for (let at = 0; !isDone; at = (at + 37) % chunks) {
      const next = (at + 37) % chunks;
      expect(await writer.send("SETBIT", "k", next * CHUNK_BITS + 3, 1)).toBe(0);
      expect(await writer.send("SETBIT", "k", at * CHUNK_BITS + 3, 0)).toBe(1);
      if (next === 0) await writer.send("APPEND", "k", "\0".repeat(1000));
    }
  };
  const writing = write();
  try {
    for (let i = 0; i < 25; i++) {
      expect([1, 2]).toContain(await client.send("BITCOUNT", "k"));
      expect((await client.send("BITPOS", "k", 1)) as number).toBeGreaterThan(0);
      await client.send("BITOP", "OR", "copy", "k", "none");
      expect([1, 2]).toContain(await client.send("BITCOUNT", "copy"));
      const [first, second] = (await Promise.all([
        client.send("STRDIGEST", "k", "CRC32"),
        client.send("BITOP", "XOR", "zero", "k", "k"),
      ])) as [string, number];
      expect(first).toMatch(/^[0-9a-f]{8}$/);
      expect(second).toBeGreaterThan(0);
      expect(await client.send("BITCOUNT", "zero")).toBe(0);
    }
  } finally {
    isDone = true;
    await writing;
    await writer.close();
  }
});

test.skipIf(server.kind === "redis")(
  "of 128 MB only a small part is in memory at a time",
  { timeout: 60_000 },
  async () => {
    const piece = noise(4 * MB, 9).latin1Slice();
    for (let i = 0; i < 32; i++) await client.send("APPEND", "k", piece);
    const total = 32 * bitsIn(Buffer.from(piece, "latin1"));
    const growth = await memoryGrowth(server.pid, async () => {
      expect(await client.send("BITCOUNT", "k")).toBe(total);
      expect(await client.send("BITPOS", "k", 1, 64 * MB)).toBeGreaterThan(0);
      const old = (await client.send("SETBIT", "k", 500_000_000, 1)) as number;
      expect(await client.send("BITCOUNT", "k")).toBe(total + 1 - old);
      expect(await client.send("STRDIGEST", "k", "SHA256")).toMatch(/^[0-9a-f]{64}$/);
      expect(await client.send("BITOP", "AND", "d", "k", "none")).toBe(128 * MB);
    });
    expect(growth).toBeLessThan(100 * MB);
  },
);

test.skipIf(server.kind === "redis")("they survive a crash", async () => {
  await client.send("SETBIT", "k", LAST_BIT, 1);
  await client.send("SETBIT", "k", 1_000_000, 1);
  await client.send("BITOP", "OR", "d", "k");
  await server.crashAndRestart();
  client = await server.connect();
  for (const key of ["k", "d"]) {
    expect(await client.send("BITCOUNT", key)).toBe(2);
    expect(await client.send("BITPOS", key, 1)).toBe(1_000_000);
    expect(await client.send("GETBIT", key, LAST_BIT)).toBe(1);
  }
});
