import type { Bytes } from "../support/bytes.ts";
import { hashOf, randomSeed } from "../support/hash.ts";

/**
 * About which keys were read of late, in four bytes for each: a table of hashes, where what comes takes the place of
 * what was there. It may take one key for another, once in 2^32 times for each that it holds.
 */
export class RecentlyRead {
  readonly #seed = randomSeed();
  readonly #hashes: Int32Array;

  /** @param keys about how many it is to remember */
  constructor(keys: number) {
    this.#hashes = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(keys, 1))));
  }

  /** Whether the key was read, and remembers that it is. */
  meets(key: Bytes): boolean {
    const hash = hashOf(key, this.#seed);
    const slot = hash & (this.#hashes.length - 1);
    if (this.#hashes[slot] === hash) return true;
    this.#hashes[slot] = hash;
    return false;
  }
}
