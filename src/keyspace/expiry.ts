import { EXPIRY_RANGE, expiredRange, readExpiryKey } from "../storage/layout.ts";
import type { WriteBatch } from "../storage/store.ts";
import type { Bytes } from "../support/bytes.ts";
import type { Entry } from "./entry.ts";
import type { Keyspace } from "./keyspace.ts";
import { hasExpired } from "./record.ts";

/** Keys that one step of the walk removes at the most, so that clients get their turn in between. */
const STEP = 500;

/** A key whose time was over when its index entry was read. */
export interface DueKey {
  readonly generation: number;
  readonly key: Bytes;
}

/**
 * Removes keys when their time is over. The expiry index holds every key with an expiry in time order, so
 * that a step reads just what is due; between steps the earliest known time says when to look again.
 */
export class Expiry {
  readonly #keyspace: Keyspace;
  /** No key is due before this. */
  #nextDueMs = 0;
  /** Index entries of dropped generations. */
  readonly #stale = {
    batch: 0,
    indexKeys: [] as Bytes[],
    persist: (batch: WriteBatch): void => this.#persistStale(batch),
  };
  /** For INFO. */
  expiredKeys = 0;

  constructor(keyspace: Keyspace) {
    this.#keyspace = keyspace;
  }

  /** When the next step is worth while: Unix ms, Infinity for never. */
  get nextDueMs(): number {
    return this.#nextDueMs;
  }

  /** A key gets that expiry. */
  expect(expiresAtMs: number): void {
    this.#lookAt(expiresAtMs + 1);
  }

  #lookAt(ms: number): void {
    if (ms < this.#nextDueMs) this.#nextDueMs = ms;
  }

  /** Reads what is due, at most a step, and when the next key is. Rejects when the store cannot be written or read. */
  async due(nowMs: number): Promise<readonly DueKey[]> {
    this.#nextDueMs = Infinity;
    // What is not yet in the store is not in the index. What comes meanwhile is expected anew.
    await this.#keyspace.committer.checkpoint();
    const indexKeys = await this.#read(expiredRange(nowMs - 1), STEP);
    if (indexKeys.length >= STEP) this.#lookAt(nowMs);
    else await this.#findNext(nowMs);
    const generations = new Set(this.#keyspace.databases.map((db) => db.generation));
    const due: DueKey[] = [];
    for (const indexKey of indexKeys) {
      const entry = readExpiryKey(indexKey);
      if (generations.has(entry.generation)) due.push(entry);
      else if (!this.#keyspace.loading.generations.has(entry.generation)) this.#drop(indexKey);
    }
    return due;
  }

  async #findNext(nowMs: number): Promise<void> {
    const [first] = await this.#read({ ...EXPIRY_RANGE, gte: expiredRange(nowMs - 1).lt }, 1);
    if (first !== undefined) this.expect(readExpiryKey(first).expiresAtMs);
  }

  async #read(range: { readonly gte: Bytes; readonly lt: Bytes }, limit: number): Promise<Bytes[]> {
    const iterator = this.#keyspace.reading.store.iterate({ ...range, keysOnly: true });
    const keys: Bytes[] = [];
    try {
      while (keys.length < limit) {
        const found = await iterator.next(limit - keys.length);
        if (found.length === 0) break;
        for (const [key] of found) keys.push(key);
      }
    } finally {
      await iterator.close();
    }
    return keys;
  }

  /** The collector would get there too, but what is due and stays in the index hides what is due behind it. */
  #drop(indexKey: Bytes): void {
    this.#stale.indexKeys.push(indexKey);
    this.#keyspace.committer.mark(this.#stale);
  }

  #persistStale(batch: WriteBatch): void {
    for (const indexKey of this.#stale.indexKeys) batch.delete(indexKey);
    this.#stale.indexKeys = [];
  }

  /** Memory was set back to what the store holds: keys that were removed may be there again. */
  reset(): void {
    this.#stale.indexKeys = [];
    this.#nextDueMs = 0;
  }

  /** Removes a key whose time is over; it may have changed, or left memory, since that was seen. */
  removeIfDue(entry: Entry): boolean {
    if (entry.value === null || entry.db.inMemory(entry.key) !== entry) return false;
    if (!hasExpired(entry.expiresAtMs, this.#keyspace.nowMs)) return false;
    entry.db.remove(entry);
    return true;
  }
}
