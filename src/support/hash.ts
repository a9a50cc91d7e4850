import { randomBytes } from "node:crypto";
import type { Bytes } from "./bytes.ts";

/** For `hashOf`: keeps a client from choosing keys of one hash. */
export const randomSeed = (): number => randomBytes(4).readInt32LE();

/** 32 bits, as a signed number, all of which depend on all of the bytes. */
export function hashOf(bytes: Bytes, seed: number): number {
  let hash = seed;
  for (let i = 0; i < bytes.length; i++) {
    hash = Math.imul(hash ^ bytes.charCodeAt(i), 0x5bd1e995);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash ^ (hash >>> 13), 0x9e3779b1);
  return hash ^ (hash >>> 16);
}
