import type { IntSet } from "../../keyspace/int-set.ts";

/**
 * Redis' intset: bytes of a number u32, count u32, the numbers in order; all with the lowest byte first.
 * 1, 300 ⇒ `02000000 02000000 0100 2C01`
 */
export function encodeIntset({ values }: IntSet): Buffer {
  const least = values[0] ?? 0;
  const most = values[values.length - 1] ?? 0;
  const width = least >= -0x8000 && most <= 0x7fff ? 2 : least >= -0x8000_0000 && most <= 0x7fff_ffff ? 4 : 8;
  const bytes = Buffer.allocUnsafe(8 + values.length * width);
  bytes.writeUInt32LE(width, 0);
  bytes.writeUInt32LE(values.length, 4);
  let at = 8;
  for (const value of values) {
    if (width === 2) bytes.writeInt16LE(Number(value), at);
    else if (width === 4) bytes.writeInt32LE(Number(value), at);
    else bytes.writeBigInt64LE(BigInt(value), at);
    at += width;
  }
  return bytes;
}
