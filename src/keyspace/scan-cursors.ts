import { createHash } from "node:crypto";
import type { Bytes } from "../support/bytes.ts";
import type { Int64 } from "../support/integers.ts";

/** Positions that are remembered: that many of the latest, or that many bytes. A scan whose position was forgotten starts over. */
const MAX_CURSORS = 16_384;
const MAX_BYTES = 16 << 20;

/**
 * SCAN cursors. A cursor must be a number, the position is a key: the number is a digest of the key (so one
 * position has one number, for all clients and after a restart), and the latest ones are remembered. A scan
 * with a number that is not known starts over: it repeats keys, it never misses one.
 */
export class ScanCursors {
  readonly #keys = new Map<number, Bytes>();
  #bytes = 0;

  /** The cursor that goes on at `key`. */
  remember(key: Bytes): number {
    let cursor = digest(key);
    // Two keys of one digest: to share a number would make one scan skip what lies between them.
    while ((this.#keys.get(cursor) ?? key) !== key) cursor = (cursor % MAX_CURSOR) + 1;
    this.#forget(cursor);
    this.#keys.set(cursor, key);
    this.#bytes += key.length;
    while (this.#keys.size > MAX_CURSORS || (this.#bytes > MAX_BYTES && this.#keys.size > 1)) {
      this.#forget(this.#keys.keys().next().value!);
    }
    return cursor;
  }

  #forget(cursor: number): void {
    this.#bytes -= this.#keys.get(cursor)?.length ?? 0;
    this.#keys.delete(cursor);
  }

  /** The key to go on at, the empty one (the first of all) for 0 and for unknown cursors. */
  key(cursor: Int64): Bytes {
    return this.#keys.get(Number(cursor)) ?? "";
  }
}

/** Clients read a cursor into what their language has for numbers: a double is exact up to 2^53. */
const MAX_CURSOR = 2 ** 52;

/** 1 to 2^52. */
function digest(key: Bytes): number {
  const hash = createHash("sha1").update(key, "latin1").digest();
  return hash.readUIntBE(0, 6) * 16 + (hash[6]! >>> 4) + 1;
}
