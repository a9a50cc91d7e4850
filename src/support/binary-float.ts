import type { Bytes } from "./bytes.ts";

/** A number that binary floating point holds exactly: mantissa × 2^exponent. */
export interface BinaryFraction {
  readonly mantissa: bigint;
  readonly exponent: number;
}

/** The number of binary digits of a value above zero; 0 has none. */
export function bitLength(value: bigint): number {
  if (value === 0n) return 0;
  const hex = value.toString(16);
  return hex.length * 4 - (Math.clz32(Number.parseInt(hex[0]!, 16)) - 28);
}

/** `value` / 2^shift to the nearest whole number, halves to the even one. `value` is not negative. */
export function shiftRightToEven(value: bigint, shift: number): bigint {
  if (shift <= 0) return value << BigInt(-shift);
  if (bitLength(value) < shift) return 0n;
  const by = BigInt(shift);
  const half = 1n << (by - 1n);
  const whole = value >> by;
  const rest = value - (whole << by);
  return rest > half || (rest === half && (whole & 1n) === 1n) ? whole + 1n : whole;
}

/**
 * Rounds mantissa × 2^exponent (not negative) to a floating-point format: at most `bits` binary digits, no
 * exponent below `minExponent`. IEEE 754's default, to nearest, halves to even, gradual underflow included.
 */
export function roundToFormat(
  mantissa: bigint,
  exponent: number,
  bits: number,
  minExponent: number,
): BinaryFraction {
  const shift = Math.max(bitLength(mantissa) - bits, minExponent - exponent);
  if (shift <= 0) return { mantissa, exponent };
  return { mantissa: shiftRightToEven(mantissa, shift), exponent: exponent + shift };
}

/** Digits past these can only tell whether a value lies exactly on half: one more digit says that. */
const KEPT_HEX_DIGITS = 40;

/**
 * A C99 hexadecimal number without its sign, exactly but for digits far beyond every format:
 * `0x1.8p3` ⇒ 12. Null if `text` from `start` on is not wholly one.
 */
export function parseHexFloat(text: Bytes, start: number): BinaryFraction | null {
  if (text.charCodeAt(start) !== 0x30 || (text.charCodeAt(start + 1) | 0x20) !== 0x78) return null;
  let at = start + 2;
  let kept = "";
  let dropped = 0;
  let lostOnes = false;
  let exponent = 0;
  let anyDigit = false;
  let afterPoint = false;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x2e && !afterPoint) {
      afterPoint = true;
      continue;
    }
    if (!isHexDigit(code)) break;
    anyDigit = true;
    if (afterPoint) exponent -= 4;
    if (kept === "" && code === 0x30) continue;
    if (kept.length < KEPT_HEX_DIGITS) {
      kept += text[at];
    } else {
      dropped++;
      lostOnes ||= code !== 0x30;
    }
  }
  if (!anyDigit) return null;
  if (at < text.length) {
    if ((text.charCodeAt(at) | 0x20) !== 0x70) return null;
    const power = text.slice(at + 1);
    if (!/^[+-]?[0-9]+$/.test(power)) return null;
    exponent += Number(power);
  }
  if (kept === "") return { mantissa: 0n, exponent: 0 };
  if (lostOnes) {
    kept += "1";
    dropped--;
  }
  return { mantissa: BigInt(`0x${kept}`), exponent: exponent + 4 * dropped };
}

function isHexDigit(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x66);
}
