import { afterAll, beforeAll, expect, test } from "vitest";
import { Random } from "../../src/support/random.ts";
import type { Client } from "../support/client.ts";
import { useServer } from "../support/use-server.ts";

/** The sorted set of this file is many times as large as the memory that it may take: it lives on disk. */
const servers = [
  useServer({ kind: "redis" }),
  useServer({ kind: "leveldis", args: ["--record-cache-size", "1mb"] }),
];
let clients: Client[] = [];

const SIZE = 12_000;
const seed = Number(process.env["TEST_SEED"] ?? Math.floor(Math.random() * 0x7fffffff));
const random = new Random(seed);
console.log(`large sorted sets: TEST_SEED=${seed}`);

const nameOf = (i: number): string => `member:${i}:${"x".repeat(i % 40)}`;

/** Many members share a score. */
const scoreOf = (i: number): number => ((i * 7919) % 5003) - 2000;

beforeAll(async () => {
  clients = await Promise.all(servers.map((server) => server.connect()));
  await fill("z", scoreOf);
});
afterAll(async () => {
  for (const client of clients) await client.close();
});

async function fill(key: string, score: (i: number) => number): Promise<void> {
  for (let from = 0; from < SIZE; from += 500) {
    const pairs = Array.from({ length: 500 }, (_, i) => [score(from + i), nameOf(from + i)]);
    for (const client of clients) await client.send("ZADD", key, ...pairs.flat());
  }
}

async function restart(): Promise<void> {
  await clients[1]!.close();
  await servers[1]!.crashAndRestart();
  clients[1] = await servers[1]!.connect();
}

/** What both answer, which must be the same. */
async function both(...args: (string | number)[]): Promise<string> {
  const [redis, tested] = await Promise.all(clients.map((client) => client.sendRaw(...args.map(String))));
  if (!tested!.equals(redis!)) {
    const shown = [redis!, tested!].map((reply) => reply.latin1Slice().slice(0, 500));
    expect(shown[1], args.join(" ").slice(0, 200)).toBe(shown[0]);
    throw new Error(`${args.join(" ").slice(0, 200)}: the replies differ behind their first 500 bytes`);
  }
  return tested!.latin1Slice();
}

/** Questions whose answers hang on ranks anywhere in the order. */
async function askRanks(key: string, times = 12): Promise<void> {
  for (let i = 0; i < times; i++) {
    const member = nameOf(random.below(SIZE));
    const from = random.below(SIZE);
    const score = random.below(5003) - 2000;
    await both("ZRANK", key, member);
    await both("ZREVRANK", key, member);
    await both("ZRANGE", key, from, from + random.below(30), "WITHSCORES");
    await both("ZREVRANGE", key, from, from + random.below(30));
    await both("ZCOUNT", key, score, `(${score + random.below(4000)}`);
    await both("ZRANGEBYSCORE", key, `(${score}`, "+inf", "LIMIT", 1000 + random.below(5000), 5);
    await both("ZREVRANGEBYSCORE", key, "+inf", score, "WITHSCORES", "LIMIT", 1000 + random.below(5000), 5);
  }
}

test("ranks, and counts, anywhere in the order", async () => {
  await askRanks("z", 40);
});

test("are right whatever is written in between", async () => {
  for (let round = 0; round < 10; round++) {
    const near = random.below(5000) - 2000;
    // Many in one place, some at the ends, some that move, some that go.
    for (let i = 0; i < 60; i++) await both("ZADD", "z", near + i / 100, `new:${round}:${i}`);
    await both(
      "ZADD",
      "z",
      -3000 - round,
      `first:${round}`,
      9000 + round,
      `last:${round}`,
      0,
      `zero:${round}`,
    );
    await both("ZADD", "z", "-0", `zero:${round}`);
    for (let i = 0; i < 20; i++)
      await both("ZINCRBY", "z", random.below(900) - 450, nameOf(random.below(SIZE)));
    for (let i = 0; i < 20; i++) await both("ZREM", "z", nameOf(random.below(SIZE)));
    const from = random.below(SIZE - 1000);
    await both("ZREMRANGEBYRANK", "z", from, from + random.below(200));
    await both("ZREMRANGEBYSCORE", "z", near, near + random.below(3));
    await both("ZPOPMIN", "z", 2);
    await both("ZPOPMAX", "z", 2);
    await askRanks("z", 4);
  }
});

test("in a place that grew by thousands", async () => {
  for (let from = 0; from < 4000; from += 500) {
    const pairs = Array.from({ length: 500 }, (_, i) => [100.5 + (from + i) / 10_000, `crowd:${from + i}`]);
    await both("ZADD", "z", ...pairs.flat());
  }
  await both("ZRANK", "z", "crowd:1777");
  await both("ZCOUNT", "z", "100.6", "100.7");
  await askRanks("z");
});

test("in transactions and scripts that write, and in those that are called off", async () => {
  const script = `redis.call('ZADD', KEYS[1], ARGV[1], 'scripted')
    local rank = redis.call('ZRANK', KEYS[1], 'scripted')
    redis.call('ZREM', KEYS[1], ARGV[2])
    return {rank, redis.call('ZCOUNT', KEYS[1], '-inf', ARGV[1])}`;
  for (let i = 0; i < 5; i++) {
    await both("EVAL", script, 1, "z", random.below(3000), nameOf(random.below(SIZE)));
    await both("MULTI");
    await both("ZADD", "z", random.below(3000), `in:${i}`);
    await both("ZRANK", "z", `in:${i}`);
    await both("ZREMRANGEBYRANK", "z", 3000, 3010);
    await both("ZRANGE", "z", 5000, 5005);
    await both("GET", "z");
    await both("EXEC");
    await askRanks("z", 2);
  }
});

test("while they are counted others write", async () => {
  await fill("w", (i) => i % 1000);
  // Nothing waits for the store then, which would be put in order first.
  await restart();
  const tested = servers[1]!;
  const writers = await Promise.all(Array.from({ length: 3 }, () => tested.connect()));
  const written: (string | number)[][] = [];
  let isCounted = false;
  const write = async (writer: Client, w: number): Promise<void> => {
    for (let i = 0; !isCounted; i += 200) {
      const some = Array.from({ length: 200 }, (_, j) => [
        "ZADD",
        "w",
        ((i + j) * 37) % 1000,
        `${w}:${i + j}`,
      ]);
      written.push(...some);
      await writer.pipeline(some);
    }
  };
  const writing = Promise.all(writers.map(write));
  await clients[1]!.send("ZRANK", "w", nameOf(6000));
  isCounted = true;
  await writing;
  await clients[0]!.pipeline(written);
  for (const writer of writers) await writer.close();
  await askRanks("w");
});

test("of one score, by their names", async () => {
  await fill("lex", () => 1);
  for (let i = 0; i < 10; i++) {
    const [from, to] = [random.below(SIZE), random.below(SIZE)].map(nameOf).toSorted() as [string, string];
    await both("ZLEXCOUNT", "lex", `[${from}`, `(${to}`);
    await both("ZLEXCOUNT", "lex", `(${from}`, "+");
    await both("ZRANGEBYLEX", "lex", `[${from}`, "+", "LIMIT", 1500, 3);
    await both("ZREVRANGEBYLEX", "lex", "+", "-", "LIMIT", random.below(SIZE), 3);
    await both("ZRANK", "lex", to);
  }
});

test("copied, renamed, moved to another database, and after a restart", async () => {
  await both("COPY", "z", "c");
  await both("ZREMRANGEBYRANK", "c", 2000, 2500);
  await askRanks("c", 3);
  await both("RENAME", "c", "d");
  await askRanks("d", 3);
  await both("DEL", "d");
  await askRanks("z", 3);
  await restart();
  await askRanks("z");
});

test("taken from both ends by many at the same time, each member by one, in order", async () => {
  await fill("jobs", scoreOf);
  const workers = await Promise.all(Array.from({ length: 12 }, () => servers[1]!.connect()));
  const sorted = (await clients[0]!.send("ZRANGE", "jobs", 0, -1)) as string[];
  const ends = await Promise.all(
    workers.map(async (worker, i) => {
      const command = i % 2 === 0 ? "ZPOPMIN" : "ZPOPMAX";
      const popped: string[] = [];
      for (let round = 0; round < 25; round++) {
        const replies = await worker.pipeline(Array.from({ length: 10 }, () => [command, "jobs"]));
        popped.push(...(replies as [string, string][]).map(([member]) => member));
      }
      return { popped, isFromEnd: command === "ZPOPMAX" };
    }),
  );
  const place = new Map(sorted.map((member, rank) => [member, rank]));
  for (const isFromEnd of [false, true]) {
    const taken = ends.filter((end) => end.isFromEnd === isFromEnd).map(({ popped }) => popped);
    const expected = isFromEnd ? sorted.slice(-1500) : sorted.slice(0, 1500);
    expect(new Set(taken.flat())).toEqual(new Set(expected));
    for (const popped of taken) {
      const ranks = popped.map((member) => place.get(member)!);
      expect(ranks).toEqual(ranks.toSorted((a, b) => (isFromEnd ? b - a : a - b)));
    }
  }
  expect(await clients[1]!.send("ZCARD", "jobs")).toBe(SIZE - 3000);
  for (const worker of workers) await worker.close();
});
