import type { Bytes } from "../../support/bytes.ts";

/**
 * Remembers which keys there were, in constant memory (a Bloom filter): it may say of a key that it was there although
 * it was not, and then the store is asked. With 20 million keys it is wrong once in a hundred, with 100 million three
 * times in ten.
 */
export class SeenKeys {
  readonly #bits = new Uint32Array(BITS / 32);

  /** Adds the key; whether it may have been there before. `generation` of its database. */
  add(generation: number, key: Bytes): boolean {
    let a = generation | 0;
    let b = ~generation;
    for (let i = 0; i < key.length; i++) {
      const byte = key.charCodeAt(i);
      a = Math.imul(a ^ byte, FNV_PRIME);
      b = Math.imul((b << 5) ^ (b >>> 27) ^ byte, MIX);
    }
    a = mixed(a ^ key.length);
    b = mixed(b) | 1;
    let wasThere = true;
    for (let i = 0; i < HASHES; i++) {
      const bit = a & (BITS - 1);
      const mask = 1 << (bit & 31);
      const at = bit >>> 5;
      if ((this.#bits[at]! & mask) === 0) {
        wasThere = false;
        this.#bits[at]! |= mask;
      }
      a = (a + b) | 0;
    }
    return wasThere;
  }
}

/** 32 MiB, of which the system gives only what is touched. */
const BITS = 2 ** 28;
const HASHES = 3;
const FNV_PRIME = 0x01000193;
const MIX = 0x9e3779b1;

/** Spreads every bit of the input over all of the result (the end of MurmurHash3). */
function mixed(hash: number): number {
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
