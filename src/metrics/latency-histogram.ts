/** Buckets for each doubling: a bucket is at most a 32nd of its value wide. */
const BUCKETS_PER_OCTAVE = 32;
const OCTAVE_BITS = 5;
/** Longer ones count as this long, as in Redis. */
const MAX_NS = 1_000_000_000;

/**
 * How long a command took, as a count for each of some 850 lengths of time between 1 ns and 1 s: small in absolute
 * terms at the short end, and never more than 3 % off.
 */
export class LatencyHistogram {
  readonly #counts = new Uint32Array(bucketOf(MAX_NS) + 1);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  record(ns: number): void {
    this.#counts[bucketOf(ns < 1 ? 1 : ns > MAX_NS ? MAX_NS : ns)]!++;
    this.#count++;
  }

  add(other: LatencyHistogram): void {
    for (const [bucket, count] of other.#counts.entries()) this.#counts[bucket]! += count;
    this.#count += other.#count;
  }

  /** How many took less than 2^`exponent` ns; at least 64 ns. */
  countBelow(exponent: number): number {
    const end = Math.min(bucketOf(Math.min(2 ** exponent, 2 ** 30)), this.#counts.length);
    let count = 0;
    for (let bucket = 0; bucket < end; bucket++) count += this.#counts[bucket]!;
    return exponent > 30 ? this.#count : count;
  }

  /** So many percent took no longer than this, in ns. */
  percentile(percent: number): number {
    let left = Math.max(1, Math.ceil((percent / 100) * this.#count));
    for (const [bucket, count] of this.#counts.entries()) {
      left -= count;
      if (count > 0 && left <= 0) return longestOf(bucket);
    }
    return 0;
  }
}

/** 0 to 63 have a bucket each; then 32 to each octave. */
function bucketOf(ns: number): number {
  const whole = ns | 0;
  if (whole < 2 * BUCKETS_PER_OCTAVE) return whole;
  const shift = 31 - OCTAVE_BITS - Math.clz32(whole);
  return shift * BUCKETS_PER_OCTAVE + (whole >>> shift);
}

/** The longest time that falls into a bucket, in ns. */
function longestOf(bucket: number): number {
  if (bucket < 2 * BUCKETS_PER_OCTAVE) return bucket;
  const shift = Math.floor(bucket / BUCKETS_PER_OCTAVE) - 1;
  const first = (bucket - shift * BUCKETS_PER_OCTAVE) * 2 ** shift;
  return first + 2 ** shift - 1;
}
