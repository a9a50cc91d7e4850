import type { Bytes } from "../support/bytes.ts";
import { type Change, mergeChanges } from "./overlay.ts";
import type { StoreEntry, StoreIterator } from "./store.ts";

/** Entries of a run. */
const STREAM_PAGE = 500;

/**
 * Runs of a snapshot with sorted changes laid over them. Not a generator: one that was never started would
 * not run its `finally`, and the store's iterator would stay open.
 */
export class MergedStream<Item> implements AsyncIterableIterator<readonly Item[]> {
  readonly #iterator: StoreIterator;
  readonly #changes: readonly Change[];
  readonly #reverse: boolean;
  readonly #itemOf: (fullKey: Bytes, value: Bytes) => Item;
  #next = 0;
  #done = false;

  constructor(
    iterator: StoreIterator,
    changes: readonly Change[],
    reverse: boolean,
    itemOf: (fullKey: Bytes, value: Bytes) => Item,
  ) {
    this.#itemOf = itemOf;
    this.#iterator = iterator;
    this.#changes = changes;
    this.#reverse = reverse;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<readonly Item[]>> {
    while (!this.#done) {
      const entries = await this.#iterator.next(STREAM_PAGE);
      const merged = this.#merge(entries);
      if (entries.length === 0) await this.return();
      if (merged.length > 0) {
        return { done: false, value: merged.map(([key, value]) => this.#itemOf(key, value)) };
      }
    }
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<readonly Item[]>> {
    if (!this.#done) {
      this.#done = true;
      await this.#iterator.close();
    }
    return { done: true, value: undefined };
  }

  #merge(entries: readonly StoreEntry[]): readonly StoreEntry[] {
    const last = entries[entries.length - 1]?.[0];
    const from = this.#next;
    while (this.#next < this.#changes.length && !(last !== undefined && this.#isBehind(last))) this.#next++;
    if (from === this.#next) return entries;
    return mergeChanges(entries, this.#changes.slice(from, this.#next), this.#reverse);
  }

  /** Whether the next change belongs to a later run. */
  #isBehind(last: Bytes): boolean {
    const key = this.#changes[this.#next]![0];
    return this.#reverse ? key < last : key > last;
  }
}
