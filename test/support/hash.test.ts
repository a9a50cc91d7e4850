import { expect, test } from "vitest";
import { hashOf, randomSeed } from "../../src/support/hash.ts";

/** All strings of `count` parts, each of which is one of two. */
function combinations(one: string, other: string, count: number): string[] {
  let all = [""];
  for (let i = 0; i < count; i++) all = all.flatMap((head) => [head + one, head + other]);
  return all;
}

function distinctHashes(keys: readonly string[], bits: number): number {
  const seed = randomSeed();
  return new Set(keys.map((key) => hashOf(key, seed) & (2 ** bits - 1))).size;
}

/** How many of 4096 different keys have a hash of their own, of so many bits, at the least: a few less than by chance. */
const LEAST = { 31: 4050, 14: 3400 };

test.each([
  ["words whose highest bits differ", "\0\0\0\0\0\0\0\0", "\0\0\0\x80\0\0\x01\x80"],
  ["the same at odd places", "x\0\0\0\0\0\0\0\0", "x\0\0\0\x80\0\0\x01\x80"],
  ["pairs whose highest bits differ", "\0\0\0\0", "\0\x80\0\x80"],
  ["single bits", "a", "b"],
  ["high bits", "\0", "\x80"],
])("whoever does not know the seed finds no keys of one hash: %s", (_, one, other) => {
  const keys = combinations(one, other, 12);
  expect(distinctHashes(keys, 31)).toBeGreaterThanOrEqual(LEAST[31]);
  // A table looks at the low bits.
  expect(distinctHashes(keys, 14)).toBeGreaterThanOrEqual(LEAST[14]);
});

test("keys of all lengths, and those that begin alike, have hashes of their own", () => {
  const keys: string[] = [];
  for (let n = 0; n < 4096; n++) keys.push("\0".repeat(n));
  expect(distinctHashes(keys, 31)).toBeGreaterThanOrEqual(LEAST[31]);
  expect(
    distinctHashes(
      keys.map((_, n) => `user:${n}`),
      31,
    ),
  ).toBeGreaterThanOrEqual(LEAST[31]);
});
