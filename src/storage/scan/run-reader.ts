import type { LevelStoreIterator } from "../store.ts";
import { type Packed, RUN_ENTRIES, pack } from "./run.ts";

/** Runs of an iterator, which does one thing at a time. */
export class RunReader {
  readonly #iterator: LevelStoreIterator;
  #last: Promise<Packed | null> = Promise.resolve(null);

  constructor(iterator: LevelStoreIterator) {
    this.#iterator = iterator;
  }

  /** Null at the end. May be called before the last one has come. */
  next(): Promise<Packed | null> {
    return (this.#last = this.#last.then(async () => {
      const entries = await this.#iterator.nextBuffers(RUN_ENTRIES);
      return entries.length === 0 ? null : pack(entries);
    }));
  }

  async close(): Promise<void> {
    await this.#iterator.close();
  }
}
