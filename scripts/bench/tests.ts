export interface BenchTest {
  /** The arguments of redis-benchmark: one of its own tests, or a command. */
  readonly what: readonly string[];
  /** What takes away, or reads, is measured on what is there: the arguments of the run that fills first. */
  readonly filledBy?: readonly string[];
  /** Grows with every request: each run begins without it, else the last round would measure another size. */
  readonly grows?: string;
  /** A client listens to this channel. */
  readonly heardOn?: string;
  /** Part of the requests, where one is as much work as several of the others. Default 1. */
  readonly share?: number;
}

export const VALUE_BYTES = 100;
const VALUE = "x".repeat(VALUE_BYTES);

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
  publish: { what: ["PUBLISH", "mychannel", VALUE], heardOn: "mychannel" },
};

/** A name of redis-benchmark's own, or `xadd` or `publish`. */
export function benchTest(name: string): BenchTest {
  return { what: ["-t", name], ...special[name] };
}
