export interface BenchTest {
  /** The arguments of redis-benchmark: one of its own tests, or a command. */
  readonly what: readonly string[];
  /** What takes away, or reads, is measured on what is there: the arguments of the run that fills first. */
  readonly filledBy?: readonly string[];
  /** Grows with every request: each run begins without it, else the last round would measure another size. */
  readonly grows?: string;
  /** In the cache of scripts before it is called: `SHA` in `what` is its sha1. */
  readonly script?: string;
  /** A client listens to this channel. */
  readonly heardOn?: string;
  /** Part of the requests, where one is as much work as several of the others. Default 1. */
  readonly share?: number;
}

export const VALUE_BYTES = 100;
const VALUE = "x".repeat(VALUE_BYTES);

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

const special: Readonly<Record<string, Omit<BenchTest, "what"> & { readonly what?: readonly string[] }>> = {
  lpush: { grows: "mylist" },
  rpush: { grows: "mylist" },
  lpop: { grows: "mylist", filledBy: ["-t", "rpush"] },
  rpop: { grows: "mylist", filledBy: ["-t", "rpush"] },
  // redis-benchmark fills for itself, with as many as it then reads: not enough in a short run.
  lrange_100: { grows: "mylist", filledBy: ["-t", "rpush"], share: 0.25 },
  lrange_600: { grows: "mylist", filledBy: ["-t", "rpush"], share: 0.05 },
  spop: { filledBy: ["SADD", "myset", "element:__rand_int__"] },
  zpopmin: { filledBy: ["ZADD", "myzset", "__rand_int__", "element:__rand_int__"] },
  mset: { share: 0.5 },
  xadd: { what: ["XADD", "mystream", "*", "field", VALUE], grows: "mystream" },
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
