import { EXPIRY_RANGE, readExpiryKey } from "../storage/layout.ts";
import type { WriteBatch } from "../storage/store.ts";
import type { Bytes } from "../support/bytes.ts";
import type { Entry } from "./entry.ts";
import { type DueKey, ExpiryWindow } from "./expiry-window.ts";
import type { Keyspace } from "./keyspace.ts";
import { hasExpired } from "./record.ts";

/** Keys that one step of the walk removes at the most, so that clients get their turn in between. */
const STEP = 500;

/** Entries of the index that are read at once. */
const READ_STEP = 2000;

/**
 * Removes keys when their time is over. The expiry index in the store holds every key with an expiry in time order; what
 * it holds of the next seconds is kept in memory (expiry-window.ts), so that the store need not be brought up to date
 * whenever a key is due.
 */
export class Expiry {
  readonly #keyspace: Keyspace;
  #window = new ExpiryWindow();
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
    return Math.min(this.#window.firstDueMs, this.#window.fillAtMs);
  }

  /** A key of that generation gets another expiry, or loses it (0). */
  changed(generation: number, key: Bytes, beforeMs: number, expiresAtMs: number): void {
    this.#window.set(generation, key, expiresAtMs);
    // Of a key that did not expire it may stay: whoever looks at it then sees that it is not due.
    if (beforeMs === 0) return;
    this.#keyspace.reading.attempt.undo?.add(() => this.#window.set(generation, key, beforeMs));
  }

  /** The index is read anew at that time: databases were exchanged, or keys that were due are still there. */
  lookAgain(atMs = 0): void {
    this.#window = new ExpiryWindow(atMs);
  }

  /** What is due, at most a step. Rejects when the store cannot be written or read. */
  async due(nowMs: number): Promise<readonly DueKey[]> {
    const due = this.#takeDue(nowMs);
    if (due.length > 0 || this.#window.fillAtMs > nowMs) return due;
    try {
      await this.#fill(this.#window, nowMs);
    } catch (error) {
      this.lookAgain();
      throw error;
    }
    return this.#takeDue(nowMs);
  }

  #takeDue(nowMs: number): readonly DueKey[] {
    const generations = this.#generations();
    return this.#window.takeDue(nowMs, STEP).filter(({ generation }) => generations.has(generation));
  }

  #generations(): Set<number> {
    return new Set(this.#keyspace.databases.map((db) => db.generation));
  }

  async #fill(window: ExpiryWindow, nowMs: number): Promise<void> {
    window.beginFilling(nowMs);
    // What is not yet in the store is not in the index.
    await this.#keyspace.committer.checkpoint();
    const iterator = this.#keyspace.reading.store.iterate({ ...EXPIRY_RANGE, keysOnly: true });
    try {
      for (let room = window.room; ;) {
        const found = await iterator.next(READ_STEP);
        // Memory was set back, or exchanged: it will be read again.
        if (window !== this.#window || found.length === 0) return;
        const generations = this.#generations();
        for (const [indexKey] of found) {
          const entry = readExpiryKey(indexKey);
          const { generation, expiresAtMs } = entry;
          if (this.#keyspace.loading.generations.has(generation)) continue;
          if (room-- === 0) {
            window.stopFilling(expiresAtMs);
            return;
          }
          if (!generations.has(generation)) this.#drop(indexKey);
          else if (!window.learn(entry, expiresAtMs)) return;
        }
      }
    } finally {
      await iterator.close();
    }
  }

  /** The collector would get there too, but what stays in the index hides what is behind it. */
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
    this.lookAgain();
  }

  /** Removes a key whose time is over; it may have changed, or left memory, since that was seen. */
  removeIfDue(entry: Entry): boolean {
    if (entry.value === null || entry.db.entries.inMemory(entry.key) !== entry) return false;
    if (!hasExpired(entry.expiresAtMs, this.#keyspace.nowMs)) return false;
    entry.db.remove(entry);
    return true;
  }
}
