import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import { useServer } from "../support/use-server.ts";

/** Large collections of which single elements are read come into memory, where they fit. */
const SIZE = 20_000;
const kinds = {
  hash: { put: "HSET", of: (i: number) => [`m${i}`, `v${i}`], read: "HGET", value: (i: number) => `v${i}` },
  set: { put: "SADD", of: (i: number) => [`m${i}`], read: "SISMEMBER", value: () => 1 },
  zset: { put: "ZADD", of: (i: number) => [`${i}`, `m${i}`], read: "ZSCORE", value: String },
} as const;
type Kind = keyof typeof kinds;

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

async function inlineReadsOf(client: Client): Promise<number> {
  const info = (await client.send("INFO", "leveldb")) as string;
  return Number(/^inline_reads:(\d+)/m.exec(info)![1]);
}

describe.each([
  { cache: "64mb", fits: true, mostRounds: 2000 },
  { cache: "1mb", fits: false, mostRounds: 100 },
])("with $cache of memory", ({ cache, fits, mostRounds }) => {
  const server = useServer({ kind: "leveldis", args: ["--record-cache-size", cache] });
  let client: Client;

  beforeAll(async () => {
    client = await server.connect();
    for (const kind of Object.keys(kinds) as Kind[]) {
      for (let at = 0; at < SIZE; at += 1000) {
        await client.send(kinds[kind].put, kind, ...range(at, at + 1000).flatMap(kinds[kind].of));
      }
    }
    await client.close();
    await server.restart();
    client = await server.connect();
  });
  afterAll(() => client.close());

  const inlineReads = (): Promise<number> => inlineReadsOf(client);

  /** How many reads of elements went to LevelDB. */
  async function readSome(kind: Kind, from: number): Promise<number> {
    const before = await inlineReads();
    const numbers = range(from, from + 200).map((i) => (i * 7919) % SIZE);
    const values = await client.pipeline(numbers.map((i) => [kinds[kind].read, kind, `m${i}`]));
    expect(values).toEqual(numbers.map((i) => kinds[kind].value(i)));
    return (await inlineReads()) - before;
  }

  test.each(Object.keys(kinds) as Kind[])("a %s", async (kind) => {
    let rounds = 0;
    // What is written while it is loaded is in it.
    for (; rounds < mostRounds; rounds++) {
      const [first, written] = [rounds * 200, SIZE + rounds];
      const fromDisk = await readSome(kind, first);
      await client.send(kinds[kind].put, kind, ...kinds[kind].of(written));
      if (rounds === 0) expect(fromDisk).toBeGreaterThan(150);
      if (fromDisk === 0) break;
    }
    expect(rounds < mostRounds).toBe(fits);
    const added = range(SIZE, SIZE + Math.min(rounds + 1, mostRounds));
    const values = await client.pipeline(added.map((i) => [kinds[kind].read, kind, `m${i}`]));
    expect(values).toEqual(added.map((i) => kinds[kind].value(i)));
  });
});

describe("small ones that are not packed", () => {
  const COUNT = 100;
  const server = useServer({ kind: "leveldis" });
  let client: Client;

  beforeAll(async () => {
    client = await server.connect();
    await client.pipeline(range(0, COUNT).map((i) => ["HSET", `small:${i}`, "field", "v".repeat(100)]));
    await client.send("HSET", "large", ...range(0, 6000).flatMap((i) => [`m${i}`, "v"]));
    await client.close();
    await server.restart();
    client = await server.connect();
  });
  afterAll(() => client.close());

  /** How many reads went to LevelDB for so many of each. */
  async function read(times: number): Promise<number> {
    const before = await inlineReadsOf(client);
    const values = await client.pipeline(
      range(0, times * COUNT).map((i) => ["HGET", `small:${i % COUNT}`, "field"]),
    );
    expect(new Set(values)).toEqual(new Set(["v".repeat(100)]));
    return (await inlineReadsOf(client)) - before;
  }

  test("are loaded for many reads, not for a few", async () => {
    for (let times = 0; times < 5; times++) await read(1);
    // It is loaded behind those that are to be loaded by now.
    expect(await client.send("HVALS", "large")).toHaveLength(6000);
    for (let times = 0; times < 5; times++) expect(await read(1)).toBe(COUNT);
    while ((await read(10)) > 0);
  });
});
