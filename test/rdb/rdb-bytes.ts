import { crc64 } from "../../src/support/crc64.ts";

/** RDB files made by hand, of latin1 strings. */

const chr = String.fromCharCode;

/** A length below 2^32, as it stands before strings and elements. */
export function length(n: number): string {
  if (n < 64) return chr(n);
  if (n < 0x4000) return chr(0x40 | (n >> 8), n & 0xff);
  return chr(0x80, n >>> 24, (n >> 16) & 0xff, (n >> 8) & 0xff, n & 0xff);
}

/** A plain string. */
export const str = (bytes: string): string => length(bytes.length) + bytes;

/** `01` and a key: what stands before a value of that type. */
export const keyOf = (type: number, key: string): string => chr(type) + str(key);

/** A whole file of a version, with its checksum. */
export function rdbFile(version: number, ...parts: readonly string[]): Buffer {
  const contents = `REDIS${String(version).padStart(4, "0")}${parts.join("")}\xff`;
  return Buffer.from(version < 5 ? contents : contents + crc64(contents), "latin1");
}

/** A listpack of strings shorter than 64 bytes and of integers from 0 to 127. */
export function listpack(...entries: readonly (string | number)[]): string {
  let body = "";
  for (const entry of entries) {
    const encoded = typeof entry === "number" ? chr(entry) : chr(0x80 | entry.length) + entry;
    body += encoded + chr(encoded.length);
  }
  const header = Buffer.alloc(6);
  header.writeUInt32LE(header.length + body.length + 1, 0);
  header.writeUInt16LE(entries.length, 4);
  return `${header.latin1Slice()}${body}\xff`;
}

/** A ziplist of strings shorter than 64 bytes. */
export function ziplist(...entries: readonly string[]): string {
  let body = "";
  let last = 0;
  let tail = 10;
  for (const entry of entries) {
    tail = 10 + body.length;
    const encoded = chr(last) + chr(entry.length) + entry;
    body += encoded;
    last = encoded.length;
  }
  const header = Buffer.alloc(10);
  header.writeUInt32LE(header.length + body.length + 1, 0);
  header.writeUInt32LE(tail, 4);
  header.writeUInt16LE(entries.length, 8);
  return `${header.latin1Slice()}${body}\xff`;
}

export function u64Little(n: bigint | number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(n));
  return bytes.latin1Slice();
}
