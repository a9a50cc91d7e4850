import type { Bytes } from "../../support/bytes.ts";
import { DEAD_RANGE } from "../layout.ts";
import type { Store } from "../store.ts";
import { Compaction } from "./compaction.ts";
import { Grave } from "./grave.ts";

/** Deletions in one batch: about half a millisecond of LevelDB's writer, which the server's own batches wait for. */
const STEP = 256;

/** `g` entries read at once. */
const GRAVES_PER_READ = 256;

/** `g` entries are counted no further than this. */
export const MAX_COUNTED = 10_000;

/** So many deleted `g` entries make each look for new ones slow. */
const COMPACT_AFTER_GRAVES = 10_000;

/** What the collector has done since its start. */
export interface Progress {
  /** Collections and generations that wait, as of the last round, counted up to `MAX_COUNTED`. */
  readonly waiting: number;
  /** `g` entries that are through. */
  readonly collected: number;
  /** Entries of the store that were deleted. */
  readonly deleted: number;
  /** Rounds that had something to do. */
  readonly rounds: number;
  readonly compactions: number;
}

export const NO_PROGRESS: Progress = { waiting: 0, collected: 0, deleted: 0, rounds: 0, compactions: 0 };

/** What was done first, then what was done after it; what waits is what waits now. */
export function sumOf(first: Progress, then: Progress): Progress {
  return {
    waiting: then.waiting,
    collected: first.collected + then.collected,
    deleted: first.deleted + then.deleted,
    rounds: first.rounds + then.rounds,
    compactions: first.compactions + then.compactions,
  };
}

/**
 * The walk over the `g` entries. It reads and writes the store only; what it deletes nothing points to any more,
 * so it needs to agree with nobody.
 */
export class Sweep {
  #store: Store;
  /** Read and not yet through. */
  #queue: Grave[] = [];
  /** Where to read the next `g` entries. */
  #from: Bytes = DEAD_RANGE.gte;
  #gravesSinceCompaction = 0;
  readonly #compaction = new Compaction();
  #isStopped = false;
  #waiting = 0;
  #collected = 0;
  #deleted = 0;
  #rounds = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  get progress(): Progress {
    return {
      waiting: this.#waiting,
      collected: this.#collected,
      deleted: this.#deleted,
      rounds: this.#rounds,
      compactions: this.#compaction.count,
    };
  }

  /** A round that runs ends after its present step. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Rounds work again, on this store: nothing is known of what was read from another. */
  restart(store: Store): void {
    this.#store = store;
    this.#forget();
    this.#isStopped = false;
  }

  /** Deletes about `limit` entries. `rest` is called between two batches, with the ms that the last one took. */
  async round(limit: number, rest: (tookMs: number) => Promise<void>): Promise<void> {
    try {
      const before = this.#deleted;
      while (!this.#isStopped) {
        const left = limit - (this.#deleted - before);
        if (left <= 0 || !(await this.#hasGraves())) break;
        const startedMs = performance.now();
        await this.#step(Math.min(left, STEP));
        await rest(performance.now() - startedMs);
      }
      if (this.#deleted > before) this.#rounds++;
      await this.#endRound();
    } catch (error) {
      this.#forget();
      throw error;
    }
  }

  #forget(): void {
    this.#queue = [];
    this.#from = DEAD_RANGE.gte;
  }

  /** One batch, of as many graves as fit in. */
  async #step(limit: number): Promise<void> {
    const batch = this.#store.batch();
    const through: Grave[] = [];
    // Only from those that were read: in the store, what this batch takes away is still to be found.
    while (batch.length < limit && this.#queue.length > 0) {
      const grave = this.#queue[0]!;
      await grave.dig(this.#store, batch, limit - batch.length);
      if (grave.isDone) through.push(this.#queue.shift()!);
    }
    await batch.write(false);
    this.#deleted += batch.length;
    this.#collected += through.length;
    this.#gravesSinceCompaction += through.length;
    for (const { range, boundaries } of through) {
      await this.#compaction.deleted(this.#store, range, boundaries, this.#mayGoOn);
    }
  }

  readonly #mayGoOn = (): boolean => !this.#isStopped;

  async #hasGraves(): Promise<boolean> {
    if (this.#queue.length > 0) return true;
    if (await this.#readGraves()) return true;
    // New ones may have come in front.
    if (this.#from === DEAD_RANGE.gte) return false;
    this.#from = DEAD_RANGE.gte;
    return this.#readGraves();
  }

  async #readGraves(): Promise<boolean> {
    const keys = await this.#deadKeys(this.#from, GRAVES_PER_READ);
    const last = keys[keys.length - 1];
    if (last === undefined) return false;
    this.#from = last + "\0";
    for (const key of keys) this.#queue.push(new Grave(key));
    return true;
  }

  async #deadKeys(from: Bytes, limit: number): Promise<Bytes[]> {
    const iterator = this.#store.iterate({ ...DEAD_RANGE, gte: from, keysOnly: true });
    const keys: Bytes[] = [];
    try {
      while (keys.length < limit) {
        const more = await iterator.next(limit - keys.length);
        if (more.length === 0) break;
        for (const [key] of more) keys.push(key);
      }
      return keys;
    } finally {
      await iterator.close();
    }
  }

  async #endRound(): Promise<void> {
    if (this.#isStopped) return;
    if (this.#queue.length > 0) {
      this.#waiting = (await this.#deadKeys(DEAD_RANGE.gte, MAX_COUNTED)).length;
      return;
    }
    this.#waiting = 0;
    await this.#compaction.settle(this.#store, this.#mayGoOn);
    if (this.#gravesSinceCompaction >= COMPACT_AFTER_GRAVES) {
      this.#gravesSinceCompaction = 0;
      await this.#store.compact(DEAD_RANGE);
    }
  }
}
