import type { Bytes } from "./bytes.ts";

/**
 * 64-bit whole numbers. A `number` while it is safe (below 2^53 in size), a `bigint` beyond, so that the
 * common case costs no allocation. Both compare with `<` and `===` among themselves; a value has one form.
 */
export type Int64 = number | bigint;

export const INT64_MIN = -(2n ** 63n);
export const INT64_MAX = 2n ** 63n - 1n;
const UINT64_SIZE = 2n ** 64n;

const ZERO = 0x30;
const PLUS = 0x2b;
const MINUS = 0x2d;

/**
 * The number that Redis would keep as an integer, or null: decimal digits with no leading zero, no `+`, no
 * blanks, `-0` excluded, within 64 bits with sign. So a text and its number stand for each other.
 */
export function parseInteger(text: Bytes): Int64 | null {
  const length = text.length;
  if (length === 0 || length > 20) return null;
  let at = 0;
  const negative = text.charCodeAt(0) === MINUS;
  if (negative) at = 1;
  let value = text.charCodeAt(at) - ZERO;
  if (value === 0) return length === 1 ? 0 : null;
  if (!(value > 0 && value <= 9)) return null;
  while (++at < length) {
    const digit = text.charCodeAt(at) - ZERO;
    if (digit < 0 || digit > 9) return null;
    value = value * 10 + digit;
  }
  // Inexact only past 2^53, and then it can't round back below.
  if (value <= Number.MAX_SAFE_INTEGER) return negative ? -value : value;
  const exact = BigInt(text);
  return exact > INT64_MAX || exact < INT64_MIN ? null : exact;
}

/** Whether `parseInteger` finds a number: what `OBJECT ENCODING` calls `int`. */
export function isCanonicalInt64(text: Bytes): boolean {
  return parseInteger(text) !== null;
}

/** The one form of a number: `number` when it is safe. */
export function narrowInteger(value: bigint): Int64 {
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
}

/** A whole number that is safe, in decimal digits. */
export function formatInteger(value: number): Bytes {
  // V8 looks for such numbers in a table of those it has met. Microseconds since 1970 are new each time.
  if (value < 1e15 || value > Number.MAX_SAFE_INTEGER) return String(value);
  const high = Math.floor(value / 1e8);
  const low = value - high * 1e8;
  const a = (high / 1e4) | 0;
  const b = (high % 1e4) | 0;
  const c = (low / 1e4) | 0;
  const d = (low % 1e4) | 0;
  return String.fromCharCode(
    ZERO + ((a / 1000) | 0),
    ZERO + (((a / 100) | 0) % 10),
    ZERO + (((a / 10) | 0) % 10),
    ZERO + (a % 10),
    ZERO + ((b / 1000) | 0),
    ZERO + (((b / 100) | 0) % 10),
    ZERO + (((b / 10) | 0) % 10),
    ZERO + (b % 10),
    ZERO + ((c / 1000) | 0),
    ZERO + (((c / 100) | 0) % 10),
    ZERO + (((c / 10) | 0) % 10),
    ZERO + (c % 10),
    ZERO + ((d / 1000) | 0),
    ZERO + (((d / 100) | 0) % 10),
    ZERO + (((d / 10) | 0) % 10),
    ZERO + (d % 10),
  );
}

/** `a + b`, or null when that leaves 64 bits with sign. */
export function addInt64(a: Int64, b: Int64): Int64 | null {
  if (typeof a === "number" && typeof b === "number") {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  const sum = BigInt(a) + BigInt(b);
  return sum > INT64_MAX || sum < INT64_MIN ? null : narrowInteger(sum);
}

/** `-value`, or null for -2^63, which has no counterpart. */
export function negateInt64(value: Int64): Int64 | null {
  if (typeof value === "number") return 0 - value;
  return value === INT64_MIN ? null : narrowInteger(-value);
}

/**
 * A SCAN cursor, 0 to 2^64 - 1, or null where Redis says `ERR invalid cursor`. Redis reads cursors with
 * strtoul(3), so it is laxer than with other numbers: nothing at all is 0, leading zeros and a sign are
 * fine, and `-1` is 2^64 - 1. The text ends at a NUL, as in C.
 */
export function parseCursor(text: Bytes): Int64 | null {
  let length = text.length;
  let at = 0;
  const first = length === 0 ? 0 : text.charCodeAt(0);
  if (first === MINUS || first === PLUS) at = 1;
  const firstDigit = at;
  let value = 0;
  for (; at < length; at++) {
    const digit = text.charCodeAt(at) - ZERO;
    if (digit < 0 || digit > 9) {
      if (digit !== -ZERO) return null;
      length = at;
      break;
    }
    value = value * 10 + digit;
  }
  if (at === firstDigit && firstDigit > 0) return null;
  // Past 2^64 a sum of doubles may be off by a part in 2^52, but never by a factor.
  if (value > 1e20) return null;
  if (first !== MINUS && value <= Number.MAX_SAFE_INTEGER) return value;
  const exact = BigInt(text.slice(firstDigit, length));
  if (exact >= UINT64_SIZE) return null;
  return narrowInteger(first === MINUS ? BigInt.asUintN(64, -exact) : exact);
}
