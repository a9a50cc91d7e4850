/**
 * Sine, cosine and arc sine to the nearest double. Redis takes those of glibc, which are that except in one of 800
 * cases; those of V8 are off by one in the last place in every tenth distance, and distances are stored as scores.
 *
 * The series are summed in pairs of doubles (T. J. Dekker, "A floating-point technique for extending the available
 * precision", 1971), which carry about 100 bits.
 */

/** The three doubles that add up to half of pi. */
const HALF_PI = 1.5707963267948966;
const HALF_PI_2 = 6.123233995736766e-17;
const HALF_PI_3 = -1.4973849048591833e-33;

/** Splits a double into two of 26 bits. */
const SPLITTER = 134217729;

/** Terms of a series that still count at a quarter of pi. */
const TERMS = 12;

/** A value is `high` + `low`: the results of the functions below, which make no objects. */
let high = 0;
let low = 0;

/** Of −π to π. */
export function sin(x: number): number {
  sinExactly(x);
  return high;
}

/** Of −π to π. */
export function cos(x: number): number {
  const turns = reduce(x);
  if ((turns & 1) === 0) evenSeries(high, low);
  else oddSeries(high, low);
  return turns === 0 || turns === -1 ? high : -high;
}

/** Of 0 to 1; NaN beyond. */
export function asin(x: number): number {
  const near = Math.asin(x);
  if (x === 0 || !(x < 1)) return near;
  // One step of Newton's method from a result that is right to the last place but one.
  sinExactly(near);
  return near + (x - high - low) / Math.cos(near);
}

function sinExactly(x: number): void {
  const turns = reduce(x);
  if ((turns & 1) === 0) oddSeries(high, low);
  else evenSeries(high, low);
  if (turns === 2 || turns < 0) {
    high = -high;
    low = -low;
  }
}

/** Takes away quarters of a turn, returns how many: −2 to 2. What is left is at most an eighth of a turn. */
function reduce(x: number): number {
  const turns = Math.round(x / HALF_PI);
  // Products with 1 and 2 are exact.
  const first = x - turns * HALF_PI;
  const second = turns * HALF_PI_2;
  const sum = first - second;
  const lost = sum - first;
  const rest = first - (sum - lost) - (second + lost) - turns * HALF_PI_3;
  high = sum + rest;
  low = rest - (high - sum);
  return turns;
}

/** x - x³/3! + x⁵/5! … */
function oddSeries(x: number, xLow: number): void {
  multiply(x, xLow, x, xLow);
  polynomial(high, low, ODD);
  multiply(high, low, x, xLow);
}

/** 1 - x²/2! + x⁴/4! … */
function evenSeries(x: number, xLow: number): void {
  multiply(x, xLow, x, xLow);
  polynomial(high, low, EVEN);
}

function multiply(a: number, aLow: number, b: number, bLow: number): void {
  const product = a * b;
  const splitA = SPLITTER * a;
  const a1 = splitA - (splitA - a);
  const a2 = a - a1;
  const splitB = SPLITTER * b;
  const b1 = splitB - (splitB - b);
  const b2 = b - b1;
  const rest = a1 * b1 - product + a1 * b2 + a2 * b1 + a2 * b2 + (a * bLow + aLow * b);
  high = product + rest;
  low = rest - (high - product);
}

/** Horner's scheme. */
function polynomial(z: number, zLow: number, { highs, lows }: Coefficients): void {
  high = highs[TERMS - 1]!;
  low = lows[TERMS - 1]!;
  for (let term = TERMS - 2; term >= 0; term--) {
    multiply(high, low, z, zLow);
    add(highs[term]!, lows[term]!);
  }
}

function add(b: number, bLow: number): void {
  const sum = high + b;
  const part = sum - high;
  const rest = high - (sum - part) + (b - part) + low + bLow;
  high = sum + rest;
  low = rest - (high - sum);
}

interface Coefficients {
  readonly highs: Float64Array;
  readonly lows: Float64Array;
}

/** ±1/n! for n = `first`, `first` + 2 … */
function reciprocalFactorials(first: 0 | 1): Coefficients {
  const highs = new Float64Array(TERMS);
  const lows = new Float64Array(TERMS);
  const scale = 1n << 200n;
  let factorial = 1n;
  for (let term = 0; term < TERMS; term++) {
    const n = BigInt(first + 2 * term);
    if (n > 1n) factorial *= n * (n - 1n);
    const exact = (term % 2 === 0 ? scale : -scale) / factorial;
    highs[term] = Number(exact) / 2 ** 200;
    lows[term] = Number(exact - BigInt(highs[term]! * 2 ** 200)) / 2 ** 200;
  }
  return { highs, lows };
}

const ODD = reciprocalFactorials(1);
const EVEN = reciprocalFactorials(0);
