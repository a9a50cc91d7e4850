import { afterAll, beforeAll, expect, test } from "vitest";
import { Random } from "../../src/support/random.ts";
import type { Client } from "../support/client.ts";
import { useServer } from "../support/use-server.ts";

/** Large collections come into memory beside everything else: what is written to them meanwhile is not lost, nor doubled. */
const servers = [useServer({ kind: "redis" }), useServer({ kind: "leveldis" })];
/** Each of some collections fits in its memory, not all of them together. */
const small = useServer({ kind: "leveldis", args: ["--record-cache-size", "4mb"] });
let clients: Client[] = [];

const SIZE = 20_000;
const ROUNDS = 30;
const seed = Number(process.env["TEST_SEED"] ?? Math.floor(Math.random() * 0x7fffffff));
const random = new Random(seed);
console.log(`loading beside: TEST_SEED=${seed}`);

const name = (i: number): string => `name:${i}`;
/** Half of them are there at the beginning. */
const anyName = (): string => name(random.below(2 * SIZE));
const anyScore = (): string => (random.below(10) === 0 ? "-0" : String(random.below(200) - 100));
const pick = <T>(items: readonly T[]): T => items[random.below(items.length)]!;
const several = (make: () => string[]): string[] => Array.from({ length: 1 + random.below(4) }, make).flat();

interface Kind {
  readonly fill: (from: number, to: number) => string[][];
  /** Want the whole of it in memory. */
  readonly load: readonly (readonly string[])[];
  readonly write: () => string[];
  readonly all: readonly string[];
  readonly sortsReply: boolean;
}

/** Of the stream. */
let lastId = SIZE;

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

const kinds: Record<string, Kind> = {
  hash: {
    fill: (from, to) => [["HSET", "k", ...range(from, to).flatMap((i) => [name(i), `value ${i}`])]],
    load: [["HRANDFIELD", "k", "-3"]],
    write: () =>
      random.below(2) === 0
        ? ["HSET", "k", ...several(() => [anyName(), `new ${random.below(1000)}`])]
        : ["HDEL", "k", ...several(() => [anyName()])],
    all: ["HGETALL", "k"],
    sortsReply: true,
  },
  set: {
    fill: (from, to) => [["SADD", "k", ...range(from, to).map(name)]],
    load: [["SRANDMEMBER", "k"]],
    write: () => [random.below(2) === 0 ? "SADD" : "SREM", "k", ...several(() => [anyName()])],
    all: ["SMEMBERS", "k"],
    sortsReply: true,
  },
  zset: {
    fill: (from, to) => [
      ["ZADD", "k", ...range(from, to).flatMap((i) => [String((i * 7919) % 5003), name(i)])],
    ],
    load: [["ZRANK", "k", name(SIZE / 2)]],
    write: () =>
      random.below(2) === 0
        ? ["ZADD", "k", ...several(() => [anyScore(), anyName()])]
        : ["ZREM", "k", ...several(() => [anyName()])],
    all: ["ZRANGE", "k", "0", "-1", "WITHSCORES"],
    sortsReply: false,
  },
  list: {
    fill: (from, to) => [["RPUSH", "k", ...range(from, to).map(name)]],
    load: [["LPOS", "k", "no such element"]],
    write: () =>
      pick([
        () => [pick(["LPUSH", "RPUSH"]), "k", ...several(() => [anyName()])],
        () => [pick(["LPOP", "RPOP"]), "k", String(1 + random.below(5))],
        () => ["LSET", "k", String(random.below(SIZE / 2)), anyName()],
        () => ["LTRIM", "k", String(random.below(3)), String(-1 - random.below(3))],
      ])(),
    all: ["LRANGE", "k", "0", "-1"],
    sortsReply: false,
  },
  stream: {
    fill: (from, to) => range(from, to).map((i) => ["XADD", "k", `${i + 1}-0`, "field", name(i)]),
    load: range(0, 1000).map(() => ["XRANGE", "k", `${random.below(SIZE)}-0`, "+", "COUNT", "1"]),
    write: () =>
      random.below(2) === 0
        ? ["XADD", "k", `${(lastId += 1 + random.below(3))}-0`, "field", anyName()]
        : ["XDEL", "k", ...several(() => [`${1 + random.below(lastId)}-0`])],
    all: ["XRANGE", "k", "-", "+"],
    sortsReply: false,
  },
};

beforeAll(async () => {
  clients = await Promise.all(servers.map((server) => server.connect()));
});
afterAll(async () => {
  for (const client of clients) await client.close();
});

async function restart(): Promise<void> {
  await clients[1]!.close();
  await servers[1]!.restart();
  clients[1] = await servers[1]!.connect();
}

async function expectEqual({ all, sortsReply }: Kind): Promise<void> {
  const [redis, tested] = await Promise.all(
    clients.map(async (client) => {
      const items = ((await client.send(...all)) as unknown[]).map(String);
      return sortsReply ? items.sort() : items;
    }),
  );
  expect(tested!.length).toBe(redis!.length);
  expect(tested!.findIndex((item, i) => item !== redis![i])).toBe(-1);
}

test.each(Object.entries(kinds))("a %s that is written to while it is loaded", async (_, kind) => {
  for (const client of clients) await client.send("DEL", "k");
  for (let from = 0; from < SIZE; from += 2000) {
    for (const client of clients) await client.pipeline(kind.fill(from, from + 2000));
  }
  await restart();
  const reader = await servers[1]!.connect();
  let isLoaded = false;
  const loaded = reader.pipeline(kind.load).finally(() => (isLoaded = true));
  // Past the end of it as well: what is in memory then is what goes on being changed.
  for (let after = 0; after < ROUNDS; after += isLoaded ? 1 : 0) {
    const writes = Array.from({ length: 20 }, kind.write);
    await Promise.all(clients.map((client) => client.pipeline(writes)));
  }
  await loaded;
  await expectEqual(kind);
  await reader.close();
  await restart();
  await expectEqual(kind);
});

test("what is deleted and made anew while it is loaded is not what was there", async () => {
  const [, client] = clients;
  await client!.send("DEL", "k");
  for (let from = 0; from < SIZE; from += 2000) await client!.pipeline(kinds["set"]!.fill(from, from + 2000));
  await restart();
  const reader = await servers[1]!.connect();
  const loaded = reader.send("SRANDMEMBER", "k");
  const writer = clients[1]!;
  await writer.send("DEL", "k");
  await writer.send("SADD", "k", "the only one");
  expect(await reader.send("SRANDMEMBER", "k")).toBe("the only one");
  await loaded;
  expect(await writer.send("SMEMBERS", "k")).toEqual(["the only one"]);
  await reader.close();
});

test("an EXEC that changes it while it is loaded, and starts again", async () => {
  const kind = kinds["zset"]!;
  for (const client of clients) await client.send("DEL", "k", "other");
  for (let from = 0; from < SIZE; from += 2000) {
    for (const client of clients) {
      await client.pipeline(kind.fill(from, from + 2000));
      await client.send("ZADD", "other", ...range(from, from + 2000).flatMap((i) => [String(i), name(i)]));
    }
  }
  await restart();
  const reader = await servers[1]!.connect();
  const loaded = reader.pipeline(kind.load);
  for (let i = 0; i < 10; i++) {
    const transaction = [["MULTI"], kind.write(), ["ZRANK", "other", name(i * 100)], kind.write(), ["EXEC"]];
    const [redis, tested] = await Promise.all(clients.map((client) => client.pipeline(transaction)));
    expect(tested).toEqual(redis);
  }
  await loaded;
  await expectEqual(kind);
  await reader.close();
  await restart();
  await expectEqual(kind);
});

test("several at the same time, that do not all fit, for commands that need some of them and others that need one", async () => {
  const some = (from: number, to: number): string[] => range(from, to).map(name);
  const sets = { a: [0, 15_000], b: [5000, 20_000], c: [10_000, 25_000], d: [0, 12_500], e: [2500, 15_000] };
  const [redis] = clients;
  let client = await small.connect();
  for (const to of [redis!, client]) {
    for (const [key, [from, end]] of Object.entries(sets)) {
      for (let at = from!; at < end!; at += 2500) await to.send("SADD", key, ...some(at, at + 2500));
    }
  }
  const all = Object.keys(sets);
  const questions = [
    ["SINTERCARD", "2", "a", "b"],
    ["SINTERCARD", "5", ...all],
    ["SUNIONSTORE", "union", ...all],
    ["SDIFFSTORE", "difference", "a", "c"],
  ];
  for (const question of questions) {
    await client.close();
    await small.restart();
    client = await small.connect();
    const others = await Promise.all(all.map(() => small.connect()));
    const drawn = others.map((other, i) => other.send("SRANDMEMBER", all[i]!));
    expect(await client.send(...question)).toBe(await redis!.send(...question));
    expect(await Promise.all(drawn)).toEqual(all.map(() => expect.stringMatching(/^name:\d+$/)));
    for (const other of others) await other.close();
  }
  await client.close();
});
