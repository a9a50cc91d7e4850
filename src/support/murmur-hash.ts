import type { Bytes } from "./bytes.ts";

/** The multiplier of MurmurHash2, in halves: 0xc6a4a7935bd1e995. */
const M_LOW = 0x5bd1e995;
const M_HIGH = 0xc6a4a793;
const M_LOW_0 = M_LOW & 0xffff;
const M_LOW_1 = M_LOW >>> 16;

/**
 * MurmurHash64A by Austin Appleby (https://github.com/aappleby/smhasher, MurmurHash2.cpp), little-endian as on x86.
 * JavaScript has no integers of 64 bits that are fast, so the result is left in two halves; one object serves
 * many calls and none of them allocates.
 */
export class MurmurHash64A {
  /** The lower 32 bits of the last result, as an unsigned number. */
  low = 0;
  /** The upper 32 bits. */
  high = 0;

  /** Hashes bytes with a seed of 32 bits. */
  hash(bytes: Bytes, seed: number): void {
    const { length } = bytes;
    const blocksEnd = length - (length & 7);
    this.low = length >>> 0;
    this.high = Math.floor(length / 0x1_0000_0000);
    this.#multiply();
    this.low = (this.low ^ seed) >>> 0;
    for (let at = 0; at < blocksEnd; at += 8) {
      const low = this.low;
      const high = this.high;
      this.low = wordAt(bytes, at);
      this.high = wordAt(bytes, at + 4);
      this.#multiply();
      this.#fold();
      this.#multiply();
      this.low = (this.low ^ low) >>> 0;
      this.high = (this.high ^ high) >>> 0;
      this.#multiply();
    }
    if (blocksEnd < length) {
      // Past the end there are no character codes: NaN counts as 0.
      this.low = (this.low ^ wordAt(bytes, blocksEnd)) >>> 0;
      this.high = (this.high ^ wordAt(bytes, blocksEnd + 4)) >>> 0;
      this.#multiply();
    }
    this.#fold();
    this.#multiply();
    this.#fold();
  }

  /** x = x ^ (x >> 47) */
  #fold(): void {
    this.low = (this.low ^ (this.high >>> 15)) >>> 0;
  }

  /** x = x * m, in 64 bits: schoolbook multiplication in digits of 16 bits. */
  #multiply(): void {
    const { low, high } = this;
    const low0 = low & 0xffff;
    const low1 = low >>> 16;
    const first = low1 * M_LOW_0 + ((low0 * M_LOW_0) >>> 16);
    const second = low0 * M_LOW_1 + (first & 0xffff);
    const carry = low1 * M_LOW_1 + (first >>> 16) + (second >>> 16);
    this.low = Math.imul(low, M_LOW) >>> 0;
    this.high = (carry + Math.imul(low, M_HIGH) + Math.imul(high, M_LOW)) >>> 0;
  }
}

function wordAt(bytes: Bytes, at: number): number {
  const word =
    bytes.charCodeAt(at) |
    (bytes.charCodeAt(at + 1) << 8) |
    (bytes.charCodeAt(at + 2) << 16) |
    (bytes.charCodeAt(at + 3) << 24);
  return word >>> 0;
}
