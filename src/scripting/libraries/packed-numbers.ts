import type { Bytes } from "../../support/bytes.ts";
import { toInt64, toUint64 } from "./conversions.ts";

/** Numbers as bytes, as `struct` and `cmsgpack` write and read them. */

const scratch = new DataView(new ArrayBuffer(8));

/** IEEE 754 with 4 or 8 bytes: 1.5 ⇒ `3f c0 00 00`, big-endian. */
export function doubleBytes(value: number, bytes: 4 | 8, littleEndian: boolean): Bytes {
  if (bytes === 4) scratch.setFloat32(0, value, littleEndian);
  else scratch.setFloat64(0, value, littleEndian);
  let text = "";
  for (let i = 0; i < bytes; i++) text += String.fromCharCode(scratch.getUint8(i));
  return text;
}

export function readDouble(text: Bytes, at: number, bytes: 4 | 8, littleEndian: boolean): number {
  for (let i = 0; i < bytes; i++) scratch.setUint8(i, text.charCodeAt(at + i));
  return bytes === 4 ? scratch.getFloat32(0, littleEndian) : scratch.getFloat64(0, littleEndian);
}

const WORD = 2 ** 32;

/** The integer part, modulo 2^64, in `size` bytes: 258 in 2 ⇒ `01 02`, big-endian; what is past 8 bytes is zero. */
export function integerBytes(value: number, size: number, littleEndian: boolean): Bytes {
  const whole = value < 0 ? toInt64(value) : toUint64(value);
  const high = Math.floor(whole / WORD);
  const low = whole - high * WORD;
  let text = "";
  for (let i = 0; i < size; i++) {
    const code = i < 4 ? low >>> (8 * i) : i < 8 ? high >>> (8 * i) : 0;
    const byte = String.fromCharCode(code & 0xff);
    text = littleEndian ? text + byte : byte + text;
  }
  return text;
}

/** An integer of up to 32 bytes, of which C keeps the low 64 bits. */
export function readInteger(
  text: Bytes,
  at: number,
  size: number,
  signed: boolean,
  littleEndian: boolean,
): number {
  if (size > 8) return readLongInteger(text, at, size, signed, littleEndian);
  let high = 0;
  let low = 0;
  for (let i = size - 1; i >= 0; i--) {
    const byte = text.charCodeAt(littleEndian ? at + i : at + size - 1 - i);
    if (i < 4) low = low * 256 + byte;
    else high = high * 256 + byte;
  }
  // One rounding, as in C: both parts are exact.
  if (!signed || size === 0) return high * WORD + low;
  if (size <= 4) return low >= 2 ** (size * 8 - 1) ? low - 2 ** (size * 8) : low;
  return (high >= 2 ** (size * 8 - 33) ? high - 2 ** (size * 8 - 32) : high) * WORD + low;
}

/** Past 8 bytes C shifts a sign's mask by more than a register has; x86 takes the count modulo 64. */
function readLongInteger(
  text: Bytes,
  at: number,
  size: number,
  signed: boolean,
  littleEndian: boolean,
): number {
  let value = 0n;
  for (let i = 0; i < size; i++) {
    const byte = text.charCodeAt(littleEndian ? at + size - 1 - i : at + i);
    value = BigInt.asUintN(64, (value << 8n) | BigInt(byte));
  }
  if (!signed) return Number(value);
  const mask = BigInt.asUintN(64, -1n << BigInt((size * 8 - 1) & 63));
  return Number(BigInt.asIntN(64, (value & mask) === 0n ? value : value | mask));
}
