import { expect, test } from "vitest";
import { MurmurHash64A } from "../../src/support/murmur-hash.ts";

const MASK = (1n << 64n) - 1n;
const M = 0xc6a4a7935bd1e995n;

/** The definition, in integers of 64 bits. */
function reference(bytes: string, seed: bigint): bigint {
  const times = (x: bigint): bigint => (x * M) & MASK;
  const byte = (at: number): bigint => BigInt(bytes.charCodeAt(at));
  let hash = seed ^ times(BigInt(bytes.length));
  const end = bytes.length - (bytes.length % 8);
  for (let at = 0; at < end; at += 8) {
    let block = 0n;
    for (let i = 7; i >= 0; i--) block = (block << 8n) | byte(at + i);
    block = times(block);
    block = times(block ^ (block >> 47n));
    hash = times(hash ^ block);
  }
  if (end < bytes.length) {
    for (let at = end; at < bytes.length; at++) hash ^= byte(at) << (8n * BigInt(at - end));
    hash = times(hash);
  }
  hash = times(hash ^ (hash >> 47n));
  return hash ^ (hash >> 47n);
}

test("agrees with the definition, at every length", () => {
  const murmur = new MurmurHash64A();
  let text = "";
  for (let length = 0; length < 300; length++) {
    murmur.hash(text, 0xadc83b19);
    const found = (BigInt(murmur.high) << 32n) | BigInt(murmur.low);
    expect(found, JSON.stringify(text)).toBe(reference(text, 0xadc83b19n));
    text += String.fromCharCode((length * 151 + 200) % 256);
  }
});
