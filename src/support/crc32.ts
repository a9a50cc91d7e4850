import { crc32 as nativeCrc32 } from "node:zlib";
import type { Bytes } from "./bytes.ts";

/** From here on a copy into a buffer and the call out of JavaScript cost less than the table does. */
const NATIVE_FROM_LENGTH = 112;

const TABLE = makeTable();

/**
 * CRC-32 of a byte string, unsigned, as in zlib, PNG and Ethernet (IEEE 802.3, reflected polynomial
 * 0xedb88320). `"123456789"` ⇒ 0xcbf43926
 */
export function crc32(bytes: Bytes): number {
  const length = bytes.length;
  if (length >= NATIVE_FROM_LENGTH) return nativeCrc32(Buffer.from(bytes, "latin1"));
  let crc = -1;
  for (let i = 0; i < length; i++) {
    crc = (crc >>> 8) ^ TABLE[(crc ^ bytes.charCodeAt(i)) & 0xff]!;
  }
  return ~crc >>> 0;
}

function makeTable(): Int32Array {
  const table = new Int32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    table[byte] = crc;
  }
  return table;
}
