import { describe, expect, it } from "vitest";
import { lzfDecompress } from "../../src/support/lzf.ts";
import { lzfCompress } from "../../src/support/lzf-compress.ts";
import { Random } from "../../src/support/random.ts";

function compressed(plain: Buffer, limit = plain.length): Buffer {
  const output = Buffer.alloc(limit);
  return output.subarray(0, lzfCompress(plain, 0, plain.length, output, limit));
}

const TEXT = "It is a truth universally acknowledged, that a single man in possession of a good fortune. ";

describe("LZF", () => {
  it("writes runs and repeats", () => {
    // One byte as it is, then 19 of the byte before: 7 << 5 | 0, 19 − 9, distance 0.
    expect(compressed(Buffer.from("a".repeat(20)))).toEqual(Buffer.from([0, 0x61, 0xe0, 10, 0]));
    expect(compressed(Buffer.from("abcabcabcX"))).toEqual(
      Buffer.from([2, 0x61, 0x62, 0x63, 0x80, 2, 0, 0x58]),
    );
  });

  it.each([
    ["the same byte", Buffer.alloc(100_000, 7)],
    ["text", Buffer.from(TEXT.repeat(500))],
    ["numbers", Buffer.from(Array.from({ length: 5000 }, (_, i) => `key:${i},`).join(""))],
    // What repeats can be 8192 bytes back, and no more.
    ["far repeats", Buffer.from(spread(8192))],
    ["too far repeats", Buffer.from(spread(8193))],
  ])("of %s is shorter, and gives it back", (_, plain) => {
    const short = compressed(plain);
    expect(short.length).toBeGreaterThan(0);
    expect(short.length).toBeLessThan(plain.length);
    expect(lzfDecompress(short, plain.length)).toEqual(plain);
  });

  it("gives back whatever it compressed, of any length and at any place", () => {
    const random = new Random(4711);
    for (let round = 0; round < 3000; round++) {
      const length = random.below(200);
      const values = 1 + random.below(6);
      const plain = Buffer.from(Uint8Array.from({ length: length + 20 }, () => random.below(values)));
      const start = random.below(20);
      const output = Buffer.alloc(length + 20);
      const size = lzfCompress(plain, start, start + length, output, output.length);
      expect(size > 0 || length === 0).toBe(true);
      expect(lzfDecompress(output.subarray(0, size), length)).toEqual(plain.subarray(start, start + length));
    }
  });

  it("ends where it would be longer than it may", () => {
    const plain = noise(1000);
    expect(lzfCompress(plain, 0, 1000, Buffer.alloc(996), 996)).toBe(0);
    const text = Buffer.from(TEXT.repeat(20));
    const size = compressed(text).length;
    const output = Buffer.alloc(size + 1, 0xee);
    expect(lzfCompress(text, 0, text.length, output, size - 1)).toBe(0);
    expect(lzfCompress(text, 0, text.length, output, size)).toBe(size);
    expect(output[size]).toBe(0xee);
  });
});

/** A line of different characters at the beginning, and so many bytes behind. */
function spread(distance: number): string {
  const line = String.fromCharCode(...Array.from({ length: 90 }, (_, i) => 35 + i));
  return `${line.padEnd(distance, "!")}${line}`;
}

function noise(length: number): Buffer {
  const random = new Random(17);
  return Buffer.from(Uint8Array.from({ length }, () => random.below(256)));
}
