import { randomBytes } from "node:crypto";
import type { Bytes } from "./bytes.ts";

/** For `hashOf`: keeps a client from choosing keys of one hash. */
export const randomSeed = (): number => randomBytes(4).readInt32LE();

/**
 * 32 bits, as a signed number, all of which depend on all of the bytes.
 *
 * Two bytes in each step, as the low half of a number, and not four: who could choose the highest bit of a step would undo
 * its difference in the next one, whatever the seed is, and so make any number of keys with one hash.
 */
export function hashOf(bytes: Bytes, seed: number): number {
  const { length } = bytes;
  let hash = seed ^ length;
  let at = 0;
  for (; at + 1 < length; at += 2) hash = mixed(hash, bytes.charCodeAt(at) | (bytes.charCodeAt(at + 1) << 8));
  if (at < length) hash = mixed(hash, bytes.charCodeAt(at));
  hash = Math.imul(hash ^ (hash >>> 13), 0x9e3779b1);
  return hash ^ (hash >>> 16);
}

/** It can be taken back, so that no two hashes become one. */
function mixed(hash: number, pair: number): number {
  const product = Math.imul(hash ^ pair, 0x5bd1e995);
  return product ^ (product >>> 15);
}
