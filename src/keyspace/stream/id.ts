import { readU32, readU64, u32, u64 } from "../../storage/numbers.ts";
import type { Bytes } from "../../support/bytes.ts";
import { type Int64, narrowInteger, parseInteger } from "../../support/integers.ts";

/**
 * The id of a stream entry: milliseconds and sequence, both u64, big-endian. Its bytes compare as the ids do.
 * `1526919030474-55` ⇒ `000001638D8E2A0A 0000000000000037`.
 */
export type StreamId = Bytes;

/** From one id to another, both included. */
export interface IdRange {
  readonly from: StreamId;
  readonly to: StreamId;
}

export const ID_LENGTH = 16;
const HALF = ID_LENGTH / 2;

export const MIN_ID: StreamId = "\0".repeat(ID_LENGTH);
export const MAX_ID: StreamId = "\xff".repeat(ID_LENGTH);

const MIN_U64 = "\0".repeat(HALF);
const MAX_U64 = "\xff".repeat(HALF);
const U64_SIZE = 2n ** 64n;
const MAX_U32 = 0xffff_ffff;

/** The longest text that Redis looks at as an id. */
const MAX_TEXT = 127;

/** What an id's text says; `sequence` null for `ms-*`, undefined where it was left out. */
interface IdText {
  /** u64. */
  readonly ms: Bytes;
  readonly sequence: Bytes | null | undefined;
}

/** `5-1`, `5`, `5-*`; null for what is no id. The text ends at a NUL, as in C. */
export function parseId(text: Bytes): IdText | null {
  if (text.length > MAX_TEXT) return null;
  const end = text.indexOf("\0");
  const shown = end < 0 ? text : text.slice(0, end);
  const dash = shown.indexOf("-");
  const ms = parseU64(dash < 0 ? shown : shown.slice(0, dash));
  if (ms === null) return null;
  if (dash < 0) return { ms, sequence: undefined };
  const rest = shown.slice(dash + 1);
  if (rest === "*") return { ms, sequence: null };
  const sequence = parseU64(rest);
  return sequence === null ? null : { ms, sequence };
}

/** As strtoull(3) reads it, which Redis falls back on: blanks before, a `+`, leading zeros; negative ones are none. */
function parseU64(text: Bytes): Bytes | null {
  const plain = parseInteger(text);
  if (typeof plain === "number") return plain < 0 ? null : u64(plain);
  if (plain !== null) return plain < 0n ? null : u64OfBigInt(plain);
  const found = /^[ \t-\r]*([+-]?)([0-9]+)$/.exec(text);
  if (found === null) return null;
  const value = BigInt(found[2]!);
  if (value >= U64_SIZE) return null;
  return u64OfBigInt(found[1] === "-" ? BigInt.asUintN(64, -value) : value);
}

function u64OfBigInt(value: bigint): Bytes {
  return u32(Number(value >> 32n)) + u32(Number(value & 0xffff_ffffn));
}

/** `u64` and what it stands for in an id that lacks its sequence. */
export const FIRST_SEQUENCE = MIN_U64;
export const LAST_SEQUENCE = MAX_U64;

/** What `formatId` made last of milliseconds: most ids that are told come close together. */
let knownHigh = 0;
let knownLow = 0;
let knownText = "0-";

/** The id's text: `1526919030474-55`. */
export function formatId(id: StreamId): Bytes {
  const high = readU32(id, 0);
  const low = readU32(id, 4);
  if (high !== knownHigh || low !== knownLow) {
    knownHigh = high;
    knownLow = low;
    knownText = `${decimal(id, 0)}-`;
  }
  return knownText + decimal(id, HALF);
}

/** As DEBUG DIGEST has it: `1526919030474.55`. */
export function formatIdForDigest(id: StreamId): Bytes {
  return `${decimal(id, 0)}.${decimal(id, HALF)}`;
}

function decimal(id: StreamId, at: number): string {
  const high = readU32(id, at);
  const low = readU32(id, at + 4);
  if (high < SAFE_HIGH) return String(high * 0x1_0000_0000 + low);
  return String((BigInt(high) << 32n) | BigInt(low));
}

/** With less in its upper half a u64 is a safe integer. */
const SAFE_HIGH = 0x20_0000;

export const msOf = (id: StreamId): Bytes => id.slice(0, HALF);

/** The next greater id, null behind the last. */
export function nextId(id: StreamId): StreamId | null {
  const low = readU32(id, 12);
  if (low < MAX_U32) return idOf(readU32(id, 0), readU32(id, 4), readU32(id, 8), low + 1);
  return id === MAX_ID ? null : step(id, 0xff, 0, 1);
}

/** The next smaller id, null before the first. */
export function previousId(id: StreamId): StreamId | null {
  return id === MIN_ID ? null : step(id, 0, 0xff, -1);
}

/** Turns every `carry` at the end over, and changes the byte before them. */
function step(id: StreamId, carry: number, turned: number, by: 1 | -1): StreamId {
  let at = ID_LENGTH - 1;
  while (id.charCodeAt(at) === carry) at--;
  const changed = String.fromCharCode(id.charCodeAt(at) + by);
  return id.slice(0, at) + changed + String.fromCharCode(turned).repeat(ID_LENGTH - 1 - at);
}

/** The difference of the milliseconds (`at` 0) or of the sequences (8), exact while it is a safe integer. */
export function idDifference(a: StreamId, b: StreamId, at: 0 | 8): number {
  return (readU32(a, at) - readU32(b, at)) * 0x1_0000_0000 + (readU32(a, at + 4) - readU32(b, at + 4));
}

/** The same, exact for all that 64 bits with sign hold. */
export function wholeIdDifference(a: StreamId, b: StreamId, at: 0 | 8): Int64 {
  const difference = idDifference(a, b, at);
  if (Number.isSafeInteger(difference)) return difference;
  return narrowInteger(BigInt.asIntN(64, readBigU64(a, at) - readBigU64(b, at)));
}

const readBigU64 = (bytes: Bytes, at: number): bigint =>
  (BigInt(readU32(bytes, at)) << 32n) | BigInt(readU32(bytes, at + 4));

/** The next id that the server gives by itself at `nowMs`: never smaller than, or equal to, `last` (which is not MAX_ID). */
export function idAt(nowMs: number, last: StreamId): StreamId {
  // Past 2^53 the last one's are not exact, but greater all the same.
  if (nowMs <= readU64(last, 0)) return nextId(last)!;
  return idOf(Math.floor(nowMs / 0x1_0000_0000), nowMs >>> 0, 0, 0);
}

/** Of four u32. Not joined from parts: V8 would put those together at its first use, which costs more than to make it. */
function idOf(ms: number, lowerMs: number, sequence: number, lowerSequence: number): StreamId {
  return String.fromCharCode(
    ms >>> 24,
    (ms >>> 16) & 0xff,
    (ms >>> 8) & 0xff,
    ms & 0xff,
    lowerMs >>> 24,
    (lowerMs >>> 16) & 0xff,
    (lowerMs >>> 8) & 0xff,
    lowerMs & 0xff,
    sequence >>> 24,
    (sequence >>> 16) & 0xff,
    (sequence >>> 8) & 0xff,
    sequence & 0xff,
    lowerSequence >>> 24,
    (lowerSequence >>> 16) & 0xff,
    (lowerSequence >>> 8) & 0xff,
    lowerSequence & 0xff,
  );
}
