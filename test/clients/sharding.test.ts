import { crc32 } from "node:zlib";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { TestServer } from "../support/server.ts";
import { useServer } from "../support/use-server.ts";

/** Sharding by the client: a hash ring over ioredis, and how it grows by a server. */

const servers = new Map<string, TestServer>(["a", "b", "c", "d"].map((name) => [name, useServer()]));
const connections = new Map<string, Redis>();

beforeAll(() => {
  for (const [name, { port }] of servers) connections.set(name, new Redis(port, "127.0.0.1"));
});
afterAll(() => {
  for (const redis of connections.values()) redis.disconnect();
});

/** Keys go to the next point of their ring; every server has many, so that its share is about the same. */
class Ring {
  static readonly #POINTS = 160;
  readonly #points: readonly { readonly at: number; readonly name: string }[];

  constructor(names: readonly string[]) {
    this.#points = names
      .flatMap((name) =>
        Array.from({ length: Ring.#POINTS }, (_, n) => ({ at: crc32(`${name}-${n}`), name })),
      )
      .sort((one, other) => one.at - other.at);
  }

  nameOf(key: string): string {
    const hash = crc32(/\{(.+?)\}/.exec(key)?.[1] ?? key);
    return (this.#points.find(({ at }) => at >= hash) ?? this.#points[0]!).name;
  }

  serverOf(key: string): Redis {
    return connections.get(this.nameOf(key))!;
  }
}

async function pipelined<T>(
  ring: Ring,
  keys: readonly string[],
  command: (key: string) => string[],
): Promise<T[]> {
  const results = new Map<string, T>();
  const byServer = new Map<Redis, string[]>();
  for (const key of keys) {
    const redis = ring.serverOf(key);
    byServer.set(redis, [...(byServer.get(redis) ?? []), key]);
  }
  await Promise.all(
    [...byServer].map(async ([redis, keys]) => {
      const replies = await redis.pipeline(keys.map(command)).exec();
      for (const [i, [error, reply]] of replies!.entries()) {
        if (error !== null) throw error;
        results.set(keys[i]!, reply as T);
      }
    }),
  );
  return keys.map((key) => results.get(key)!);
}

const counts = (names: readonly string[]): Promise<number[]> =>
  Promise.all(names.map((name) => connections.get(name)!.dbsize()));

test("a ring of three, and of four after MIGRATE has moved what changed its place", async () => {
  const three = new Ring(["a", "b", "c"]);
  const four = new Ring(["a", "b", "c", "d"]);
  const keys = Array.from({ length: 2000 }, (_, n) => `key:${n}`);
  await pipelined(three, keys, (key) => ["hset", key, "name", key, "size", "1"]);
  const before = await counts(["a", "b", "c", "d"]);
  expect(before.reduce((sum, count) => sum + count)).toBe(keys.length);
  expect(before[3]).toBe(0);
  for (const count of before.slice(0, 3)) expect(count).toBeGreaterThan(300);

  let moved = 0;
  for (const name of ["a", "b", "c"]) {
    const redis = connections.get(name)!;
    for await (const found of redis.scanStream({ count: 200 })) {
      const leaving = (found as string[]).filter((key) => four.nameOf(key) !== name);
      for (const key of leaving) expect(four.nameOf(key)).toBe("d");
      if (leaving.length === 0) continue;
      expect(
        await redis.call("MIGRATE", "127.0.0.1", servers.get("d")!.port, "", 0, 10_000, "KEYS", ...leaving),
      ).toBe("OK");
      moved += leaving.length;
    }
  }
  const after = await counts(["a", "b", "c", "d"]);
  expect(after.reduce((sum, count) => sum + count)).toBe(keys.length);
  expect(after[3]).toBe(moved);
  expect(moved).toBeGreaterThan(300);
  const names = await pipelined<string>(four, keys, (key) => ["hget", key, "name"]);
  expect(names).toEqual(keys);
});

test("what belongs together stays together: a transaction and a script on keys with one tag", async () => {
  const ring = new Ring(["a", "b", "c"]);
  for (let n = 0; n < 50; n++) {
    const [from, to] = [`{account:${n}}:from`, `{account:${n}}:to`];
    const redis = ring.serverOf(from);
    expect(ring.serverOf(to)).toBe(redis);
    await redis.multi().set(from, 10).set(to, 0).exec();
    const script = "redis.call('DECRBY', KEYS[1], ARGV[1]); return redis.call('INCRBY', KEYS[2], ARGV[1])";
    expect(await redis.eval(script, 2, from, to, 7)).toBe(7);
    expect(await redis.mget(from, to)).toEqual(["3", "7"]);
  }
});
