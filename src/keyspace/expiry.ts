import { expiredRange, readExpiryKey, EXPIRY_RANGE } from "../storage/layout.ts";
import type { Entry } from "./entry.ts";
import type { Keyspace } from "./keyspace.ts";

/** Keys that one step of the walk removes at the most, so that clients get their turn in between. */
const STEP = 500;

/**
 * Removes keys when their time is over. The expiry index holds every key with an expiry in time order, so
 * that a step reads just what is due; between steps the earliest known time says when to look again.
 */
export class Expiry {
  readonly #keyspace: Keyspace;
  /** No key is due before this. */
  #nextDueMs = 0;
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
    if (expiresAtMs < this.#nextDueMs) this.#nextDueMs = expiresAtMs;
  }

  /** Reads what is due and when the next key is, apart from what is not written yet. */
  async due(nowMs: number): Promise<readonly { readonly generation: number; readonly key: string }[]> {
    const { store } = this.#keyspace.reading;
    this.#nextDueMs = Infinity;
    // What is not yet written is not in the index: write it first. What comes meanwhile is expected anew.
    await this.#keyspace.committer.settle();
    const iterator = store.iterate({ ...expiredRange(nowMs), keysOnly: true });
    const due: { generation: number; key: string }[] = [];
    try {
      for (;;) {
        const found = await iterator.next(STEP - due.length);
        for (const [key] of found) due.push(readExpiryKey(key));
        if (found.length === 0 || due.length >= STEP) break;
      }
    } finally {
      await iterator.close();
    }
    if (due.length >= STEP) this.expect(nowMs);
    else await this.#findNext();
    return due;
  }

  async #findNext(): Promise<void> {
    const iterator = this.#keyspace.reading.store.iterate({ ...EXPIRY_RANGE, keysOnly: true });
    try {
      const [first] = await iterator.next(1);
      if (first !== undefined) this.expect(Math.max(readExpiryKey(first[0]).expiresAtMs, 1));
    } finally {
      await iterator.close();
    }
  }

  /** Removes a key whose time is over; it may have changed since that was seen. */
  removeIfDue(entry: Entry): boolean {
    if (entry.isDropped || entry.value === null) return false;
    if (entry.expiresAtMs === 0 || entry.expiresAtMs > this.#keyspace.nowMs) return false;
    entry.db.remove(entry);
    this.expiredKeys++;
    return true;
  }
}
