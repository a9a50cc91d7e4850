/**
 * What leveldis has to reach, in one place. Rates are shares of what redis-server does in the same run; `peer` is the best
 * share that another server on disk (Kvrocks, SSDB, LedisDB) reached on a machine of the same kind.
 */

export type Bar = { readonly atLeast: number } | { readonly atMost: number };

export interface Verdict {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly bar: Bar;
  readonly isMet: boolean;
}

export function judge(what: string, value: number, bar: Bar, unit = ""): Verdict {
  const isMet = "atLeast" in bar ? value >= bar.atLeast : value <= bar.atMost;
  return { what, value, unit, bar, isMet };
}

export function barText(bar: Bar): string {
  return "atLeast" in bar ? `≥ ${bar.atLeast}` : `≤ ${bar.atMost}`;
}

/** By pipeline depth. */
type Shares = Readonly<Partial<Record<number, number>>>;

const SIMPLE_WRITE: Shares = { 1: 0.9, 16: 0.4 };
const SORTED_SET: Shares = { 1: 0.8, 16: 0.3 };
const MANY: Shares = { 1: 0.6, 16: 0.4 };
const COLLECTION_READ: Shares = { 1: 0.7, 16: 0.4 };

/** Of a test's rate. */
export const RATE: Readonly<Record<string, Shares>> = {
  set: SIMPLE_WRITE,
  get: { 1: 0.95, 16: 0.5 },
  incr: SIMPLE_WRITE,
  lpush: SIMPLE_WRITE,
  rpush: SIMPLE_WRITE,
  lpop: SIMPLE_WRITE,
  rpop: SIMPLE_WRITE,
  sadd: SIMPLE_WRITE,
  hset: SIMPLE_WRITE,
  spop: SIMPLE_WRITE,
  zadd: SORTED_SET,
  zpopmin: SORTED_SET,
  mset: MANY,
  xadd: MANY,
  lrange_100: { 1: 0.6 },
  lrange_600: { 1: 0.6 },
  hgetall_20: COLLECTION_READ,
  zrange_10_small: COLLECTION_READ,
  zrange_10_big: COLLECTION_READ,
  zrank_small: COLLECTION_READ,
  zrank_big: COLLECTION_READ,
  evalsha_limiter: { 1: 0.5 },
};

/** The best peer's share; GET at P=1 is where the client is the limit, so level is enough. */
export const PEER: Readonly<Record<string, Shares>> = {
  set: { 1: 0.83, 16: 0.23 },
  get: { 1: 0.95, 16: 0.17 },
  incr: { 1: 0.8, 16: 0.13 },
  lpush: { 1: 0.69, 16: 0.21 },
  sadd: { 1: 0.68, 16: 0.17 },
  hset: { 1: 0.64, 16: 0.19 },
  zadd: { 1: 0.58, 16: 0.11 },
};

/** Of these tests at P=1, in units of Redis' own. */
export const P99: Bar = { atMost: 3 };
export const P99_TESTS: readonly string[] = ["set", "get"];

/** The time of a command, in units of that at the smallest size. */
export const COLLECTION_TIME: Bar = { atMost: 1.5 };
export const BY_RANK_TIME: Bar = { atMost: 3 };

export const DELETION = {
  delMs: { atMost: 1 },
  othersRate: { atLeast: 0.7 },
  reclaimed: { atLeast: 0.9 },
} as const satisfies Readonly<Record<string, Bar>>;

export const START_SECONDS: Bar = { atMost: 2 };

export const ALWAYS_RATE: Bar = { atLeast: 0.7 };

/** Against the smallest number of keys. */
export const SCALE = {
  moreMemoryMb: { atMost: 150 },
  warmGet: { atLeast: 0.6 },
  write: { atLeast: 0.5 },
} as const satisfies Readonly<Record<string, Bar>>;

export const COLD = {
  overlap: { atLeast: 5 },
  hotP99Ms: { atMost: 10 },
} as const satisfies Readonly<Record<string, Bar>>;
