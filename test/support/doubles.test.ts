import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatDouble, parseDouble, parseScoreBound, parseSortWeight } from "../../src/support/doubles.ts";

describe("parseDouble and formatDouble", () => {
  // What ZSCORE of 7.0.15 gives, in RESP2 and RESP3, after ZADD (a skip list: a listpack forgets -0).
  it.each([
    ["3", "3"],
    ["-17", "-17"],
    ["1e17", "1e+17"],
    ["99999999999999999", "1e+17"],
    ["99999999999999984", "99999999999999984"],
    ["1e20", "1e+20"],
    ["1.1", "1.1000000000000001"],
    ["0.1", "0.10000000000000001"],
    ["-0", "-0"],
    ["-0.0", "-0"],
    ["1e-7", "9.9999999999999995e-08"],
    ["1e-5", "1.0000000000000001e-05"],
    ["0.0001", "0.0001"],
    ["5e-324", "4.9406564584124654e-324"],
    ["1e308", "1e+308"],
    ["inf", "inf"],
    ["-inf", "-inf"],
    ["Infinity", "inf"],
    ["+iNf", "inf"],
    ["0x10", "16"],
    ["0x1p-3", "0.125"],
    ["-0x.8p1", "-1"],
    ["0X1P+3", "8"],
    ["0x1p-1074", "4.9406564584124654e-324"],
    ["0x1.fffffffffffffp1023", "1.7976931348623157e+308"],
    ["562949953421312.125", "562949953421312.12"],
    ["562949953421312.375", "562949953421312.38"],
    ["9007199254740993", "9007199254740992"],
    ["72057594037927936", "72057594037927936"],
    ["123456789012345678", "1.2345678901234568e+17"],
    ["1.", "1"],
    [".5", "0.5"],
    ["+.5e1", "5"],
  ])("%s is sent as %s", (text, sent) => {
    expect(formatDouble(parseDouble(text)!)).toBe(sent);
  });

  it.each([
    "",
    " 1",
    "1 ",
    "1\0",
    "\t1",
    "nan",
    "-nan",
    "nan(1)",
    "infinit",
    "infinity1",
    "0x",
    "0x1p",
    "0x.p1",
    "1e",
    "1e+",
    ".",
    "-",
    "+",
    "+-1",
    "1_0",
    "0b1",
    "0o7",
    "1,5",
    "1.2.3",
    "e5",
    "1e400",
    "-1e400",
    "1e-400",
    "2e-324",
    "0x1p1024",
    "0x1p-1080",
    "0x1p99999999999999999999",
    `1${"0".repeat(400)}`,
  ])("%j is not a valid float", (text) => {
    expect(parseDouble(text)).toBeNull();
  });

  it("writes what reads back as the same double", () => {
    fc.assert(
      fc.property(anyDouble, (value) => {
        expect(parseDouble(formatDouble(value))).toBe(value);
      }),
      { numRuns: 2000 },
    );
  });

  it("writes %.17g of the exact value", () => {
    fc.assert(
      fc.property(anyDouble, (value) => {
        expect(formatDouble(value)).toBe(Number.isFinite(value) ? referenceG17(value) : infinite(value));
      }),
      { numRuns: 5000 },
    );
  });

  it("reads hexadecimal as the nearest double", () => {
    const mantissa = fc.bigInt({ min: 1n, max: 2n ** 80n });
    fc.assert(
      fc.property(mantissa, fc.integer({ min: -900, max: 900 }), (digits, power) => {
        const expected = Number(digits) * 2 ** power;
        expect(parseDouble(`0x${digits.toString(16)}p${power}`)).toBe(expected);
        expect(parseDouble(`-0x${digits.toString(16)}.0P${power}`)).toBe(-expected);
      }),
    );
  });
});

describe("parseScoreBound", () => {
  it.each([
    ["", 0, false],
    ["(", 0, true],
    ["\x001", 0, false],
    [" 1", 1, false],
    ["(  2", 2, true],
    ["5\0x", 5, false],
    ["1e400", Number.POSITIVE_INFINITY, false],
    ["(-1e400", Number.NEGATIVE_INFINITY, true],
    ["1e-400", 0, false],
    ["(inf", Number.POSITIVE_INFINITY, true],
    ["-INF", Number.NEGATIVE_INFINITY, false],
    ["0x1", 1, false],
  ])("%j", (text, value, exclusive) => {
    expect(parseScoreBound(text)).toEqual({ value, exclusive });
  });

  it.each([" ", "( ", "nan", "((1", "1x", "1 ", "[1", "\xa01"])("%j is not a float", (text) => {
    expect(parseScoreBound(text)).toBeNull();
  });
});

describe("parseSortWeight", () => {
  it.each([
    ["1", 1],
    [" 2", 2],
    ["", 0],
    ["0x10", 16],
    [" inf", Number.POSITIVE_INFINITY],
    ["-0.0", -0],
  ])("%j", (text, value) => {
    expect(parseSortWeight(text)).toBe(value);
  });

  it.each(["1e400", " 1e400", "1e-400", "1e-310", "nan", "abc", "1 "])("%j is none", (text) => {
    expect(parseSortWeight(text)).toBeNull();
  });
});

const anyDouble = fc.oneof(
  fc.double({ noNaN: true }),
  fc.double({ noNaN: true, min: -1e6, max: 1e6 }),
  fc.integer().map((n) => n / 256),
  // 18 digits and a 5 at the end: exactly between two of 17.
  fc
    .tuple(fc.integer({ min: 2, max: 25 }), fc.bigInt({ min: 0n, max: 2n ** 53n - 1n }))
    .map(([places, odd]) => Number(odd | 1n) / 2 ** places),
);

function infinite(value: number): string {
  return value > 0 ? "inf" : "-inf";
}

/** `%.17g` by whole-number arithmetic only, halves to even. */
function referenceG17(value: number): string {
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  if (value === 0) return `${sign}0`;
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, Math.abs(value));
  const biased = Number(bits.getBigUint64(0) >> 52n);
  const stored = bits.getBigUint64(0) & (2n ** 52n - 1n);
  const mantissa = biased === 0 ? stored : stored + 2n ** 52n;
  const power = Math.max(biased, 1) - 1075;
  // value = numerator / 10^places
  const places = power < 0 ? -power : 0;
  const numerator = power < 0 ? mantissa * 5n ** BigInt(places) : mantissa << BigInt(power);
  const all = numerator.toString();
  let exponent = all.length - 1 - places;
  let digits = all.slice(0, 17).padEnd(17, "0");
  const rest = all.slice(17);
  const half = `5${"0".repeat(Math.max(rest.length - 1, 0))}`;
  const isOdd = Number(digits[16]) % 2 === 1;
  if (rest !== "" && (rest > half || (rest === half && isOdd))) {
    digits = (BigInt(digits) + 1n).toString();
    if (digits.length > 17) exponent++;
  }
  digits = digits.replace(/0+$/, "");
  if (exponent < -4 || exponent >= 17) {
    const point = digits.length > 1 ? `.${digits.slice(1)}` : "";
    const size = String(Math.abs(exponent)).padStart(2, "0");
    return `${sign}${digits[0]}${point}e${exponent < 0 ? "-" : "+"}${size}`;
  }
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  const fraction = digits.slice(exponent + 1);
  return `${sign}${whole}${fraction === "" ? "" : `.${fraction}`}`;
}
