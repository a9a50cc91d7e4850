import { randomBytes } from "node:crypto";
import type { Bytes } from "./bytes.ts";

/** For `hashOf`: keeps a client from choosing keys of one hash. */
export const randomSeed = (): number => randomBytes(4).readInt32LE();

/** 32 bits, as a signed number, all of which depend on all of the bytes. */
export function hashOf(bytes: Bytes, seed: number): number {
  const { length } = bytes;
  let hash = seed ^ length;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    const word =
      bytes.charCodeAt(at) |
      (bytes.charCodeAt(at + 1) << 8) |
      (bytes.charCodeAt(at + 2) << 16) |
      (bytes.charCodeAt(at + 3) << 24);
    hash = mixed(hash, word);
  }
  for (; at < length; at++) hash = mixed(hash, bytes.charCodeAt(at));
  hash = Math.imul(hash ^ (hash >>> 13), 0x9e3779b1);
  return hash ^ (hash >>> 16);
}

/** No two hashes, and no two words, become the same: each step can be taken back. */
function mixed(hash: number, word: number): number {
  const product = Math.imul(hash ^ word, 0x5bd1e995);
  return product ^ (product >>> 15);
}
