import type { Bytes } from "../support/bytes.ts";

const PLAIN_INTEGER = /^(?:0|-?[1-9][0-9]{0,18})$/;
const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;

/**
 * The number in a line of the protocol, `null` when it is none. As strict as Redis: a signed 64-bit
 * integer without leading zeros or plus sign. Beyond 2^53 the result is rounded, which is far beyond
 * every limit that it is compared with.
 */
export function parseLength(text: Bytes): number | null {
  if (!PLAIN_INTEGER.test(text)) return null;
  if (text.length < 16) return Number(text);
  const value = BigInt(text);
  return value < MIN_INT64 || value > MAX_INT64 ? null : Number(value);
}
