import type { Bytes } from "../support/bytes.ts";
import type { CacheNode } from "../storage/record-cache.ts";
import type { Persistent } from "../storage/committer.ts";
import { expiryKey, recordKey, recordKeyHead } from "../storage/layout.ts";
import type { StoreBatch } from "../storage/store.ts";
import type { Database } from "./database.ts";
import { encodeRecordHeader } from "./record.ts";
import { stringEncoding } from "./string-encoding.ts";
import type { Owner, TypeName, Value } from "./value.ts";

/** The record is not in the store. */
const NOT_STORED = -1;

/**
 * What memory knows of one key: its value and expiry, or (`value` null) that there is no such key. Changed
 * only through its database and its value object.
 */
export class Entry implements Persistent, Owner, CacheNode {
  readonly db: Database;
  readonly key: Bytes;
  value: Value | null = null;
  /** Unix time in ms, 0 for never. */
  expiresAtMs = 0;
  /** A string that was changed in place: OBJECT ENCODING says `raw`, whatever it holds. */
  isRaw = false;
  /** Unix time in seconds of the last access. */
  accessedAtS = 0;
  /** The batch that its record goes into. */
  batch = 0;
  /** The batch of the last change to the record or its elements: who reads it waits for that. */
  newest = 0;
  /**
   * The generation that it belonged to, once that was dropped or memory was set back; null while it is in use. What
   * was not yet written of a dropped one still is: the collector finds collections by the records there, which must
   * not lead it to one that MOVE has given to another database, nor hide one that came from there.
   */
  droppedFrom: number | null = null;
  /** What the store has: NOT_STORED, or the expiry in the stored record. */
  #storedExpiresAtMs = NOT_STORED;

  // CacheNode
  visited = false;
  costBytes = 0;
  newer: CacheNode | null = null;
  older: CacheNode | null = null;

  constructor(db: Database, key: Bytes) {
    this.db = db;
    this.key = key;
  }

  get type(): TypeName {
    return typeof this.value === "string" ? "string" : this.value!.type;
  }

  /** What OBJECT ENCODING calls its value. */
  get encoding(): string {
    return typeof this.value === "string" ? stringEncoding(this) : this.value!.encoding;
  }

  get isDropped(): boolean {
    return this.droppedFrom !== null;
  }

  /** It came from the store as it is. */
  wasStored(): void {
    this.#storedExpiresAtMs = this.expiresAtMs;
  }

  get isPinned(): boolean {
    return (
      this.newest > this.db.written ||
      (this.value !== null && typeof this.value !== "string" && this.value.isBusy)
    );
  }

  get memoryBytes(): number {
    const { value } = this;
    return this.#bytesWith(value === null || typeof value === "string" ? value : value.memoryBytes);
  }

  /** What it would take with all that its value holds in memory. */
  get wholeBytes(): number {
    const { value } = this;
    return this.#bytesWith(value === null || typeof value === "string" ? value : value.wholeBytes);
  }

  #bytesWith(value: Bytes | number | null): number {
    const valueBytes = value === null ? 0 : typeof value === "string" ? value.length : value;
    return ENTRY_BYTES + this.key.length + valueBytes;
  }

  recordChanged(): void {
    this.db.mark(this);
  }

  elementsChanged(): void {
    this.db.markElements(this);
  }

  becameEmpty(): void {
    this.db.remove(this);
  }

  memoryChanged(): void {
    this.db.reprice(this);
  }

  persist(batch: StoreBatch): void {
    const generation = this.droppedFrom ?? this.db.generation;
    const stored = this.#storedExpiresAtMs;
    if (this.value === null) {
      if (stored !== NOT_STORED) batch.delete(recordKey(generation, this.key));
    } else {
      const { value } = this;
      const header = encodeRecordHeader(value, this.expiresAtMs, this.isRaw);
      const payload = typeof value === "string" ? value : value.recordPayload();
      batch.putJoined(recordKeyHead(generation), this.key, header, payload);
    }
    const expiresAtMs = this.value === null ? 0 : this.expiresAtMs;
    if (stored !== expiresAtMs) {
      if (stored > 0) batch.delete(expiryKey(stored, generation, this.key));
      if (expiresAtMs > 0) batch.put(expiryKey(expiresAtMs, generation, this.key), "");
    }
    this.#storedExpiresAtMs = this.value === null ? NOT_STORED : this.expiresAtMs;
    this.db.reprice(this);
  }
}

/** An entry object, its place in the map, the headers of its two strings. Measured with 1 million keys. */
const ENTRY_BYTES = 250;
