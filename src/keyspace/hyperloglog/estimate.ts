import { PATTERN_BITS, REGISTERS } from "./registers.ts";

/** Registers by value: 0 to 63. */
type RegisterHistogram = Uint32Array;

export function newHistogram(): RegisterHistogram {
  return new Uint32Array(64);
}

/** 0.5 / ln 2 */
const ALPHA_INFINITY = 0.7213475204444817;

/** What Redis makes of an estimate beyond 64 bits, which only values that no element could set lead to. */
const TOO_MANY = -(2n ** 63n);

/**
 * The number of different elements that the registers tell of: algorithm 6 of Otmar Ertl, "New cardinality estimation
 * algorithms for HyperLogLog sketches" (https://arxiv.org/abs/1702.01284).
 */
export function estimate(histogram: RegisterHistogram): bigint {
  let z = REGISTERS * tau((REGISTERS - histogram[PATTERN_BITS + 1]!) / REGISTERS);
  for (let value = PATTERN_BITS; value >= 1; value--) z = (z + histogram[value]!) * 0.5;
  z += REGISTERS * sigma(histogram[0]! / REGISTERS);
  const count = (ALPHA_INFINITY * REGISTERS * REGISTERS) / z;
  return count < 2 ** 63 ? BigInt(Math.round(count)) : TOO_MANY;
}

function sigma(share: number): number {
  if (share === 1) return Number.POSITIVE_INFINITY;
  let x = share;
  let y = 1;
  let sum = x;
  for (;;) {
    x *= x;
    const before = sum;
    sum += x * y;
    y += y;
    if (sum === before) return sum;
  }
}

function tau(share: number): number {
  if (share === 0 || share === 1) return 0;
  let x = share;
  let y = 1;
  let sum = 1 - x;
  for (;;) {
    x = Math.sqrt(x);
    const before = sum;
    y *= 0.5;
    sum -= (1 - x) * (1 - x) * y;
    if (sum === before) return sum / 3;
  }
}
