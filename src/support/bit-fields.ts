/** Integers of 1 to 64 bits anywhere in a string of bits, highest bit first, negative ones as two's complement. */
export interface FieldType {
  readonly isSigned: boolean;
  /** 1 to 64; 63 at the most when unsigned. */
  readonly bits: number;
}

/** Reads the field at bit `offset`. `i4` at 4 of `"\x0f"` ⇒ -1n */
export function readField(
  byteAt: (at: number) => number,
  offset: number,
  { isSigned, bits }: FieldType,
): bigint {
  const last = offset + bits - 1;
  const value = BigInt.asUintN(bits, readBytes(byteAt, offset, last) >> shiftOf(last));
  return isSigned ? BigInt.asIntN(bits, value) : value;
}

/** Calls `setByte` for each byte that the field at bit `offset` lies in. */
export function writeField(
  byteAt: (at: number) => number,
  setByte: (at: number, byte: number) => void,
  offset: number,
  { bits }: FieldType,
  value: bigint,
): void {
  const last = offset + bits - 1;
  const shift = shiftOf(last);
  const mask = ((1n << BigInt(bits)) - 1n) << shift;
  let bytes = (readBytes(byteAt, offset, last) & ~mask) | (BigInt.asUintN(bits, value) << shift);
  for (let at = Math.floor(last / 8); at >= Math.floor(offset / 8); at--) {
    setByte(at, Number(bytes & 0xffn));
    bytes >>= 8n;
  }
}

function readBytes(byteAt: (at: number) => number, offset: number, last: number): bigint {
  let bytes = 0n;
  for (let at = Math.floor(offset / 8); at <= Math.floor(last / 8); at++) {
    bytes = (bytes << 8n) | BigInt(byteAt(at));
  }
  return bytes;
}

/** How many bits of its byte stand behind the bit `last`. */
const shiftOf = (last: number): bigint => BigInt(7 - (last % 8));

export type Overflow = "WRAP" | "SAT" | "FAIL";

/** What of `value` fits into the field; null where it does not fit and must not be cut. */
export function fitField(value: bigint, { isSigned, bits }: FieldType, overflow: Overflow): bigint | null {
  const wrapped = isSigned ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
  if (wrapped === value || overflow === "WRAP") return wrapped;
  if (overflow === "FAIL") return null;
  const size = 1n << BigInt(isSigned ? bits - 1 : bits);
  if (value > 0n) return size - 1n;
  return isSigned ? -size : 0n;
}
