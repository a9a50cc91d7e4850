import { cString } from "./conversion.ts";
import type { Bytes } from "../support/bytes.ts";

const DIGITS = /^[ \t-\r]*([+-]?)([0-9a-zA-Z]+)[ \t-\r]*$/;
const HEX_DIGITS = /^[ \t-\r]*([+-]?)(?:0[xX](?=[0-9a-fA-F]))?([0-9a-zA-Z]+)[ \t-\r]*$/;

/** `"-101"` in base 2 ⇒ 2^64 - 5; null for what is no number. Ends at the first NUL, as C strings do. */
export function parseUnsigned(text: Bytes, base: number): number | null {
  const found = (base === 16 ? HEX_DIGITS : DIGITS).exec(cString(text));
  if (found === null) return null;
  let value = 0n;
  const digits = found[2]!.toLowerCase();
  for (let i = 0; i < digits.length; i++) {
    const code = digits.charCodeAt(i);
    const worth = code <= NINE ? code - ZERO : code - LETTER_A + 10;
    if (worth >= base) return null;
    if (value <= UINT64_MAX) value = value * BigInt(base) + BigInt(worth);
  }
  if (value > UINT64_MAX) return Number(UINT64_MAX);
  return Number(found[1] === "-" ? BigInt.asUintN(64, -value) : value);
}

const ZERO = 0x30;
const NINE = 0x39;
const LETTER_A = 0x61;
const UINT64_MAX = 2n ** 64n - 1n;
