/**
 * Byte strings.
 *
 * Keys, fields, members, values and arguments are held as "binary" JavaScript strings: one character
 * (U+0000 to U+00FF) for each byte, what Node calls latin1. V8 stores them at one byte a character, hashes
 * and compares them natively (code unit order is byte order), and they never pin the network chunk that
 * they arrived in. They become real bytes only at the socket and at LevelDB (docs/decisions.md, 1).
 *
 * The alias is documentation: a `Bytes` is not text, and text that may hold more than ASCII must be
 * passed through `bytesOfText` before it is used as one.
 */
export type Bytes = string;

/** The longest byte string that V8 can hold: 24 bytes short of 512 MiB. Longer values live in chunks. */
export const MAX_BYTES_LENGTH = 0x1fffffe8;

/** UTF-8 bytes of a text: `"é"` ⇒ `"\xc3\xa9"`. */
export function bytesOfText(text: string): Bytes {
  return Buffer.from(text, "utf8").latin1Slice();
}

/** The text that UTF-8 bytes spell: `"\xc3\xa9"` ⇒ `"é"`. Only for logs and file names. */
export function textOfBytes(bytes: Bytes): string {
  return Buffer.from(bytes, "latin1").utf8Slice();
}

/** V8 makes what is shorter a string of its own anyway. */
const SHORTEST_SLICE = 13;
/** Of what is longer, the rest is little beside the end. */
const SCRATCH = Buffer.allocUnsafeSlow(1024);

/** The end of a string that is to be kept: `slice` keeps all of the string in memory, and 48 bytes. */
export function tailOf(bytes: Bytes, from: number): Bytes {
  const { length } = bytes;
  if (length - from < SHORTEST_SLICE || length > SCRATCH.length) return bytes.slice(from);
  SCRATCH.latin1Write(bytes);
  return SCRATCH.latin1Slice(from, length);
}

declare global {
  interface Buffer {
    /** `toString("latin1", start, end)` without its argument checks: Node's own fast path, untyped there. */
    latin1Slice(start?: number, end?: number): string;
    utf8Slice(start?: number, end?: number): string;
    latin1Write(text: string, offset?: number, length?: number): number;
  }
}
