import { describe, expect, it } from "vitest";
import { Random } from "../../src/support/random.ts";

const SEEDS = [1, 2, 42, 0xffffffff, 2 ** 40 + 7, Number.MAX_SAFE_INTEGER];

describe("Random", () => {
  // Chi-square over `bound` cells has mean bound - 1 and variance 2 (bound - 1); six standard deviations
  // leave a sound generator far from the limit, and the seeds are fixed.
  it.each([2, 3, 7, 10, 16, 100, 1000])("spreads evenly below %s", (bound) => {
    for (const seed of SEEDS) {
      const random = new Random(seed);
      const counts = new Float64Array(bound);
      const draws = bound * 200;
      for (let i = 0; i < draws; i++) counts[random.below(bound)]!++;
      const expected = draws / bound;
      const chiSquare = counts.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
      const freedom = bound - 1;
      expect(Math.abs(chiSquare - freedom), `seed ${seed}`).toBeLessThan(6 * Math.sqrt(2 * freedom) + 6);
    }
  });

  it("spreads pairs of draws evenly", () => {
    for (const seed of SEEDS) {
      const random = new Random(seed);
      const counts = new Float64Array(32 * 32);
      const draws = counts.length * 100;
      for (let i = 0; i < draws; i++) counts[random.below(32) * 32 + random.below(32)]!++;
      const chiSquare = counts.reduce((sum, n) => sum + (n - 100) ** 2 / 100, 0);
      expect(Math.abs(chiSquare - 1023), `seed ${seed}`).toBeLessThan(6 * Math.sqrt(2 * 1023));
    }
  });

  it("sets each of 53 bits half of the time", () => {
    const random = new Random(7);
    const ones = new Float64Array(53);
    const draws = 20_000;
    for (let i = 0; i < draws; i++) {
      let value = random.below(2 ** 53);
      expect(Number.isSafeInteger(value)).toBe(true);
      for (let bit = 0; bit < 53; bit++) {
        ones[bit]! += value % 2;
        value = Math.floor(value / 2);
      }
    }
    for (const count of ones) expect(Math.abs(count - draws / 2)).toBeLessThan(6 * Math.sqrt(draws / 4));
  });

  it("is sfc32, seeded with the two halves of a number", () => {
    // From the same generator written in C.
    const random = new Random(7 * 2 ** 32 + 42);
    expect([1, 2, 3, 4].map(() => random.next32())).toEqual([2229867019, 1291708863, 22530524, 2469857607]);
  });

  it("stays below its bound", () => {
    const random = new Random(3);
    for (const bound of [1, 2, 2 ** 32, 2 ** 53 - 1, 2 ** 53]) {
      for (let i = 0; i < 1000; i++) {
        const value = random.below(bound);
        expect(value >= 0 && value < bound && Number.isInteger(value)).toBe(true);
      }
    }
  });

  it("repeats from its mark, and differs by seed", () => {
    const random = new Random(5);
    random.next32();
    random.mark();
    const first = Array.from({ length: 20 }, () => random.next32());
    random.rewind();
    expect(Array.from({ length: 20 }, () => random.next32())).toEqual(first);
    const starts = new Set(Array.from({ length: 1000 }, (_, seed) => new Random(seed).next32()));
    expect(starts.size).toBe(1000);
  });
});
