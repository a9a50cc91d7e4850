import type { Bytes } from "../../support/bytes.ts";
import { type Fail, integerText } from "./blob.ts";

/**
 * The elements of a ziplist: bytes u32, offset of the last entry u32, entries u16 (65535: unknown), entries, 255.
 * Each entry: length of the one before (u8, or 254 and u32), encoding, content.
 * https://rdb.fnordig.de/file_format.html#ziplist-encoding
 */
export function ziplistElements(blob: Buffer, fail: Fail): Bytes[] {
  const { length } = blob;
  if (length < HEADER_BYTES + 1) fail("too short", 0);
  if (blob.readUInt32LE(0) !== length) fail("its length is another one", 0);
  const end = length - 1;
  if (blob[end] !== END) fail("no end mark", end);
  const tail = blob.readUInt32LE(4);
  const elements: Bytes[] = [];
  let at = HEADER_BYTES;
  let entryAt = 0;
  let lastLength = 0;
  while (at < end) {
    entryAt = at;
    const isLong = blob[at] === LONG_PREVIOUS;
    at += isLong ? 5 : 1;
    if (at >= end) fail("an entry is cut off", entryAt);
    const previous = isLong ? blob.readUInt32LE(at - 4) : blob[at - 1];
    if (previous !== lastLength) fail("the length of the entry before is another one", entryAt);
    at = readEntry(blob, at, end, elements, fail);
    lastLength = at - entryAt;
  }
  const count = blob.readUInt16LE(8);
  if (count !== UNKNOWN_COUNT && count !== elements.length) fail("the number of entries is another one", 8);
  if (elements.length > 0 && tail !== entryAt) fail("the last entry is elsewhere", 4);
  if (tail > end) fail("the last entry is beyond the end", 4);
  return elements;
}

const HEADER_BYTES = 10;
const END = 0xff;
const LONG_PREVIOUS = 0xfe;
const UNKNOWN_COUNT = 0xffff;

/** Encoding and content at `at`; where they end. */
function readEntry(blob: Buffer, at: number, end: number, elements: Bytes[], fail: Fail): number {
  const encoding = blob[at]!;
  switch (encoding >> 6) {
    case 0:
      return readBytes(blob, at + 1, encoding, end, elements, fail);
    case 1:
      if (at + 2 > end) fail("an entry is cut off", at);
      return readBytes(blob, at + 2, ((encoding & 0x3f) << 8) | blob[at + 1]!, end, elements, fail);
    case 2:
      if (encoding !== LONG_STRING) fail("unknown encoding", at);
      if (at + 5 > end) fail("an entry is cut off", at);
      return readBytes(blob, at + 5, blob.readUInt32BE(at + 1), end, elements, fail);
    default:
  }
  if (encoding >= FIRST_SMALL && encoding <= LAST_SMALL) {
    elements.push(String(encoding - FIRST_SMALL));
    return at + 1;
  }
  const width = WIDTHS[encoding] ?? fail("unknown encoding", at);
  if (at + 1 + width > end) fail("an entry is cut off", at);
  elements.push(integerText(blob, at + 1, width));
  return at + 1 + width;
}

const LONG_STRING = 0x80;

/** 0 to 12 in the encoding itself. */
const FIRST_SMALL = 0xf1;
const LAST_SMALL = 0xfd;

/** Bytes of the integer behind an encoding. */
const WIDTHS: Readonly<Record<number, number>> = { 0xc0: 2, 0xd0: 4, 0xe0: 8, 0xf0: 3, 0xfe: 1 };

function readBytes(
  blob: Buffer,
  at: number,
  length: number,
  end: number,
  elements: Bytes[],
  fail: Fail,
): number {
  if (at + length > end) fail("an entry goes beyond the end", at);
  elements.push(blob.latin1Slice(at, at + length));
  return at + length;
}
