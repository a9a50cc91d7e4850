import type { Bytes } from "./bytes.ts";

/**
 * Bits of byte strings, counted as Redis counts them: bit 0 is the highest of the first byte. The work is done on
 * words of 32 bits in standing buffers; a string is copied into them piece by piece.
 */
const PIECE_BYTES = 64 << 10;

const piece = Buffer.alloc(PIECE_BYTES);
const words = wordsOf(piece);
const operand = Buffer.alloc(PIECE_BYTES);
const operandWords = wordsOf(operand);

function wordsOf(buffer: Buffer): Int32Array {
  return new Int32Array(buffer.buffer, buffer.byteOffset, buffer.length / 4);
}

/** How many bits are set. `"\x03\xff"` ⇒ 10 */
export function countSetBits(bytes: Bytes): number {
  let count = 0;
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    const wordCount = fill(piece, bytes.slice(at, at + PIECE_BYTES), 0);
    for (let i = 0; i < wordCount; i++) count += setBitsOf(words[i]!);
  }
  return count;
}

/** Sums of neighbouring bits, pairs, nibbles, bytes (Warren, Hacker's Delight, 5-1). */
function setBitsOf(word: number): number {
  let sum = word - ((word >>> 1) & 0x55555555);
  sum = (sum & 0x33333333) + ((sum >>> 2) & 0x33333333);
  sum = (sum + (sum >>> 4)) & 0x0f0f0f0f;
  return Math.imul(sum, 0x01010101) >>> 24;
}

/** Copies into a buffer, the last word filled up with `padding`; returns how many words that are. */
function fill(buffer: Buffer, bytes: Bytes, padding: number): number {
  const { length } = bytes;
  buffer.latin1Write(bytes, 0);
  const wordCount = Math.ceil(length / 4);
  for (let at = length; at < wordCount * 4; at++) buffer[at] = padding;
  return wordCount;
}

/**
 * The first bit that is `bit`, from bit `from` to bit `to` (both inclusive, within the bytes); -1 when there is none.
 * `firstBit("\x0f", 1, 0, 7)` ⇒ 4
 */
export function firstBit(bytes: Bytes, bit: 0 | 1, from: number, to: number): number {
  const lastByte = to >> 3;
  for (let at = from >> 3; at <= lastByte;) {
    // The first byte in part, then whole ones.
    if (at << 3 < from) {
      const found = firstInByte(bytes.charCodeAt(at), bit, from & 7);
      if (found >= 0) return within((at << 3) + found, to);
      at++;
      continue;
    }
    const stop = Math.min(at + PIECE_BYTES, lastByte + 1);
    const found = firstDifferent(bytes.slice(at, stop), bit);
    if (found >= 0)
      return within(((at + found) << 3) + firstInByte(bytes.charCodeAt(at + found), bit, 0), to);
    at = stop;
  }
  return -1;
}

function within(position: number, to: number): number {
  return position <= to ? position : -1;
}

function firstInByte(byte: number, bit: 0 | 1, from: number): number {
  for (let at = from; at < 8; at++) if (((byte >> (7 - at)) & 1) === bit) return at;
  return -1;
}

/** The first byte that has a bit which is `bit`. */
function firstDifferent(bytes: Bytes, bit: 0 | 1): number {
  const plain = bit === 1 ? 0 : -1;
  const wordCount = fill(piece, bytes, plain & 0xff);
  let i = 0;
  while (i < wordCount && words[i] === plain) i++;
  if (i === wordCount) return -1;
  let at = i * 4;
  while (piece[at] === (plain & 0xff)) at++;
  return at;
}

export type BitOperation = "AND" | "OR" | "XOR" | "NOT";

/**
 * The first `length` bytes of an operation on byte strings of at most 64 KiB; what one of them lacks is zeros. NOT
 * takes one. A result of nothing but zeros is the empty string.
 */
export function combineBits(operation: BitOperation, operands: readonly Bytes[], length: number): Bytes {
  if (operation === "AND" && operands.includes("")) return "";
  piece.fill(0, piece.latin1Write(operands[0]!, 0), padded(length));
  const wordCount = Math.ceil(length / 4);
  if (operation === "NOT") for (let i = 0; i < wordCount; i++) words[i] = ~words[i]!;
  for (let at = 1; at < operands.length; at++) {
    const bytes = operands[at]!;
    if (bytes === "") continue;
    operand.fill(0, operand.latin1Write(bytes, 0), padded(length));
    combineWords(operation, wordCount);
  }
  return hasSetBit(length) ? piece.latin1Slice(0, length) : "";
}

/** To the end of the last word. */
const padded = (length: number): number => (length + 3) & ~3;

function hasSetBit(length: number): boolean {
  for (let at = 0; at < length; at++) if (piece[at] !== 0) return true;
  return false;
}

function combineWords(operation: BitOperation, wordCount: number): void {
  if (operation === "AND") for (let i = 0; i < wordCount; i++) words[i]! &= operandWords[i]!;
  else if (operation === "OR") for (let i = 0; i < wordCount; i++) words[i]! |= operandWords[i]!;
  else for (let i = 0; i < wordCount; i++) words[i]! ^= operandWords[i]!;
}
