import { closeSync, openSync, writeSync } from "node:fs";
import { type CollectionType, memberOf } from "./fixtures.ts";
import { digits, scattered, value } from "./loader.ts";

/**
 * Data as an RDB file: many times faster to load than the commands that make it. Format:
 * https://github.com/sripathikrishnan/redis-rdb-tools/wiki/Redis-RDB-Dump-File-Format
 */

const HEADER = "REDIS0010";
const FIRST_DATABASE = "\xfe\x00";
/** No checksum. */
const END = `\xff${"\0".repeat(8)}`;
const STRING_TYPE = "\x00";
/** The types with one element after the other, scores as text. */
const COLLECTION_TYPES = { list: "\x01", set: "\x02", zset: "\x03", hash: "\x04" } as const;
const CHUNK_CHARS = 1 << 20;

/** `key:000000000000` and so on, in no order. */
export function writeStrings(file: string, count: number, valueBytes: number): void {
  write(
    file,
    count,
    (i) => STRING_TYPE + text(`key:${digits(scattered(i, count))}`) + text(value(i, valueBytes)),
  );
}

/** One key. */
export function writeCollection(
  file: string,
  key: string,
  type: Exclude<CollectionType, "stream">,
  size: number,
): void {
  const start = COLLECTION_TYPES[type] + text(key) + length(size);
  write(file, size, (i) => {
    const words = memberOf(type, i, size);
    const element =
      type === "zset" ? text(words[1]!) + shortText(words[0]!) : words.map((word) => text(word)).join("");
    return i === 0 ? start + element : element;
  });
}

function write(file: string, count: number, part: (index: number) => string): void {
  const fd = openSync(file, "w");
  try {
    let chunk = HEADER + FIRST_DATABASE;
    for (let i = 0; i < count; i++) {
      chunk += part(i);
      if (chunk.length < CHUNK_CHARS) continue;
      writeSync(fd, Buffer.from(chunk, "latin1"));
      chunk = "";
    }
    writeSync(fd, Buffer.from(chunk + END, "latin1"));
  } finally {
    closeSync(fd);
  }
}

/** `"abc"` ⇒ `"\x03abc"`. */
function text(bytes: string): string {
  return length(bytes.length) + bytes;
}

/** A score. */
function shortText(bytes: string): string {
  return String.fromCharCode(bytes.length) + bytes;
}

/** `5` ⇒ `05`, `300` ⇒ `41 2c`, `100000` ⇒ `80 00 01 86 a0`. */
function length(count: number): string {
  if (count < 64) return String.fromCharCode(count);
  if (count < 16_384) return String.fromCharCode(0x40 | (count >> 8), count & 0xff);
  return String.fromCharCode(0x80, count >>> 24, (count >> 16) & 0xff, (count >> 8) & 0xff, count & 0xff);
}
