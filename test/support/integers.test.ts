import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addInt64,
  formatInteger,
  INT64_MAX,
  INT64_MIN,
  isCanonicalInt64,
  narrowInteger,
  negateInt64,
  parseCursor,
  parseInteger,
} from "../../src/support/integers.ts";

const anyInt64 = fc.oneof(
  fc.bigInt({ min: INT64_MIN, max: INT64_MAX }),
  fc.bigInt({ min: -100n, max: 100n }),
  fc.bigInt({ min: 2n ** 53n - 3n, max: 2n ** 53n + 3n }),
  fc.bigInt({ min: INT64_MAX - 3n, max: INT64_MAX }),
  fc.bigInt({ min: INT64_MIN, max: INT64_MIN + 3n }),
);

describe("formatInteger", () => {
  it.each([
    0,
    -0,
    1,
    -7,
    999_999_999_999_999,
    1e15,
    1e15 + 1,
    1_000_000_100_000_000,
    2 ** 53 - 1,
    -(2 ** 53 - 1),
  ])("%s as V8 writes it", (value) => {
    expect(formatInteger(value)).toBe(String(value));
  });

  it("any", () => {
    fc.assert(
      fc.property(fc.oneof(fc.maxSafeInteger(), fc.integer({ min: 1e15, max: 2 ** 53 - 1 })), (value) => {
        expect(formatInteger(value)).toBe(String(value));
      }),
    );
  });
});

describe("parseInteger", () => {
  it.each([
    ["0", 0],
    ["-1", -1],
    ["999999999999999", 999999999999999],
    ["9007199254740991", 9007199254740991],
    ["9007199254740992", 9007199254740992n],
    ["-9007199254740991", -9007199254740991],
    ["-9007199254740993", -9007199254740993n],
    ["9223372036854775807", INT64_MAX],
    ["-9223372036854775808", INT64_MIN],
  ])("%s is a number", (text, value) => {
    expect(parseInteger(text)).toBe(value);
    expect(isCanonicalInt64(text)).toBe(true);
  });

  it.each([
    "",
    "-",
    "-0",
    "+1",
    "00",
    "01",
    "-01",
    " 1",
    "1 ",
    "1.0",
    "1e3",
    "0x1",
    "1\0",
    "--1",
    "１",
    "1-",
    "9223372036854775808",
    "-9223372036854775809",
    "10000000000000000000",
    "99999999999999999999",
    "-99999999999999999999",
  ])("%j is none", (text) => {
    expect(parseInteger(text)).toBeNull();
    expect(isCanonicalInt64(text)).toBe(false);
  });

  it("gives back every number that it is the spelling of, in its one form", () => {
    fc.assert(
      fc.property(anyInt64, (value) => {
        expect(parseInteger(String(value))).toBe(narrowInteger(value));
      }),
    );
  });

  it("takes no text that its number is not spelled as", () => {
    const text = fc.string({ unit: fc.constantFrom(..."0123456789-+ ."), maxLength: 22 });
    fc.assert(
      fc.property(text, (bytes) => {
        const value = parseInteger(bytes);
        if (value !== null) expect(String(value)).toBe(bytes);
      }),
    );
  });
});

describe("arithmetic", () => {
  it("adds within 64 bits", () => {
    fc.assert(
      fc.property(anyInt64, anyInt64, (a, b) => {
        const sum = a + b;
        const expected = sum > INT64_MAX || sum < INT64_MIN ? null : narrowInteger(sum);
        expect(addInt64(narrowInteger(a), narrowInteger(b))).toBe(expected);
      }),
    );
  });

  it("negates all but the least", () => {
    expect(negateInt64(INT64_MIN)).toBeNull();
    expect(negateInt64(INT64_MAX)).toBe(-INT64_MAX);
    expect(negateInt64(0)).toBe(0);
    expect(negateInt64(5)).toBe(-5);
  });
});

describe("parseCursor", () => {
  // What SCAN of 7.0.15 accepts.
  it.each([
    ["", 0],
    ["0", 0],
    ["00012", 12],
    ["+5", 5],
    ["5\0abc", 5],
    ["-1", 2n ** 64n - 1n],
    ["9007199254740993", 9007199254740993n],
    ["18446744073709551615", 2n ** 64n - 1n],
    ["-18446744073709551615", 1],
    [`${"0".repeat(40)}7`, 7],
  ])("%j is a cursor", (text, cursor) => {
    expect(parseCursor(text)).toBe(cursor);
  });

  it.each([
    " 1",
    "1 ",
    "-",
    "+",
    "+-1",
    "-\0",
    "0x1",
    "abc",
    "1.5",
    "18446744073709551616",
    "-18446744073709551616",
    "100000000000000000000000",
  ])("%j is none", (text) => {
    expect(parseCursor(text)).toBeNull();
  });

  it("reads all of 64 bits without sign", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (cursor) => {
        expect(parseCursor(String(cursor))).toBe(narrowInteger(cursor));
      }),
    );
  });
});
