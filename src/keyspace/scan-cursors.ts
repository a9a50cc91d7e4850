import type { Bytes } from "../support/bytes.ts";
import { crc32 } from "../support/crc32.ts";

/** Cursors that are remembered. A scan that was interrupted by so many others starts over. */
const MAX_CURSORS = 16_384;

/**
 * SCAN cursors. A cursor must be a number, the position is a key: the number is a digest of the key (so one
 * position has one number, for all clients and after a restart), and the latest ones are remembered. A scan
 * with a number that is not known starts over: it repeats keys, it never misses one.
 */
export class ScanCursors {
  readonly #keys = new Map<string, Bytes>();

  /** The cursor that goes on at `key`. */
  remember(key: Bytes): string {
    const cursor = digest(key);
    this.#keys.delete(cursor);
    this.#keys.set(cursor, key);
    if (this.#keys.size > MAX_CURSORS) this.#keys.delete(this.#keys.keys().next().value!);
    return cursor;
  }

  /** The key to go on at, the empty one (the first of all) for 0 and for unknown cursors. */
  key(cursor: string): Bytes {
    return this.#keys.get(cursor) ?? "";
  }
}

/** 63 bits of the key, not 0: two crc32, of the key and of the key with a tail. */
function digest(key: Bytes): string {
  const high = BigInt(crc32(key) & 0x7fff_ffff);
  const low = BigInt(crc32(`${key}\0cursor`));
  return String(((high << 32n) | low) || 1n);
}
