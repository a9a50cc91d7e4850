import { countSetBits, firstBit } from "../support/bits.ts";
import type { Bytes } from "../support/bytes.ts";
import { type BigString, CHUNK_BYTES } from "./big-string.ts";
import { foldChunks } from "./chunk-fold.ts";
import type { Keyspace } from "./keyspace.ts";

/**
 * Bits of strings, short and long; bit 0 is the highest of the first byte. Long strings are read chunk by chunk;
 * chunks that are not there are zeros, and cost nothing.
 */
const CHUNK_BITS = CHUNK_BYTES * 8;

/** So many chunks are read one by one before a search or a count takes the rest as a stream. */
const DIRECT_CHUNKS = 8;

/** How many set bits there are from byte `start` up to byte `end`, inclusive, both within the string. May fault. */
export function countBits(keyspace: Keyspace, value: Bytes | BigString, start: number, end: number): number {
  if (typeof value === "string") return countSetBits(value.slice(start, end + 1));
  const first = Math.floor(start / CHUNK_BYTES);
  const last = Math.floor(end / CHUNK_BYTES);
  if (last - first < DIRECT_CHUNKS) return countSetBits(value.slice(start, end + 1));
  value.readyChunks([first, last]);
  let count = countSetBits(value.chunk(first).slice(start - first * CHUNK_BYTES));
  count += countSetBits(value.chunk(last).slice(0, end + 1 - last * CHUNK_BYTES));
  const range = { first: first + 1, last: last === value.lastChunk ? last : last - 1 };
  const countOf = foldChunks(keyspace, "count", [value], range, ([chunk]) => countSetBits(chunk!));
  for (let number = first + 1; number < last; number++) count += countOf(number) ?? 0;
  return count;
}

/** The first bit that is `bit`, from bit `from` to bit `to`, inclusive, within the string; -1 when there is none. May fault. */
export function findBit(
  keyspace: Keyspace,
  value: Bytes | BigString,
  bit: 0 | 1,
  from: number,
  to: number,
): number {
  if (typeof value === "string") return firstBit(value, bit, from, to);
  const first = Math.floor(from / CHUNK_BITS);
  const last = Math.floor(to / CHUNK_BITS);
  const direct = Math.min(first + DIRECT_CHUNKS - 1, last);
  value.readyChunks(numbersBetween(first, direct));
  for (let number = first; number <= direct; number++) {
    const base = number * CHUNK_BITS;
    const found = firstInChunk(
      value.chunk(number),
      bit,
      Math.max(from - base, 0),
      Math.min(to - base, CHUNK_BITS - 1),
    );
    if (found >= 0) return base + found;
  }
  // The chunks behind these in steps that grow: what is far away is looked for in few steps, what is near is found soon.
  for (
    let start = direct + 1, length = GROWTH * DIRECT_CHUNKS;
    start <= last;
    start += length, length *= GROWTH
  ) {
    const range = { first: start, last: Math.min(start + length - 1, last) };
    const found = findInChunks(keyspace, value, bit, range);
    if (found >= 0) return found <= to ? found : -1;
  }
  return -1;
}

const GROWTH = 8;

function findInChunks(
  keyspace: Keyspace,
  value: BigString,
  bit: 0 | 1,
  range: { readonly first: number; readonly last: number },
): number {
  const positionIn = foldChunks(keyspace, `find ${bit}`, [value], range, ([chunk]) =>
    firstInChunk(chunk!, bit, 0, CHUNK_BITS - 1),
  );
  const inAbsent = bit === 0 ? 0 : -1;
  for (let number = range.first; number <= range.last; number++) {
    const found = positionIn(number) ?? inAbsent;
    if (found >= 0) return number * CHUNK_BITS + found;
  }
  return -1;
}

/** What the chunk lacks is zeros. */
function firstInChunk(chunk: Bytes, bit: 0 | 1, from: number, to: number): number {
  const bits = chunk.length * 8;
  const found = from < bits ? firstBit(chunk, bit, from, Math.min(to, bits - 1)) : -1;
  if (found >= 0 || bit === 1 || to < bits) return found;
  return Math.max(from, bits);
}

function numbersBetween(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
