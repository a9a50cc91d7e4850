import { bitLength, parseHexFloat, roundToFormat } from "./binary-float.ts";
import type { Bytes } from "./bytes.ts";
import { formatInteger } from "./integers.ts";

/**
 * Double-precision numbers as clients write and read them: scores, increments, range bounds. Redis leaves
 * reading to strtod(3) and writing to printf's `%.17g`, both of glibc, and adds rules of its own.
 */

const MINUS = 0x2d;
const PLUS = 0x2b;
const SMALLEST_NORMAL = 2 ** -1022;

/**
 * A score or another number that a client gives, or null where Redis says `value is not a valid float`.
 * Decimal, with or without point and exponent; hexadecimal (`0x1p-3`); `inf` and `infinity` with or without
 * sign, in any case. Not: nothing, blanks, NaN, what overflows or becomes zero by being too small.
 */
export function parseDouble(text: Bytes): number | null {
  const whole = wholeNumber(text);
  if (whole !== null) return whole;
  const value = toDouble(text);
  return Number.isNaN(value) || isOutOfRange(text, value) ? null : value;
}

/** What is a minus, or none, and digits, and safe; null for all else. Nearly every score is of that kind. */
function wholeNumber(text: Bytes): number | null {
  const length = text.length;
  const negative = text.charCodeAt(0) === MINUS;
  let at = negative ? 1 : 0;
  if (at === length || length > MAX_SAFE_LENGTH) return null;
  let value = 0;
  for (; at < length; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return null;
    value = value * 10 + digit;
  }
  // Inexact only past 2^53, and then it can't round back below.
  if (value > Number.MAX_SAFE_INTEGER) return null;
  return negative ? -value : value;
}

/** `-9007199254740991`. */
const MAX_SAFE_LENGTH = 17;

/** One end of a score range: `(1.5` excludes 1.5. */
export interface ScoreBound {
  readonly value: number;
  readonly exclusive: boolean;
}

/**
 * A bound of ZRANGEBYSCORE and its kind, or null where Redis says `min or max is not a float`. Laxer than a
 * score: leading blanks are skipped, nothing at all is 0, too large is infinite, too small is zero.
 */
export function parseScoreBound(text: Bytes): ScoreBound | null {
  const whole = wholeNumber(text);
  if (whole !== null) return { value: whole, exclusive: false };
  const exclusive = text.charCodeAt(0) === 0x28;
  const value = toDoubleAsInC(exclusive ? text.slice(1) : text);
  return Number.isNaN(value) ? null : { value, exclusive };
}

/**
 * What SORT without ALPHA sorts by, or null where Redis says `One or more scores can't be converted into
 * double`. As lax as a bound about blanks and nothing, but overflow and underflow are errors.
 */
export function parseSortWeight(text: Bytes): number | null {
  const value = toDoubleAsInC(text);
  if (Number.isNaN(value)) return null;
  if (value !== 0 && Math.abs(value) < SMALLEST_NORMAL) return null;
  return isOutOfRange(text.trimStart(), value) ? null : value;
}

/** strtod over a C string: NaN unless it uses all of it, up to a NUL; an empty one is 0. */
function toDoubleAsInC(text: Bytes): number {
  const end = text.indexOf("\0");
  const whole = end < 0 ? text : text.slice(0, end);
  if (whole === "") return 0;
  const start = /^[\t-\r ]*/.exec(whole)![0].length;
  return toDouble(start === 0 ? whole : whole.slice(start));
}

/** The nearest double, ±Infinity and 0 out of range; NaN if `text` is not wholly one number. */
export function toDouble(text: Bytes): number {
  const length = text.length;
  if (length === 0) return Number.NaN;
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at);
    const isDecimal =
      (code >= 0x30 && code <= 0x39) ||
      code === 0x2e ||
      code === PLUS ||
      code === MINUS ||
      (code | 0x20) === 0x65;
    if (!isDecimal) return toDoubleByName(text);
  }
  // Within these characters JavaScript's grammar is strtod's, and both round to nearest.
  return Number(text);
}

function toDoubleByName(text: Bytes): number {
  const first = text.charCodeAt(0);
  const start = first === MINUS || first === PLUS ? 1 : 0;
  const sign = first === MINUS ? -1 : 1;
  if (text.length - start <= 8 && /^inf(?:inity)?$/i.test(text.slice(start))) {
    return sign * Number.POSITIVE_INFINITY;
  }
  const exact = parseHexFloat(text, start);
  if (exact === null) return Number.NaN;
  const size = bitLength(exact.mantissa) + exact.exponent;
  if (exact.mantissa === 0n || size < -1080) return first === MINUS ? -0 : 0;
  if (size > 1024) return sign * Number.POSITIVE_INFINITY;
  const rounded = roundToFormat(exact.mantissa, exact.exponent, 53, -1074);
  const scale = Math.min(rounded.exponent, 900);
  return sign * Number(rounded.mantissa) * 2 ** scale * 2 ** (rounded.exponent - scale);
}

/** Whether strtod would have set ERANGE for `value`: infinite or zero without having been written so. */
function isOutOfRange(text: Bytes, value: number): boolean {
  if (value === 0) return /^[+-]?(?:0x[0.]*[1-9a-f]|[0.]*[1-9])/i.test(text);
  return !Number.isFinite(value) && !/^[+-]?i/i.test(text);
}

/**
 * A double in Redis' spelling, in RESP2 and RESP3 alike: `%.17g`, so 17 significant digits without trailing
 * zeros, an exponent below 1e-4 and from 1e17 on.
 *
 * 3 ⇒ `3`, 0.1 ⇒ `0.10000000000000001`, 1e17 ⇒ `1e+17`, 1e-7 ⇒ `9.9999999999999995e-08`, -0 ⇒ `-0`
 */
export function formatDouble(value: number): Bytes {
  const size = Math.abs(value);
  if (Number.isInteger(value)) {
    if (size <= Number.MAX_SAFE_INTEGER) return value === 0 && 1 / value < 0 ? "-0" : formatInteger(value);
    if (size < 1e17) return BigInt(value).toString();
  } else {
    // Halves, quarters … of up to 15 digits: the shortest spelling is the exact one.
    if (size < 1e7 && Number.isInteger(value * 256)) return String(value);
    if (!Number.isFinite(value)) return value > 0 ? "inf" : value < 0 ? "-inf" : "nan";
  }
  // Only up to 25 binary places can a value lie exactly between two of 17 digits, where C takes the
  // even one and JavaScript the greater.
  if (size < 1e17 && Number.isInteger(value * 0x200_0000)) return roundExactly(value);
  if (size < 1e17 && size >= 1e-4) return withoutTrailingZeros(value.toPrecision(17));
  const [digits, exponent] = size.toExponential(16).split("e");
  return layOut(value < 0, digits![0]! + digits!.slice(2), Number(exponent));
}

/** For a multiple of 2^-25 below 1e17: its exact decimal digits, rounded to 17, halves to even. */
function roundExactly(value: number): Bytes {
  const digits = (BigInt(Math.abs(value) * 0x200_0000) * 5n ** 25n).toString();
  const exponent = digits.length - 1 - 25;
  if (digits.length <= 17) return layOut(value < 0, digits, exponent);
  let head = BigInt(digits.slice(0, 17));
  const tail = digits.slice(17);
  const isHalf = /^50*$/.test(tail);
  if (isHalf ? (head & 1n) === 1n : tail >= "5") head += 1n;
  const rounded = head.toString();
  return layOut(value < 0, rounded, exponent + rounded.length - 17);
}

function withoutTrailingZeros(fraction: string): Bytes {
  let end = fraction.length;
  while (fraction.charCodeAt(end - 1) === 0x30) end--;
  if (fraction.charCodeAt(end - 1) === 0x2e) end--;
  return end === fraction.length ? fraction : fraction.slice(0, end);
}

/** printf's `%g` from its significant digits: `d.ddd × 10^exponent`. */
function layOut(negative: boolean, padded: string, exponent: number): Bytes {
  let end = padded.length;
  while (end > 1 && padded.charCodeAt(end - 1) === 0x30) end--;
  const digits = padded.slice(0, end);
  const sign = negative ? "-" : "";
  if (exponent < -4 || exponent >= 17) {
    const power = Math.abs(exponent);
    const fraction = end > 1 ? `.${digits.slice(1)}` : "";
    return `${sign}${digits[0]}${fraction}e${exponent < 0 ? "-" : "+"}${power < 10 ? "0" : ""}${power}`;
  }
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  if (end <= exponent + 1) return sign + digits.padEnd(exponent + 1, "0");
  return `${sign}${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`;
}
