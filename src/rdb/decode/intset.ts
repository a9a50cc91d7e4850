import type { Bytes } from "../../support/bytes.ts";
import { type Fail, integerText } from "./blob.ts";

/** The members of an intset: width u32 (2, 4 or 8), members u32, the numbers, which ascend. All little-endian. */
export function intsetMembers(blob: Buffer, fail: Fail): Bytes[] {
  if (blob.length < HEADER_BYTES) fail("too short", 0);
  const width = blob.readUInt32LE(0);
  if (width !== 2 && width !== 4 && width !== 8) fail(`integers of ${width} bytes`, 0);
  const count = blob.readUInt32LE(4);
  if (HEADER_BYTES + count * width !== blob.length) fail("the number of members is another one", 4);
  const members: Bytes[] = [];
  let last = -Infinity as number | bigint;
  for (let at = HEADER_BYTES; at < blob.length; at += width) {
    const value = width === 8 ? blob.readBigInt64LE(at) : blob.readIntLE(at, width);
    if (value <= last) fail("members are not in order", at);
    last = value;
    members.push(integerText(blob, at, width));
  }
  return members;
}

const HEADER_BYTES = 8;
