import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { LzfReader, lzfDecompress, lzfMayHold } from "../../src/support/lzf.ts";

const bytes = (...parts: readonly (number | string)[]): Buffer =>
  Buffer.concat(
    parts.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : Buffer.of(part))),
  );

/** Compressed by hand: plain bytes and repeats in turn, as a compressor might choose them. */
function random(length: number): { readonly compressed: Buffer; readonly plain: Buffer } {
  const parts: Buffer[] = [];
  let plain = Buffer.alloc(0);
  while (plain.length < length) {
    const choice = randomBytes(4);
    const distance = choice.readUInt16LE(0) % Math.min(8192, Math.max(plain.length, 1));
    if (plain.length === 0 || choice[2]! < 100) {
      const literal = randomBytes((choice[3]! % 32) + 1);
      parts.push(Buffer.of(literal.length - 1), literal);
      plain = Buffer.concat([plain, literal]);
    } else {
      const count = choice[3]! + 3;
      const head = count - 2 < 7 ? [(count - 2) << 5] : [7 << 5, count - 9];
      head[0]! |= distance >> 8;
      parts.push(Buffer.from([...head, distance & 0xff]));
      const repeated = Buffer.alloc(count);
      const from = plain.length - distance - 1;
      for (let i = 0; i < count; i++)
        repeated[i] = from + i < plain.length ? plain[from + i]! : repeated[from + i - plain.length]!;
      plain = Buffer.concat([plain, repeated]);
    }
  }
  return { compressed: Buffer.concat(parts), plain };
}

/** By pieces of that length. */
function inPieces(compressed: Buffer, length: number, step: number): Buffer | null {
  const reader = new LzfReader(length);
  let plain = "";
  const give = (part: string): void => void (plain += part);
  for (let at = 0; at < compressed.length; at += step) {
    if (!reader.add(compressed.subarray(at, at + step), give)) return null;
  }
  return reader.end(give) ? Buffer.from(plain, "latin1") : null;
}

test.each([
  ["plain", bytes(2, "abc"), "abc"],
  ["a repeat", bytes(2, "abc", 0x20, 2), "abcabc"],
  ["one that overlaps itself", bytes(0, "a", 0xe0, 10, 0), "a".repeat(20)],
])("%s", (_, compressed, plain) => {
  expect(lzfDecompress(compressed, plain.length)?.latin1Slice()).toBe(plain);
  expect(inPieces(compressed, plain.length, 1)?.latin1Slice()).toBe(plain);
});

test.each([
  ["cut in plain bytes", bytes(2, "ab"), 3],
  ["cut in a repeat", bytes(2, "abc", 0xe0), 20],
  ["a repeat from before the beginning", bytes(2, "abc", 0x20, 3), 6],
  ["more than announced", bytes(2, "abc"), 2],
  ["a repeat of more than announced", bytes(2, "abc", 0x20, 2), 5],
  ["less than announced", bytes(2, "abc"), 4],
])("%s", (_, compressed, length) => {
  expect(lzfDecompress(compressed, length)).toBeNull();
  expect(inPieces(compressed, length, 1)).toBeNull();
  expect(inPieces(compressed, length, 100)).toBeNull();
});

test("any input, whole and in pieces", () => {
  const { compressed, plain } = random(300_000);
  expect(lzfDecompress(compressed, plain.length)?.equals(plain)).toBe(true);
  for (const step of [7, 1000, 4096, compressed.length])
    expect(inPieces(compressed, plain.length, step)?.equals(plain)).toBe(true);
});

test("what so many bytes can hold", () => {
  expect(lzfMayHold(3, 264)).toBe(true);
  expect(lzfMayHold(3, 265)).toBe(false);
  expect(lzfMayHold(0, 0)).toBe(true);
});
