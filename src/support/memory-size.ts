import type { Bytes } from "./bytes.ts";
import { narrowInteger } from "./integers.ts";
import type { Int64 } from "./integers.ts";

const UNITS: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["b", 1],
  ["k", 1000],
  ["kb", 1024],
  ["m", 1000 ** 2],
  ["mb", 1024 ** 2],
  ["g", 1000 ** 3],
  ["gb", 1024 ** 3],
]);

const UINT64_MAX = 2n ** 64n - 1n;
const MAX_DIGITS = 127;

/**
 * A size in redis.conf's units, in bytes, or null: `1k` ⇒ 1000, `1kb` ⇒ 1024, in any case, `5` and `5b` ⇒ 5.
 * As in Redis no digits are 0, digits past 64 bits are the largest number of 64 bits, and a product past
 * them wraps around: the option's own bounds decide what of that they take.
 */
export function parseMemorySize(text: Bytes): Int64 | null {
  const parts = /^([0-9]*)([a-z]{0,2})$/i.exec(text);
  if (parts === null) return null;
  const digits = parts[1]!;
  const unit = UNITS.get(parts[2]!.toLowerCase());
  if (unit === undefined || digits.length > MAX_DIGITS) return null;
  const size = Number(digits) * unit;
  if (size <= Number.MAX_SAFE_INTEGER) return size;
  const exact = BigInt(digits);
  return narrowInteger(BigInt.asUintN(64, (exact > UINT64_MAX ? UINT64_MAX : exact) * BigInt(unit)));
}

/** A number of bytes as CONFIG REWRITE writes it: in the largest unit that leaves no rest. */
export function formatMemorySize(bytes: number): Bytes {
  if (bytes !== 0) {
    for (const unit of ["gb", "mb", "kb"]) {
      const size = UNITS.get(unit)!;
      if (bytes % size === 0) return `${bytes / size}${unit}`;
    }
  }
  return String(bytes);
}
