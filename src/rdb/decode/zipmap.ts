import type { Bytes } from "../../support/bytes.ts";
import type { Fail } from "./blob.ts";

/**
 * Fields and values in turn of a zipmap, as Redis before 2.6 kept small hashes: pairs u8 (254 and up: unknown), for each
 * a length and the field, a length, unused bytes u8, the value and those; 255. Lengths are a byte, or 254 and u32.
 * https://rdb.fnordig.de/file_format.html#zipmap-encoding
 */
export function zipmapPairs(blob: Buffer, fail: Fail): Bytes[] {
  const end = blob.length - 1;
  if (end < 1) fail("too short", 0);
  if (blob[end] !== END) fail("no end mark", end);
  const pairs: Bytes[] = [];
  let at = 1;
  const readLength = (): number => {
    const start = at;
    const short = at < end ? blob[at]! : fail("it ends too early", at);
    at++;
    if (short < LONG) return short;
    if (short === END || at + 4 > end) fail("it ends too early", start);
    at += 4;
    const length = blob.readUInt32LE(at - 4);
    return length < LONG ? fail("a short length in the long form", start) : length;
  };
  while (at < end) {
    const field = readLength();
    if (at + field >= end) fail("a field goes beyond the end", at);
    pairs.push(blob.latin1Slice(at, at + field));
    at += field;
    const value = readLength();
    if (at >= end) fail("it ends too early", at);
    const unused = blob[at++]!;
    if (at + value + unused > end) fail("a value goes beyond the end", at);
    pairs.push(blob.latin1Slice(at, at + value));
    at += value + unused;
  }
  if (pairs.length === 0) fail("no fields", 0);
  if (blob[0]! < LONG && blob[0] !== pairs.length / 2) fail("the number of fields is another one", 0);
  return pairs;
}

const END = 0xff;
const LONG = 0xfe;
