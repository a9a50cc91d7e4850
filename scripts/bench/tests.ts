import type { Fixture } from "./fixtures.ts";

export interface BenchTest {
  /** The arguments of redis-benchmark: one of its own tests, or a command. */
  readonly what: readonly string[];
  /** What takes away, or reads, is measured on what is there: the arguments of the run that fills first. */
  readonly filledBy?: readonly string[];
  /** What it reads, made once for all rounds. */
  readonly fixture?: Fixture;
  /** Numbers that redis-benchmark puts into the command are below it. */
  readonly keys?: number;
  /** In the cache of scripts before it is called: `SHA` in `what` is its sha1. */
  readonly script?: string;
  /** A client listens to this channel. */
  readonly heardOn?: string;
  /** Part of the requests, where one is as much work as several of the others. Default 1. */
  readonly share?: number;
}

export const VALUE_BYTES = 100;
const VALUE = "x".repeat(VALUE_BYTES);

/**
 * Stands for a key that no other run has: what grows with every request would have another size in the last round. (To delete
 * it would take seconds until the collector has heard of it, and disturb what is measured next.)
 */
export const NEW_KEY = "__new_key__";

/** Stands for the sha1 of a test's script. */
export const SHA = "__sha__";

/** A window of a second that lets ten calls of each key through. */
const RATE_LIMITER = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
redis.call('ZREMRANGEBYSCORE', KEYS[1], 0, now - 1000000)
if redis.call('ZCARD', KEYS[1]) >= 10 then return 0 end
redis.call('ZADD', KEYS[1], now, now)
redis.call('PEXPIRE', KEYS[1], 1000)
return 1`;

const HASH: Fixture = { key: "hash:20", type: "hash", size: 20 };
const SMALL_ZSET: Fixture = { key: "zset:100", type: "zset", size: 100 };
const BIG_ZSET: Fixture = { key: "zset:1m", type: "zset", size: 1_000_000 };
const BIG_LIST: Fixture = { key: "list:1m", type: "list", size: 1_000_000 };

const special: Readonly<Record<string, Omit<BenchTest, "what"> & { readonly what?: readonly string[] }>> = {
  lpush: { what: ["LPUSH", NEW_KEY, VALUE] },
  rpush: { what: ["RPUSH", NEW_KEY, VALUE] },
  lpop: { what: ["LPOP", NEW_KEY], filledBy: ["RPUSH", NEW_KEY, VALUE] },
  rpop: { what: ["RPOP", NEW_KEY], filledBy: ["RPUSH", NEW_KEY, VALUE] },
  lrange_100: { what: ["LRANGE", BIG_LIST.key, "0", "99"], fixture: BIG_LIST, share: 0.25 },
  lrange_600: { what: ["LRANGE", BIG_LIST.key, "0", "599"], fixture: BIG_LIST, share: 0.05 },
  hgetall_20: { what: ["HGETALL", HASH.key], fixture: HASH, share: 0.5 },
  zrange_10_small: { what: ["ZRANGE", SMALL_ZSET.key, "0", "9"], fixture: SMALL_ZSET },
  zrange_10_big: { what: ["ZRANGE", BIG_ZSET.key, "0", "9"], fixture: BIG_ZSET },
  zrank_small: { what: rankIn(SMALL_ZSET), fixture: SMALL_ZSET, keys: SMALL_ZSET.size },
  zrank_big: { what: rankIn(BIG_ZSET), fixture: BIG_ZSET, keys: BIG_ZSET.size },
  spop: { filledBy: ["SADD", "myset", "element:__rand_int__"] },
  zpopmin: { filledBy: ["ZADD", "myzset", "__rand_int__", "element:__rand_int__"] },
  mset: { share: 0.5 },
  xadd: { what: ["XADD", NEW_KEY, "*", "field", VALUE] },
  evalsha_get: {
    script: "return redis.call('GET', KEYS[1])",
    what: ["EVALSHA", SHA, "1", "key:__rand_int__"],
    filledBy: ["-t", "set"],
  },
  evalsha_limiter: {
    script: RATE_LIMITER,
    what: ["EVALSHA", SHA, "1", "limit:__rand_int__"],
    share: 0.5,
  },
  publish: { what: ["PUBLISH", "mychannel", VALUE], heardOn: "mychannel" },
};

/** A name of redis-benchmark's own, or one of those above. */
export function benchTest(name: string): BenchTest {
  return { what: ["-t", name], ...special[name] };
}

/** It reads what was made once for all rounds. */
export function readsFixture(name: string): boolean {
  return benchTest(name).fixture !== undefined;
}

function rankIn({ key }: Fixture): readonly string[] {
  return ["ZRANK", key, "element:__rand_int__"];
}
