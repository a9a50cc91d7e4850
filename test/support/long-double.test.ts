import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addLongDouble,
  formatLongDouble,
  isFiniteLongDouble,
  parseLongDouble,
} from "../../src/support/long-double.ts";

const NOT_A_FLOAT = "not a float";
const NOT_FINITE = "not finite";

function increment(current: string, by: string): string {
  const a = parseLongDouble(current);
  const b = parseLongDouble(by);
  if (a === null || b === null) return NOT_A_FLOAT;
  const sum = addLongDouble(a, b);
  return sum === null ? NOT_FINITE : formatLongDouble(sum);
}

describe("INCRBYFLOAT", () => {
  // Answers of 7.0.15 on x86-64.
  it.each([
    ["3", "1.1", "4.1"],
    ["0.1", "0.2", "0.3"],
    ["10.50", "0.1", "10.6"],
    ["5.0e3", "2.0e2", "5200"],
    ["5000.1", "0", "5000.10000000000000009"],
    ["1234567.89", "0.01", "1234567.89999999999997726"],
    ["-1e-30", "0", "0"],
    ["4e-18", "1e-18", "0"],
    ["15e-18", "0", "0.00000000000000002"],
    ["0x1p-1", "0x1.8p3", "12.5"],
    ["0xf.fp-2", ".5", "4.484375"],
    ["9223372036854775807", "1", "9223372036854775808"],
    ["18446744073709551617", "2", "18446744073709551618"],
    ["18446744073709551615.5", "0", "18446744073709551616"],
    ["9223372036854775808.5", "0", "9223372036854775808"],
    ["9223372036854775808.5000000000000000000001", "0", "9223372036854775809"],
    ["9223372036854775809.5", "0", "9223372036854775810"],
    ["99999999999999999999", "0.5", "100000000000000000000"],
    ["123456789012345678", "0.000000000000001", "123456789012345678"],
    ["1e20", "-1e20", "0"],
    ["-0.0", "-0", "0"],
    ["1e4000", "-1e4000", "0"],
    ["1.", "+1", "2"],
    ["1.18e4932", "1.18e4932", NOT_FINITE],
    ["inf", "1", NOT_FINITE],
    ["-Infinity", "inf", NOT_FINITE],
  ])("%s + %s = %s", (current, by, result) => {
    expect(increment(current, by)).toBe(result);
  });

  it.each([
    "",
    " 1",
    "1 ",
    "1\0",
    "nan",
    "1e",
    ".",
    "-",
    "+-1",
    "0x",
    "0x1p",
    "1_0",
    "infinitys",
    "1e4933",
    "-1e4933",
    "1e-4951",
    "1e-4960",
    "1e999999999999",
    "1e-999999999999",
    "0x1p16384",
    "0x1p-16447",
    "1".repeat(5120),
  ])("%j is not a valid float", (text) => {
    expect(parseLongDouble(text)).toBeNull();
  });

  it("reads the longest text and the ends of the range", () => {
    expect(increment("0".repeat(5118) + "1", "1")).toBe("2");
    expect(increment("9".repeat(4932), "0").length).toBe(4933);
    expect(parseLongDouble("0x1p-16445")).toEqual({ mantissa: 1n, exponent: -16445 });
    expect(parseLongDouble("0x1.8p-16446")).toEqual({ mantissa: 1n, exponent: -16445 });
    expect(parseLongDouble("0x1p-16446")).toBeNull();
    expect(parseLongDouble("0x0.ffffffffffffffffp16384")).not.toBeNull();
    expect(parseLongDouble("0x0.ffffffffffffffff8p16384")).toBeNull();
  });

  it("knows infinity", () => {
    expect(isFiniteLongDouble(parseLongDouble("-inf")!)).toBe(false);
    expect(isFiniteLongDouble(parseLongDouble("1e4932")!)).toBe(true);
    expect(formatLongDouble(parseLongDouble("-inf")!)).toBe("-inf");
  });

  it("is exact for whole numbers of 63 bits", () => {
    const whole = fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n });
    fc.assert(
      fc.property(whole, whole, (a, b) => {
        expect(increment(String(a), String(b))).toBe(String(a + b));
        expect(increment(`${a}.0`, `${b}e0`)).toBe(String(a + b));
      }),
    );
  });

  it("is exact for decimals below 16, up to 17 places", () => {
    // Three roundings, each by at most 2^-60 (sums stay below 32), remain below half of the last place that is written.
    const scale = 10n ** 17n;
    const decimal = fc.bigInt({ min: -16n * scale + 1n, max: 16n * scale - 1n });
    fc.assert(
      fc.property(decimal, decimal, (a, b) => {
        expect(increment(spell(a), spell(b))).toBe(spell(a + b));
      }),
    );

    function spell(units: bigint): string {
      const size = units < 0n ? -units : units;
      const fraction = (size % scale).toString().padStart(17, "0").replace(/0+$/, "");
      const point = fraction === "" ? "" : `.${fraction}`;
      return `${units < 0n ? "-" : ""}${size / scale}${point}`;
    }
  });

  it("holds every double, and reads back what has few digits", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const read = parseLongDouble(String(value));
        expect(read).not.toBeNull();
        const nearest =
          Number(read!.mantissa) *
          2 ** Math.max(read!.exponent, -1000) *
          2 ** Math.min(read!.exponent + 1000, 0);
        // That rounds twice where a double has fewer digits: there it may be the next one.
        const isSubnormal = Math.abs(value) < 2 ** -1022;
        expect(Math.abs(nearest - value)).toBeLessThanOrEqual(isSubnormal ? Number.MIN_VALUE : 0);
      }),
    );
  });

  it("does not depend on the order", () => {
    const text = fc.double({ noNaN: true, noDefaultInfinity: true }).map(String);
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(increment(a, b)).toBe(increment(b, a));
      }),
    );
  });
});
