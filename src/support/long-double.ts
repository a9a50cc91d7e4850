import { bitLength, parseHexFloat, roundToFormat, shiftRightToEven } from "./binary-float.ts";
import type { BinaryFraction } from "./binary-float.ts";
import type { Bytes } from "./bytes.ts";

/**
 * The arithmetic of INCRBYFLOAT and HINCRBYFLOAT: x86's 80-bit extended format, which C calls `long double`
 * and in which Redis adds. Its 64-bit mantissa shows in the replies (0.1 + 0.2 is `0.3`, while
 * 5000.1 + 0 is `5000.10000000000000009`), so doubles will not do. Values are exact
 * fractions of two, rounded after each step as the processor rounds: to nearest, halves to even.
 */
export interface LongDouble {
  /** With sign. At most 64 binary digits. */
  readonly mantissa: bigint;
  /** Of two; Infinity in an infinite value, whose mantissa is 1 or -1. */
  readonly exponent: number;
}

const MANTISSA_BITS = 64;
/** 2^-16445 is the smallest denormal, and every value a multiple of it. */
const MIN_EXPONENT = -16445;
/** Finite values are below 2^16384. */
const MAX_BIT_LENGTH = 16384;
/** Redis copies the text into a buffer of 5 KiB, NUL included. */
const MAX_TEXT_LENGTH = 5 * 1024 - 1;
const FRACTION_DIGITS = 17;
const FRACTION_SCALE = 10n ** BigInt(FRACTION_DIGITS);

/**
 * A number that a client gives, or null where Redis says that it is not a valid float. The grammar of
 * `parseDouble`, in the wider range; infinities included.
 */
export function parseLongDouble(text: Bytes): LongDouble | null {
  if (text.length > MAX_TEXT_LENGTH) return null;
  // 18 digits stay below 2^63: exact.
  if (text.length <= 18 && /^-?[0-9]+$/.test(text)) return { mantissa: BigInt(text), exponent: 0 };
  const parts = /^([+-]?)(?:([0-9]+)\.?([0-9]*)|\.([0-9]+))(?:[eE]([+-]?[0-9]+))?$/.exec(text);
  if (parts === null) return parseNamedOrHex(text);
  const fraction = parts[3] ?? parts[4] ?? "";
  const size = decimal((parts[2] ?? "") + fraction, Number(parts[5] ?? 0) - fraction.length);
  return size === null ? null : withSign(size, parts[1] === "-");
}

export function isFiniteLongDouble(value: LongDouble): boolean {
  return value.exponent !== Number.POSITIVE_INFINITY;
}

/** `a + b`, or null where that is infinite or not a number. */
export function addLongDouble(a: LongDouble, b: LongDouble): LongDouble | null {
  if (!isFiniteLongDouble(a) || !isFiniteLongDouble(b)) return null;
  const exponent = Math.min(a.exponent, b.exponent);
  const sum = (a.mantissa << BigInt(a.exponent - exponent)) + (b.mantissa << BigInt(b.exponent - exponent));
  const size = fit({ mantissa: sum < 0n ? -sum : sum, exponent });
  return size === null ? null : withSign(size, sum < 0n);
}

/** The least whole number that is not below `value * factor`, or null where that is infinite. */
export function ceilOfProduct(value: LongDouble, factor: bigint): bigint | null {
  if (!isFiniteLongDouble(value)) return null;
  const negative = value.mantissa < 0n;
  const size = fit({
    mantissa: (negative ? -value.mantissa : value.mantissa) * factor,
    exponent: value.exponent,
  });
  if (size === null) return null;
  const { mantissa, exponent } = size;
  if (exponent >= 0) return (negative ? -mantissa : mantissa) << BigInt(exponent);
  // A shift rounds down: of the opposite number that is up.
  return -((negative ? mantissa : -mantissa) >> BigInt(-exponent));
}

/** Up to 17 digits after the point, without trailing zeros, never an exponent: 3 ⇒ `3`, -1e-30 ⇒ `0`. */
export function formatLongDouble(value: LongDouble): Bytes {
  if (!isFiniteLongDouble(value)) return value.mantissa < 0n ? "-inf" : "inf";
  if (value.exponent >= 0) return (value.mantissa << BigInt(value.exponent)).toString();
  const negative = value.mantissa < 0n;
  const size = negative ? -value.mantissa : value.mantissa;
  const scaled = shiftRightToEven(size * FRACTION_SCALE, -value.exponent);
  if (scaled === 0n) return "0";
  const digits = scaled.toString().padStart(FRACTION_DIGITS + 1, "0");
  let end = digits.length;
  const point = end - FRACTION_DIGITS;
  while (end > point && digits.charCodeAt(end - 1) === 0x30) end--;
  const fraction = end > point ? `.${digits.slice(point, end)}` : "";
  return `${negative ? "-" : ""}${digits.slice(0, point)}${fraction}`;
}

/** `digits` × 10^exponent, rounded; null when out of range, as strtold's ERANGE. */
function decimal(digits: string, exponent: number): BinaryFraction | null {
  const significant = digits.replace(/^0+/, "");
  if (significant === "") return { mantissa: 0n, exponent: 0 };
  // The range in powers of ten, with room to spare, before any large number is made.
  const magnitude = significant.length + exponent;
  if (magnitude > 4940 || magnitude < -4970) return null;
  let numerator = BigInt(significant);
  if (exponent >= 0) return fit({ mantissa: numerator * 10n ** BigInt(exponent), exponent: 0 });
  const denominator = 10n ** BigInt(-exponent);
  // A quotient of more bits than the format has; its lowest bit tells whether there is a rest.
  const shift = MANTISSA_BITS + 3 + bitLength(denominator) - bitLength(numerator);
  if (shift > 0) numerator <<= BigInt(shift);
  const quotient = numerator / denominator;
  const hasRest = quotient * denominator !== numerator;
  const sticky = (quotient << 1n) | (hasRest ? 1n : 0n);
  return fit({ mantissa: sticky, exponent: -Math.max(shift, 0) - 1 });
}

function parseNamedOrHex(text: Bytes): LongDouble | null {
  const negative = text.startsWith("-");
  const start = negative || text.startsWith("+") ? 1 : 0;
  if (/^inf(?:inity)?$/i.test(text.slice(start))) {
    return { mantissa: negative ? -1n : 1n, exponent: Number.POSITIVE_INFINITY };
  }
  const exact = parseHexFloat(text, start);
  const size = exact === null ? null : fit(exact);
  return size === null ? null : withSign(size, negative);
}

/** Rounded to the format; null if it overflows, or if it was not zero and becomes zero. */
function fit(exact: BinaryFraction): BinaryFraction | null {
  if (exact.mantissa === 0n) return { mantissa: 0n, exponent: 0 };
  const size = bitLength(exact.mantissa) + exact.exponent;
  if (size > MAX_BIT_LENGTH || size < MIN_EXPONENT) return null;
  const rounded = roundToFormat(exact.mantissa, exact.exponent, MANTISSA_BITS, MIN_EXPONENT);
  if (rounded.mantissa === 0n) return null;
  return bitLength(rounded.mantissa) + rounded.exponent > MAX_BIT_LENGTH ? null : rounded;
}

function withSign(size: BinaryFraction, negative: boolean): LongDouble {
  return negative ? { mantissa: -size.mantissa, exponent: size.exponent } : size;
}
