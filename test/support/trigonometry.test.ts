import { describe, expect, test } from "vitest";
import { asin, cos, sin } from "../../src/support/trigonometry.ts";

const BITS = 200n;
const ONE = 1n << BITS;

/** A double as a multiple of 2^-200, which is exact for all that is used here. */
function exactly(value: number): bigint {
  let exponent = 0;
  let whole = value;
  while (!Number.isInteger(whole)) {
    whole *= 2;
    exponent++;
  }
  return (BigInt(whole) << BITS) >> BigInt(exponent);
}

/** The series, in fixed point, from the term x^first/first! on. */
function series(x: bigint, first: 0 | 1): bigint {
  let term = first === 0 ? ONE : x;
  let sum = 0n;
  for (let n = BigInt(first); term !== 0n; n += 2n) {
    sum += term;
    term = (-term * x * x) / ((n + 1n) * (n + 2n)) / ONE / ONE;
  }
  return sum;
}

/** Whether no double is nearer to the exact value. */
function isNearest(found: number, exact: bigint): boolean {
  const away = (value: number): bigint => {
    const difference = exactly(value) - exact;
    return difference < 0n ? -difference : difference;
  };
  const ulp = 2 ** (Math.floor(Math.log2(Math.abs(found))) - 52);
  return away(found) <= away(found + ulp) && away(found) <= away(found - ulp);
}

const angles = Array.from({ length: 500 }, (_, i) => ((i * 0.6180339887498949) % 1) * 2 * Math.PI - Math.PI);

describe("to the nearest double", () => {
  test("sine and cosine", () => {
    for (const angle of angles) {
      expect(isNearest(sin(angle), series(exactly(angle), 1)), `sin ${angle}`).toBe(true);
      expect(isNearest(cos(angle), series(exactly(angle), 0)), `cos ${angle}`).toBe(true);
    }
  });

  test("arc sine: no neighbour has a sine that is nearer", () => {
    for (const angle of angles) {
      const x = Math.abs(angle) / Math.PI;
      const found = asin(x);
      const off = (value: number): bigint => {
        const difference = series(exactly(value), 1) - exactly(x);
        return difference < 0n ? -difference : difference;
      };
      const ulp = 2 ** (Math.floor(Math.log2(found)) - 52);
      expect(off(found) <= off(found + ulp) && off(found) <= off(found - ulp), `asin ${x}`).toBe(true);
    }
  });
});

test("at the ends", () => {
  expect([sin(0), cos(0), asin(0), asin(1)]).toEqual([0, 1, 0, Math.PI / 2]);
  expect([sin(Math.PI), cos(Math.PI), sin(-Math.PI / 2)]).toEqual([1.2246467991473532e-16, -1, -1]);
  expect(asin(1.0000000000000002)).toBeNaN();
});
