import type { Bytes } from "../../support/bytes.ts";
import {
  type KeyRange,
  RECORD_KEY_PREFIX_LENGTH,
  collectionRange,
  deadCollectionKey,
  expiryKey,
  readDeadKey,
  recordRange,
} from "../layout.ts";
import { collectionOf, readRecordHeader } from "../record-header.ts";
import type { Store, StoreBatch, StoreEntry } from "../store.ts";

/** Keys at which a compaction of what was deleted can be cut into pieces: one for so many entries. */
const ENTRIES_PER_BOUNDARY = 100_000;

/** Records can be large: no more of them at once than this. */
const MAX_STEP_BYTES = 1 << 20;

/** A record takes up to so many changes: itself, its place in the expiry index, a grave for its collection. */
const CHANGES_PER_RECORD = 3;

/**
 * One `g` entry on its way out. The entries of its range are deleted in key order, step by step; the `g` entry
 * itself goes in the same batch as the last of them, so after a crash the walk starts over where it was.
 */
export class Grave {
  /** All that is deleted. */
  readonly range: KeyRange;
  readonly boundaries: Bytes[] = [];
  /** The whole range has been put into a batch. */
  isDone = false;
  readonly #key: Bytes;
  readonly #generation: number | null;
  /** Where to go on: a range that is read again from its start walks over everything that was deleted from it. */
  #from: Bytes;
  #count = 0;

  constructor(key: Bytes) {
    this.#key = key;
    const dead = readDeadKey(key);
    this.#generation = "generation" in dead ? dead.generation : null;
    this.range = "generation" in dead ? recordRange(dead.generation) : collectionRange(dead.collection);
    this.#from = this.range.gte;
  }

  /** Puts about as many deletions into the batch as it is told, at least one. */
  async dig(store: Store, batch: StoreBatch, limit: number): Promise<void> {
    const isGeneration = this.#generation !== null;
    const entryLimit = isGeneration ? Math.ceil(limit / CHANGES_PER_RECORD) : limit;
    const { entries, isEnd } = await read(
      store,
      { ...this.range, gte: this.#from },
      entryLimit,
      !isGeneration,
    );
    for (const [key, record] of entries) {
      batch.delete(key);
      if (this.#generation !== null) unlink(batch, this.#generation, key, record);
      if (++this.#count % ENTRIES_PER_BOUNDARY === 0) this.boundaries.push(key);
    }
    const last = entries[entries.length - 1];
    if (last !== undefined) this.#from = last[0] + "\0";
    if (isEnd) {
      batch.delete(this.#key);
      this.isDone = true;
    }
  }
}

/**
 * What a record of a dropped generation points to. A collection gets a grave of its own in the same batch: so
 * nothing is lost when the walk ends between the two, however large it is.
 */
function unlink(batch: StoreBatch, generation: number, key: Bytes, record: Bytes): void {
  // A damaged record that nobody can read any more goes like the others.
  if (record.length < 2) return;
  const header = readRecordHeader(record);
  if (header.expiresAtMs > 0) {
    batch.delete(expiryKey(header.expiresAtMs, generation, key.slice(RECORD_KEY_PREFIX_LENGTH)));
  }
  const collection = collectionOf(record, header);
  if (collection !== null) batch.put(deadCollectionKey(collection), "");
}

async function read(
  store: Store,
  range: KeyRange,
  limit: number,
  keysOnly: boolean,
): Promise<{ entries: StoreEntry[]; isEnd: boolean }> {
  const iterator = store.iterate({ ...range, keysOnly });
  const entries: StoreEntry[] = [];
  let bytes = 0;
  try {
    while (entries.length < limit && bytes < MAX_STEP_BYTES) {
      const more = await iterator.next(limit - entries.length);
      if (more.length === 0) return { entries, isEnd: true };
      for (const entry of more) {
        entries.push(entry);
        bytes += entry[1].length;
      }
    }
    return { entries, isEnd: false };
  } finally {
    await iterator.close();
  }
}
