import type { Bytes } from "../support/bytes.ts";
import type { CacheNode } from "../storage/record-cache.ts";
import type { Persistent } from "../storage/persistent.ts";
import { expiryKey, recordKey, recordKeyHead } from "../storage/layout.ts";
import type { WriteBatch } from "../storage/store.ts";
import type { Database } from "./database.ts";
import { encodeRecordHeader } from "./record.ts";
import { stringEncoding } from "./string-encoding.ts";
import type { Owner, TypeName, Value, ValueObject } from "./value.ts";

/** The record is not in the store. */
const NOT_STORED = -1;

/**
 * What memory knows of one key: its value and expiry, or (`value` null) that there is no such key. Changed
 * only through its database and its value object.
 */
export class Entry implements Persistent, Owner, CacheNode {
  readonly db: Database;
  readonly key: Bytes;
  #value: Value | null = null;
  #object: ValueObject | null = null;
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

  /** Memory still holds it; an evicted one is only in the hands of who was using it. */
  isCached = false;

  // CacheNode
  visited = false;
  costBytes = 0;
  newer: CacheNode | null = null;
  older: CacheNode | null = null;
  isPassing = false;

  constructor(db: Database, key: Bytes) {
    this.db = db;
    this.key = key;
  }

  get value(): Value | null {
    return this.#value;
  }

  /**
   * The value when it is more than a byte string. To ask this field costs nothing; to ask the value for its type
   * fetches a string from far memory that a write is about to replace.
   */
  get object(): ValueObject | null {
    return this.#object;
  }

  hold(value: Value | null): void {
    this.#value = value;
    this.#object = null;
    if (value !== null && typeof value !== "string") {
      this.#object = value;
      value.owner = this;
    }
  }

  get type(): TypeName {
    return this.#object?.type ?? "string";
  }

  /** What OBJECT ENCODING calls its value. */
  get encoding(): string {
    return this.#object?.encoding ?? stringEncoding(this);
  }

  get isDropped(): boolean {
    return this.droppedFrom !== null;
  }

  /** It came from the store as it is. */
  wasStored(): void {
    this.#storedExpiresAtMs = this.expiresAtMs;
  }

  get isPinned(): boolean {
    return this.newest > this.db.appliedBatch || (this.#object?.isBusy ?? false);
  }

  get memoryBytes(): number {
    return this.#bytesWith(this.#object?.memoryBytes);
  }

  /** What it would take with all that its value holds in memory. */
  get wholeBytes(): number {
    return this.#bytesWith(this.#object?.wholeBytes);
  }

  #bytesWith(objectBytes: number | undefined): number {
    const { value } = this;
    return ENTRY_BYTES + this.key.length + (objectBytes ?? (typeof value === "string" ? value.length : 0));
  }

  recordChanged(): void {
    this.db.mark(this);
  }

  elementsChanged(): void {
    this.db.markElements(this);
  }

  becameEmpty(): void {
    this.db.becameEmpty(this);
  }

  memoryChanged(): void {
    this.db.reprice(this);
  }

  persist(batch: WriteBatch): void {
    const generation = this.droppedFrom ?? this.db.generation;
    const stored = this.#storedExpiresAtMs;
    if (this.value === null) {
      if (stored !== NOT_STORED) batch.delete(recordKey(generation, this.key));
    } else {
      const { value } = this;
      const header = encodeRecordHeader(value, this.expiresAtMs, this.isRaw);
      const payload = typeof value === "string" ? value : value.recordPayload();
      batch.putJoined(recordKeyHead(generation), this.key, header, payload, stored === NOT_STORED);
    }
    const expiresAtMs = this.value === null ? 0 : this.expiresAtMs;
    if (stored !== expiresAtMs) {
      if (stored > 0) batch.delete(expiryKey(stored, generation, this.key));
      if (expiresAtMs > 0) batch.put(expiryKey(expiresAtMs, generation, this.key), "", true);
    }
    this.#storedExpiresAtMs = this.value === null ? NOT_STORED : this.expiresAtMs;
    this.db.reprice(this);
  }
}

/** An entry object, its place in the map, the headers of its two strings. Measured with 1 million keys. */
const ENTRY_BYTES = 250;
