import type { Bytes } from "../../support/bytes.ts";
import { MurmurHash64A } from "../../support/murmur-hash.ts";

/**
 * A HyperLogLog has 16384 registers. The hash of an element chooses one by its lowest 14 bits; the register keeps
 * the largest place of the lowest 1 among the other 50 bits (1 to 51) that any of its elements had.
 */
export const REGISTERS = 16384;

const INDEX_BITS = 14;
/** Of the hash, without those of the index; also the largest place less one. */
export const PATTERN_BITS = 64 - INDEX_BITS;

/** Six bits for each register. */
export const DENSE_BYTES = (REGISTERS * 6) / 8;

/** Which register an element raises, and to what: `index << 6 | place`. */
export type Pattern = number;

const SEED = 0xadc83b19;
const murmur = new MurmurHash64A();

export function patternOf(element: Bytes): Pattern {
  murmur.hash(element, SEED);
  const { low, high } = murmur;
  const rest = low >>> INDEX_BITS;
  const place =
    rest !== 0 ? lowestOne(rest) : high !== 0 ? 32 - INDEX_BITS + lowestOne(high) : PATTERN_BITS + 1;
  return ((low & (REGISTERS - 1)) << 6) | place;
}

export const indexOf = (pattern: Pattern): number => pattern >>> 6;
export const placeOf = (pattern: Pattern): number => pattern & 63;

/** The place of the lowest 1, from 1 on. */
function lowestOne(bits: number): number {
  return 32 - Math.clz32(bits & -bits);
}

// ─── dense: six bits for each register, from the lowest bit of the first byte on ───────────────────

/** `from` is where the registers begin. */
export function denseRegister(data: Uint8Array, from: number, index: number): number {
  const at = from + ((index * 6) >> 3);
  const shift = (index * 6) & 7;
  // Behind the last byte there is nothing, and nothing of it is needed.
  return ((data[at]! >> shift) | (data[at + 1]! << (8 - shift))) & 63;
}

/** The same in a byte string. */
export function denseRegisterIn(bytes: Bytes, from: number, index: number): number {
  const at = from + ((index * 6) >> 3);
  const shift = (index * 6) & 7;
  return ((bytes.charCodeAt(at) >> shift) | (bytes.charCodeAt(at + 1) << (8 - shift))) & 63;
}

export function setDenseRegister(data: Uint8Array, from: number, index: number, value: number): void {
  const at = from + ((index * 6) >> 3);
  const shift = (index * 6) & 7;
  data[at] = (data[at]! & ~(63 << shift)) | (value << shift);
  if (shift > 2) data[at + 1] = (data[at + 1]! & ~(63 >> (8 - shift))) | (value >> (8 - shift));
}
