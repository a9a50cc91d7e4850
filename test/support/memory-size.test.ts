import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatMemorySize, parseMemorySize } from "../../src/support/memory-size.ts";

describe("parseMemorySize", () => {
  // CONFIG SET maxmemory of 7.0.15, read back.
  it.each([
    ["5", 5],
    ["1b", 1],
    ["1B", 1],
    ["1k", 1000],
    ["1kb", 1024],
    ["1KB", 1024],
    ["1m", 1000000],
    ["1mB", 1048576],
    ["1g", 1000000000],
    ["1gb", 1073741824],
    ["007k", 7000],
    ["", 0],
    ["kb", 0],
    ["9007199254740993", 9007199254740993n],
    ["99999999999999999999", 18446744073709551615n],
    ["17179869184gb", 0],
    ["17179869185gb", 1073741824],
  ])("%j is %s bytes", (text, bytes) => {
    expect(parseMemorySize(text)).toBe(bytes);
  });

  it.each(["1 kb", " 1", "1e3", "-1", "+1k", "0x10", "1t", "1kk", "1kib", "1%", "1\n", "1".repeat(128)])(
    "%j is none",
    (text) => {
      expect(parseMemorySize(text)).toBeNull();
    },
  );
});

describe("formatMemorySize", () => {
  it.each([
    [0, "0"],
    [1000, "1000"],
    [1024, "1kb"],
    [1536, "1536"],
    [3 * 1024 ** 2, "3mb"],
    [2 * 1024 ** 3, "2gb"],
    [1024 ** 3 + 1024, "1048577kb"],
  ])("%s is %s", (bytes, text) => {
    expect(formatMemorySize(bytes)).toBe(text);
  });

  it("reads back", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 22 - 1 }), fc.integer({ min: 0, max: 31 }), (n, shift) => {
        const bytes = n * 2 ** shift;
        expect(parseMemorySize(formatMemorySize(bytes))).toBe(bytes);
      }),
    );
  });
});
