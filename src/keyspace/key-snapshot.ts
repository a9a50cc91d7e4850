import type { Bytes } from "../support/bytes.ts";
import { mapRuns } from "../support/map-runs.ts";
import { MergedStream } from "../storage/merged-stream.ts";
import { type KeyRange, RECORD_KEY_PREFIX_LENGTH } from "../storage/layout.ts";
import { sortChanges } from "../storage/overlay.ts";
import type { Store, StoreEntry, StoreSnapshot } from "../storage/store.ts";
import { hasExpired, readRecordHeader } from "./record.ts";

/**
 * The keys of a range as they were at one moment, however many, to be walked over as often as needed: what was
 * in the store, with what was not yet written laid over it. Needs little memory. Must be closed.
 */
export class KeySnapshot {
  readonly #range: KeyRange;
  readonly #snapshot: StoreSnapshot;
  readonly #changes: readonly StoreChange[];
  readonly #nowMs: number;

  /** `unwritten`: record keys of the range with their headers, null for deleted. */
  constructor(store: Store, range: KeyRange, unwritten: Iterable<StoreChange>, nowMs: number) {
    this.#range = range;
    this.#snapshot = store.snapshot();
    this.#changes = sortChanges(
      [...new Map(unwritten)].filter(([key]) => key >= range.gte && key < range.lt),
      false,
    );
    this.#nowMs = nowMs;
  }

  /** Runs of the keys that had not expired then, in order. Must be read to its end, or closed with `return`. */
  keys(): AsyncIterableIterator<readonly Bytes[]> {
    const iterator = this.#snapshot.iterate(this.#range);
    const runs = new MergedStream(iterator, this.#changes, false, (key, header): StoreEntry => [key, header]);
    return mapRuns(runs, (run) =>
      run.filter(this.#isLive).map(([key]) => key.slice(RECORD_KEY_PREFIX_LENGTH)),
    );
  }

  readonly #isLive = ([, header]: StoreEntry): boolean => {
    const { expiresAtMs } = readRecordHeader(header);
    return !hasExpired(expiresAtMs, this.#nowMs);
  };

  async close(): Promise<void> {
    await this.#snapshot.close();
  }
}

type StoreChange = readonly [recordKey: Bytes, header: Bytes | null];

/** The keys of a snapshot that pass `accepts`: counted first, then read again. */
export class KeyListing {
  readonly #snapshot: KeySnapshot;
  readonly #accepts: (key: Bytes) => boolean;
  #count = 0;

  constructor(snapshot: KeySnapshot, accepts: (key: Bytes) => boolean) {
    this.#snapshot = snapshot;
    this.#accepts = accepts;
  }

  get count(): number {
    return this.#count;
  }

  async countKeys(): Promise<void> {
    try {
      for await (const run of this.#snapshot.keys())
        for (const key of run) if (this.#accepts(key)) this.#count++;
    } catch (error) {
      await this.#snapshot.close();
      throw error;
    }
  }

  /** Runs of the keys, once. Must be read to its end or closed with `return`: the snapshot ends with it. */
  stream(): AsyncIterableIterator<readonly Bytes[]> {
    const snapshot = this.#snapshot;
    const runs = mapRuns(snapshot.keys(), (run) => run.filter(this.#accepts));
    const end = async (): Promise<IteratorResult<readonly Bytes[]>> => {
      await runs.return!();
      await snapshot.close();
      return { done: true, value: undefined };
    };
    return {
      [Symbol.asyncIterator]() {
        return this;
      },
      async next() {
        const run = await runs.next();
        return run.done === true ? end() : run;
      },
      return: end,
    };
  }
}
