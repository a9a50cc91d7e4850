import type { Bytes } from "./bytes.ts";

/**
 * The longest common subsequence of two byte strings, by the classic dynamic programming over all pairs of
 * prefixes. Where several are longest, the choice (and with it the ranges) is Redis': walking back from the
 * ends, the second string is shortened unless shortening the first one is strictly better.
 *
 * Redis keeps the whole table, four bytes a cell. The walk needs only one bit of it, so that is what is
 * kept here: 16 MB where Redis takes its limit of 512 MB.
 */
export interface CommonSubsequence {
  readonly text: Bytes;
  /** Runs that are contiguous in both strings, last first. */
  readonly matches: readonly LcsMatch[];
}

/** Indexes of first and last byte, both included. */
export interface LcsMatch {
  readonly aStart: number;
  readonly aEnd: number;
  readonly bStart: number;
  readonly bEnd: number;
  readonly length: number;
}

/**
 * Bytes of Redis' table for strings of these lengths. Above `proto-max-bulk-len` Redis refuses:
 * `ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len`.
 */
export function lcsTableBytes(aLength: number, bLength: number): number {
  return (aLength + 1) * (bLength + 1) * 4;
}

export function lcsLength(a: Bytes, b: Bytes): number {
  return fillTable(a, b, null);
}

export function longestCommonSubsequence(a: Bytes, b: Bytes): CommonSubsequence {
  const wordsPerRow = Math.ceil(b.length / 32);
  const shortenFirst = new Uint32Array(a.length * wordsPerRow);
  let left = fillTable(a, b, shortenFirst);
  const text = Buffer.allocUnsafe(left);
  const matches: LcsMatch[] = [];
  let i = a.length;
  let j = b.length;
  // The run being followed: its last bytes, and its length; 0 for none.
  let aEnd = 0;
  let bEnd = 0;
  let run = 0;
  while (i > 0 && j > 0) {
    const byte = a.charCodeAt(i - 1);
    if (byte === b.charCodeAt(j - 1)) {
      text[--left] = byte;
      if (run === 0) {
        aEnd = i - 1;
        bEnd = j - 1;
      }
      run++;
      i--;
      j--;
      if (i > 0 && j > 0) continue;
    } else {
      const word = shortenFirst[(i - 1) * wordsPerRow + ((j - 1) >>> 5)]!;
      if ((word >>> ((j - 1) & 31)) & 1) i--;
      else j--;
    }
    if (run > 0) {
      matches.push({ aStart: aEnd - run + 1, aEnd, bStart: bEnd - run + 1, bEnd, length: run });
      run = 0;
    }
  }
  return { text: text.latin1Slice(), matches };
}

/**
 * Returns the length; sets in `shortenFirst` (rows of whole words) the bit of each cell of unequal bytes
 * whose upper neighbour is greater than its left one.
 */
function fillTable(a: Bytes, b: Bytes, shortenFirst: Uint32Array | null): number {
  const width = b.length;
  const second = Buffer.from(b, "latin1");
  // Cells of row i - 1 until the inner loop passes, of row i behind it.
  const row = new Uint32Array(width);
  let word = 0;
  for (let i = 0; i < a.length; i++) {
    const byte = a.charCodeAt(i);
    let diagonal = 0;
    let left = 0;
    let bits = 0;
    for (let j = 0; j < width; j++) {
      const up = row[j]!;
      if (second[j] === byte) {
        left = diagonal + 1;
      } else if (up > left) {
        left = up;
        bits |= 1 << (j & 31);
      }
      row[j] = left;
      diagonal = up;
      if ((j & 31) === 31) {
        if (shortenFirst !== null) shortenFirst[word++] = bits;
        bits = 0;
      }
    }
    if ((width & 31) !== 0 && shortenFirst !== null) shortenFirst[word++] = bits;
  }
  return width === 0 ? 0 : row[width - 1]!;
}
