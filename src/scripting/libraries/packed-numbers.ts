import type { Bytes } from "../../support/bytes.ts";
import { toUint64 } from "./conversions.ts";

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

/** The integer part, modulo 2^64, in `size` bytes: 258 in 2 ⇒ `01 02`, big-endian; what is past 8 bytes is zero. */
export function integerBytes(value: number, size: number, littleEndian: boolean): Bytes {
  let text = "";
  if (value >= 0 && value <= Number.MAX_SAFE_INTEGER) {
    let rest = Math.floor(value);
    for (let i = 0; i < size; i++) {
      const byte = String.fromCharCode(rest % 256);
      text = littleEndian ? text + byte : byte + text;
      rest = Math.floor(rest / 256);
    }
    return text;
  }
  let rest =
    Math.abs(value) < 2 ** 63 ? BigInt.asUintN(64, BigInt(Math.trunc(value))) : BigInt(toUint64(value));
  for (let i = 0; i < size; i++) {
    const byte = String.fromCharCode(Number(rest & 0xffn));
    text = littleEndian ? text + byte : byte + text;
    rest >>= 8n;
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
  const byte = (i: number): number => text.charCodeAt(littleEndian ? at + size - 1 - i : at + i);
  if (size > 0 && size <= 6) {
    let value = 0;
    for (let i = 0; i < size; i++) value = value * 256 + byte(i);
    return signed && value >= 2 ** (size * 8 - 1) ? value - 2 ** (size * 8) : value;
  }
  let value = 0n;
  for (let i = 0; i < size; i++) value = BigInt.asUintN(64, (value << 8n) | BigInt(byte(i)));
  if (!signed) return Number(value);
  // Past 8 bytes C shifts by more than a register has; x86 takes the count modulo 64.
  const mask = BigInt.asUintN(64, -1n << BigInt((size * 8 - 1) & 63));
  return Number(BigInt.asIntN(64, (value & mask) === 0n ? value : value | mask));
}
