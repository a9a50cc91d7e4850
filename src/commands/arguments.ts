import { CommandError, NOT_AN_INTEGER, NOT_A_FLOAT, SYNTAX, invalidExpire } from "../errors.ts";
import type { Bytes } from "../support/bytes.ts";
import { parseDouble } from "../support/doubles.ts";
import { compileGlob } from "../support/glob.ts";
import { ceilOfProduct, parseLongDouble } from "../support/long-double.ts";
import { INT64_MAX, type Int64, parseCursor, parseInteger } from "../support/integers.ts";

/** Arguments that many commands have, read as Redis reads them; what is wrong throws Redis' error. */

/** An option word, in upper case: `nx` ⇒ `NX`. */
export function optionWord(text: Bytes): string {
  return text.toUpperCase();
}

// ─── numbers ─────────────────────────────────────────────────────────────────────────────────────

/** A whole number of 64 bits with sign. @throws NOT_AN_INTEGER */
export function int64Argument(text: Bytes): Int64 {
  const value = parseInteger(text);
  if (value === null) throw NOT_AN_INTEGER;
  return value;
}

/**
 * A whole number of 64 bits that says an index, an offset or a count. Past ±(2^53 - 1), which is more than
 * anything has elements, it is just that. @throws NOT_AN_INTEGER
 */
export function integerArgument(text: Bytes): number {
  return clip(int64Argument(text));
}

/**
 * The range of `length` bytes or bits from `start` to `end`, both inclusive and from the end if negative, as GETRANGE
 * and BITCOUNT take it: cut to what there is; null when it is empty.
 */
export function inclusiveRange(start: Int64, end: Int64, length: number): Range | null {
  if (start < 0 && end < 0 && start > end) return null;
  const range = { start: fromEnd(start, length), end: Math.min(fromEnd(end, length), length - 1) };
  return range.start > range.end ? null : range;
}

export interface Range {
  readonly start: number;
  /** Inclusive. */
  readonly end: number;
}

function fromEnd(index: Int64, length: number): number {
  const at = clip(index);
  return at < 0 ? Math.max(length + at, 0) : at;
}

/** A count, not below zero. What is no number at all gets the same answer. @throws NOT_POSITIVE */
export function positiveArgument(text: Bytes): number {
  return integerAtLeast(text, 0, NOT_POSITIVE);
}

/** For a number of keys, of commands that take it. */
export const NO_KEYS = new CommandError("ERR numkeys should be greater than 0");

export const NOT_POSITIVE = new CommandError("ERR value is out of range, must be positive");

/**
 * Like `integerArgument`, at least `least`. `error` is thrown for whatever is wrong with it: for commands with
 * words of their own, as in `numkeys should be greater than 0`.
 */
export function integerAtLeast(text: Bytes, least: number, error: CommandError): number {
  const value = parseInteger(text);
  if (value === null || value < least) throw error;
  return clip(value);
}

/** A whole number between two others, which the error names. @throws NOT_AN_INTEGER, or that it is out of range */
export function integerBetween(text: Bytes, least: Int64, most: Int64): number {
  const value = int64Argument(text);
  if (value < least || value > most) {
    throw new CommandError(`ERR value is out of range, value must between ${least} and ${most}`);
  }
  return clip(value);
}

/** The number of one of `count` databases. @throws NOT_AN_INTEGER, or that it is out of range */
export function databaseArgument(text: Bytes, count: number): number {
  const index = integerBetween(text, INT_MIN, INT_MAX);
  if (index < 0 || index >= count) throw DB_OUT_OF_RANGE;
  return index;
}

const INT_MIN = -(2 ** 31);
const INT_MAX = 2 ** 31 - 1;
export const DB_OUT_OF_RANGE = new CommandError("ERR DB index is out of range");

function clip(value: Int64): number {
  if (typeof value === "number") return value;
  return value > 0n ? Number.MAX_SAFE_INTEGER : Number.MIN_SAFE_INTEGER;
}

/** A double, infinities included. @throws NOT_A_FLOAT, or `error` */
export function doubleArgument(text: Bytes, error: CommandError = NOT_A_FLOAT): number {
  const value = parseDouble(text);
  if (value === null) throw error;
  return value;
}

// ─── expiry ──────────────────────────────────────────────────────────────────────────────────────

/** Milliseconds of the unit that a time is given in. */
export type TimeUnitMs = 1 | 1000;

/**
 * The Unix time in ms that `text` units after `baseMs` (0: an absolute time) make, for SET, SETEX, GETEX and
 * others that want a time above zero. An absolute one may be past.
 * @param command as the error shall name it: the full name in lower case
 * @throws NOT_AN_INTEGER, invalidExpire
 */
export function expiryArgument(text: Bytes, unitMs: TimeUnitMs, baseMs: number, command: string): number {
  const value = int64Argument(text);
  if (value <= 0) throw invalidExpire(command);
  return expiryAtMs(value, unitMs, baseMs, command);
}

/**
 * The same for EXPIRE and its family, which take any time: one that is not above zero, or just past, is an order
 * to delete. @throws NOT_AN_INTEGER, invalidExpire
 */
export function anyExpiryArgument(text: Bytes, unitMs: TimeUnitMs, baseMs: number, command: string): number {
  return expiryAtMs(int64Argument(text), unitMs, baseMs, command);
}

/**
 * From the year 287396 on a `number` does not count every millisecond any more; the last times that Redis takes, 292
 * million years from now, are met to a second. This is the last one that is still within 64 bits.
 */
export const LATEST_MS = 2 ** 63 - 1024;

/** The product, and the sum, must fit 64 bits. */
function expiryAtMs(value: Int64, unitMs: TimeUnitMs, baseMs: number, command: string): number {
  if (typeof value === "number") {
    const sum = value * unitMs + baseMs;
    if (Number.isSafeInteger(sum)) return sum;
  }
  const product = BigInt(value) * BigInt(unitMs);
  if (product < -INT64_MAX - 1n || product > INT64_MAX - BigInt(baseMs)) throw invalidExpire(command);
  return Math.min(Number(product + BigInt(baseMs)), LATEST_MS);
}

/**
 * When a blocking command stops to wait: Unix time in ms, 0 for never. The text is seconds, a fraction allowed, and is
 * rounded up. @throws that it is no number, or is negative, which to Redis is also what 64 bits cannot count
 */
export function timeoutArgument(text: Bytes, nowMs: number): number {
  const seconds = parseLongDouble(text);
  if (seconds === null) throw NOT_A_TIMEOUT;
  const ms = ceilOfProduct(seconds, 1000n);
  if (ms === null || ms < 0n || ms > INT64_MAX) throw NEGATIVE_TIMEOUT;
  return ms === 0n ? 0 : nowMs + Number(ms);
}

const NOT_A_TIMEOUT = new CommandError("ERR timeout is not a float or out of range");
const NEGATIVE_TIMEOUT = new CommandError("ERR timeout is negative");

// ─── scans ───────────────────────────────────────────────────────────────────────────────────────

/** A cursor of SCAN, HSCAN, SSCAN or ZSCAN: 0 to 2^64 - 1. @throws INVALID_CURSOR */
export function cursorArgument(text: Bytes): Int64 {
  const cursor = parseCursor(text);
  if (cursor === null) throw INVALID_CURSOR;
  return cursor;
}

export const INVALID_CURSOR = new CommandError("ERR invalid cursor");

export interface ScanOptions {
  /** At least 1. */
  readonly count: number;
  /** What MATCH gave, null for none or a lone `*`, which matches all, an empty name included. */
  readonly pattern: Bytes | null;
  /** Whether a name matches. */
  readonly matches: (name: Bytes) => boolean;
  /** What TYPE gave, as the client spelled it; null for none. */
  readonly type: Bytes | null;
}

const DEFAULT_SCAN_COUNT = 10;

/** MATCH, COUNT and, for SCAN alone, TYPE, from the argument at `from` on. @throws NOT_AN_INTEGER, SYNTAX */
export function scanOptions(args: readonly Bytes[], from: number, takesType = false): ScanOptions {
  if (from >= args.length) return PLAIN_SCAN;
  let count = DEFAULT_SCAN_COUNT;
  let pattern: Bytes | null = null;
  let type: Bytes | null = null;
  for (let at = from; at < args.length; at += 2) {
    const value = args[at + 1];
    if (value === undefined) throw SYNTAX;
    const word = optionWord(args[at]!);
    if (word === "COUNT") {
      count = integerArgument(value);
      if (count < 1) throw SYNTAX;
    } else if (word === "MATCH") {
      pattern = value === "*" ? null : value;
    } else if (word === "TYPE" && takesType) {
      type = value;
    } else {
      throw SYNTAX;
    }
  }
  return { count, pattern, matches: pattern === null ? matchesAll : compileGlob(pattern), type };
}

function matchesAll(): boolean {
  return true;
}

const PLAIN_SCAN: ScanOptions = { count: DEFAULT_SCAN_COUNT, pattern: null, matches: matchesAll, type: null };
