import { expect, test } from "vitest";
import { Random } from "../../src/support/random.ts";
import type { Client } from "../support/client.ts";
import { useServer } from "../support/use-server.ts";
import { variant } from "../support/variant.ts";

const redis = useServer({ kind: "redis" });
const tested = useServer({});
const seed = Number(process.env["COMPAT_SEED"] ?? Math.floor(Math.random() * 0x7fffffff));

/** Collections grow to many thousand members: the ones of random sequences (random.test.ts) stay small. */
const NAMES = 20_000;
const PIPELINES = 500;
const LONGEST_PIPELINE = 400;

type Command = readonly string[];

const SIZES: ReadonlySet<string> = new Set(["SCARD", "HLEN", "ZCARD"]);

/** Random commands on sets, hashes and sorted sets, most of which add members. */
class Commands {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  below(n: number): number {
    return this.#random.below(n);
  }

  #pick<Of>(...some: readonly Of[]): Of {
    return some[this.below(some.length)]!;
  }

  #member(): string {
    // Some of few bytes, the empty one among them.
    if (this.below(10) > 0) return `member:${this.below(NAMES)}`;
    return Array.from({ length: this.below(4) }, () => String.fromCharCode(this.below(128))).join("");
  }

  #several<Of>(make: () => Of): Of[] {
    return Array.from({ length: this.#pick(1, 1, 1, 2, 5, 20) }, make);
  }

  #members(): string[] {
    return this.#several(() => this.#member());
  }

  /** Mostly its size; now and then all of it, and its end. */
  #whole(size: Command, all: Command): Command {
    const draw = this.below(2000);
    if (draw > 20) return size;
    return draw > 0 ? all : ["DEL", size[1]!];
  }

  next(): Command {
    const key = this.#pick("0", "1", "2");
    return this.#pick(
      () => this.#ofSet(key),
      () => this.#ofHash(key),
      () => this.#ofSortedSet(key),
    )();
  }

  #ofSet(number: string): Command {
    const key = `set:${number}`;
    return this.#pick<() => Command>(
      () => ["SADD", key, ...this.#members(), ...this.#members()],
      () => ["SADD", key, this.#member()],
      () => ["SREM", key, ...this.#members()],
      () => ["SISMEMBER", key, this.#member()],
      () => ["SMISMEMBER", key, ...this.#members()],
      () => ["SMOVE", key, "set:0", this.#member()],
      () => (this.below(10) > 0 ? ["SCARD", key] : ["SINTERCARD", "2", key, "set:1"]),
      () => this.#whole(["SCARD", key], ["SMEMBERS", key]),
    )();
  }

  #ofHash(number: string): Command {
    const key = `hash:${number}`;
    const pair = (): string[] => [this.#member(), `${"v".repeat(this.below(60))}${this.below(1000)}`];
    return this.#pick<() => Command>(
      () => ["HSET", key, ...this.#several(pair).flat(), ...this.#several(pair).flat()],
      () => ["HSET", key, ...pair()],
      () => ["HDEL", key, ...this.#members()],
      () => ["HGET", key, this.#member()],
      () => ["HMGET", key, ...this.#members()],
      () => ["HINCRBY", key, `number:${this.below(2000)}`, "3"],
      () => ["HSTRLEN", key, this.#member()],
      () => this.#whole(["HLEN", key], ["HGETALL", key]),
    )();
  }

  #ofSortedSet(number: string): Command {
    const key = `zset:${number}`;
    const pair = (): string[] => [String(this.below(5000)), this.#member()];
    return this.#pick<() => Command>(
      () => ["ZADD", key, ...this.#several(pair).flat(), ...this.#several(pair).flat()],
      () => ["ZADD", key, this.#pick("NX", "XX", "GT", "CH"), ...pair()],
      () => ["ZREM", key, ...this.#members()],
      () => ["ZMSCORE", key, ...this.#members()],
      () => ["ZRANK", key, this.#member()],
      () => ["ZINCRBY", key, "7", this.#member()],
      () => [this.#pick("ZPOPMIN", "ZPOPMAX"), key, String(this.below(3))],
      () => this.#whole(["ZCARD", key], ["ZRANGE", key, "0", "-1", "WITHSCORES"]),
      () =>
        this.below(500) > 0 ? ["ZRANGE", key, "10", "20"] : ["ZUNIONSTORE", "zset:2", "2", key, "zset:0"],
    )();
  }
}

/** Replies that are in no order, in one. */
function inOrder([name]: Command, reply: unknown): unknown {
  const items = reply as string[];
  if (name === "SMEMBERS") return items.toSorted();
  if (name !== "HGETALL") return reply;
  return items.flatMap((field, i) => (i % 2 === 0 ? [`${field} ${items[i + 1]}`] : [])).sort();
}

async function answers(client: Client, commands: readonly Command[]): Promise<unknown[]> {
  const replies = await client.pipeline(commands);
  return commands.map((command, i) => inOrder(command, replies[i]));
}

// Where every read faults nothing that has elements on disk is answered from memory.
test.skipIf(variant === "faults")(
  "pipelines on collections of thousands of members are answered as by Redis",
  { timeout: 120_000 },
  async () => {
    console.log(`wide collections: COMPAT_SEED=${seed}`);
    const commands = new Commands(new Random(seed));
    const largest: Record<string, number> = {};
    await using byRedis = await redis.connect();
    await using byTested = await tested.connect();
    for (let i = 0; i < PIPELINES; i++) {
      const pipeline = Array.from({ length: 1 + commands.below(LONGEST_PIPELINE) }, () => commands.next());
      const [expected, found] = await Promise.all([answers(byRedis, pipeline), answers(byTested, pipeline)]);
      const at = pipeline.findIndex((_, j) => JSON.stringify(found[j]) !== JSON.stringify(expected[j]));
      pipeline.forEach(([name], j) => {
        if (SIZES.has(name!)) largest[name!] = Math.max(largest[name!] ?? 0, expected[j] as number);
      });
      expect(at < 0 ? [] : [pipeline[at], found[at]]).toEqual(at < 0 ? [] : [pipeline[at], expected[at]]);
    }
    // Fewer are kept otherwise (keyspace/member-map.ts).
    expect(Object.keys(largest).sort()).toEqual(["HLEN", "SCARD", "ZCARD"]);
    expect(Math.min(...Object.values(largest))).toBeGreaterThan(4096);
  },
);

test("packed hashes of thousands of fields keep the order of insertion", async () => {
  await using byRedis = await redis.connect();
  await using byTested = await tested.connect();
  const fields = (from: number, to: number): string[] =>
    Array.from({ length: to - from }, (_, i) => [`field:${from + i}`, String(i)]).flat();
  const commands = [
    ["CONFIG", "SET", "hash-max-listpack-entries", "10000"],
    ["HSET", "packed", ...fields(0, 6000)],
    ["OBJECT", "ENCODING", "packed"],
    ["HDEL", "packed", "field:10", "field:3000", "field:5990"],
    ["HSET", "packed", ...fields(6000, 6010), "field:10", "again"],
    ["HGETALL", "packed"],
  ];
  const replies = await byTested.pipeline(commands);
  expect(replies).toEqual(await byRedis.pipeline(commands));
  expect(replies[2]).toBe("listpack");
});
