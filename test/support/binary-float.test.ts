import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bitLength, parseHexFloat, roundToFormat, shiftRightToEven } from "../../src/support/binary-float.ts";

describe("rounding", () => {
  it("counts binary digits", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 300n }), (value) => {
        expect(bitLength(value)).toBe(value === 0n ? 0 : value.toString(2).length);
      }),
    );
  });

  it.each([
    [4n, 1, 2n],
    [5n, 1, 2n],
    [7n, 1, 4n],
    [6n, 2, 2n],
    [10n, 2, 2n],
    [11n, 2, 3n],
    [3n, -2, 12n],
    [1n, 1, 0n],
    [3n, 2, 1n],
    [1n, 1_000_000, 0n],
  ])("%s shifted right by %s is %s", (value, shift, expected) => {
    expect(shiftRightToEven(value, shift)).toBe(expected);
  });

  it("rounds whole numbers to 53 bits as JavaScript does", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 2n ** 200n }), (value) => {
        const { mantissa, exponent } = roundToFormat(value, 0, 53, -1074);
        expect(mantissa << BigInt(exponent)).toBe(BigInt(Number(value)));
      }),
    );
  });
});

describe("parseHexFloat", () => {
  it.each([
    ["0x1", 1n, 0],
    ["0X1.8P3", 0x18n, -1],
    ["0x.8p-1", 8n, -5],
    ["0x1.", 1n, 0],
    ["0x000p7", 0n, 0],
    ["0x0.0010p+2", 0x10n, -14],
  ])("%s", (text, mantissa, exponent) => {
    expect(parseHexFloat(text, 0)).toEqual({ mantissa, exponent });
  });

  it.each(["", "0", "1", "0x", "0x.", "0x.p1", "0x1p", "0x1p+", "0x1p1.", "0x1.2.3", "0xg", "0x1 ", "x1"])(
    "%j is none",
    (text) => {
      expect(parseHexFloat(text, 0)).toBeNull();
    },
  );

  it("keeps what decides about halves of very long numbers", () => {
    const half = `0x1${"0".repeat(13)}8`;
    for (const [text, expected] of [
      [`${half}${"0".repeat(100)}p-400`, 1n << 52n],
      [`${half}${"0".repeat(99)}1p-400`, (1n << 52n) + 1n],
    ] as const) {
      const exact = parseHexFloat(text, 0)!;
      expect(roundToFormat(exact.mantissa, exact.exponent, 53, -1074).mantissa).toBe(expected);
    }
  });
});
