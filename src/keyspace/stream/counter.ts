import { readU32, readU64, u32, u64 } from "../../storage/numbers.ts";
import type { Bytes } from "../../support/bytes.ts";
import { type Int64, narrowInteger } from "../../support/integers.ts";

/** Counters that clients may set to any number of 64 bits: entries added, entries read, deliveries. */

export const COUNTER_LENGTH = 8;

/** Big-endian, two's complement: −1 ⇒ `FFFFFFFFFFFFFFFF`. */
export function counterBytes(counter: Int64): Bytes {
  if (typeof counter === "number" && counter >= 0) return u64(counter);
  const bits = BigInt.asUintN(64, BigInt(counter));
  return u32(Number(bits >> 32n)) + u32(Number(bits & 0xffff_ffffn));
}

export function readCounter(bytes: Bytes, at: number): Int64 {
  const high = readU32(bytes, at);
  if (high < SAFE_HIGH) return readU64(bytes, at);
  return narrowInteger(BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(readU32(bytes, at + 4))));
}

/** With less in its upper half it is a safe integer. */
const SAFE_HIGH = 0x20_0000;

/** The sum; past 64 bits it turns over, as in C. */
export function plus(counter: Int64, addend: Int64): Int64 {
  if (typeof counter === "number" && typeof addend === "number") {
    const sum = counter + addend;
    if (Number.isSafeInteger(sum)) return sum;
  }
  return narrowInteger(BigInt.asIntN(64, BigInt(counter) + BigInt(addend)));
}

export function minus(counter: Int64, other: Int64): Int64 {
  return plus(counter, typeof other === "number" ? -other : -other);
}
