import { LOADING_KEY, deadCollectionKey, deadGenerationKey } from "../storage/layout.ts";
import { ByteReader, u32, u64, varint } from "../storage/numbers.ts";
import type { Store, WriteBatch } from "../storage/store.ts";
import type { Bytes } from "../support/bytes.ts";
import type { Keyspace } from "./keyspace.ts";

/** The contents of a database that were written beside it, under a generation that is not its own. */
export interface LoadedDatabase {
  readonly generation: number;
  readonly keyCount: number;
  readonly expiryCount: number;
}

/**
 * Data that is being written beside the live data, to take its place as a whole. Until then nothing points to it but
 * the record `!loading`: the generations (number varint, u32 each), and the ids of collections that may have elements
 * and no record yet (u64 each). A start that finds this record gives them to the collector: so nothing of a load that
 * did not come to its end stays behind.
 *
 * The data goes straight to the store; the record goes the way of all small changes, and is safe before what it tells of
 * is written.
 */
export class Loading {
  readonly #keyspace: Keyspace;
  #generations: ReadonlySet<number> = new Set();
  #ids: ReadonlySet<number> = new Set();
  /** Of the last load that came to its end; for INFO. */
  lastKeys = 0;
  lastExpiredKeys = 0;
  readonly #record = {
    batch: 0,
    persist: (batch: WriteBatch): void => {
      if (this.#generations.size === 0) batch.delete(LOADING_KEY);
      else batch.put(LOADING_KEY, encode(this.#generations, this.#ids));
    },
  };

  constructor(keyspace: Keyspace) {
    this.#keyspace = keyspace;
  }

  /** Not live yet, and not to be touched. */
  get generations(): ReadonlySet<number> {
    return this.#generations;
  }

  /** Takes a new generation for each database. Nothing may be written under them before this resolves. */
  async begin(): Promise<number[]> {
    const keyspace = this.#keyspace;
    const generations = keyspace.reserveGenerations(keyspace.databases.length);
    this.#generations = new Set(generations);
    this.#ids = new Set();
    await this.#write();
    return generations;
  }

  /** Which collections may have elements and no record. They may get elements when this resolves. */
  async note(ids: ReadonlySet<number>): Promise<void> {
    if (ids.size === 0 && this.#ids.size === 0) return;
    this.#ids = new Set(ids);
    await this.#write();
  }

  async #write(): Promise<void> {
    const { committer } = this.#keyspace;
    committer.mark(this.#record);
    await committer.settle();
  }

  /** The generations are live: with the next batch of the committer. */
  end(): void {
    this.#generations = new Set();
    this.#keyspace.committer.mark(this.#record);
  }

  /** Gives all that was written to the collector. Rejects when that could not be noted: the next start does it then. */
  async abandon(): Promise<void> {
    this.#keyspace.buryLoaded(this.#generations, this.#ids);
    this.#generations = new Set();
    await this.#write();
  }

  /** At a start: what a process that was killed has left. */
  async dropUnfinished(store: Store): Promise<void> {
    const stored = store.getSync(LOADING_KEY);
    if (stored === undefined) return;
    const batch = store.batch();
    for (const key of gravesOf(stored)) batch.put(key, "");
    batch.delete(LOADING_KEY);
    await batch.write(true);
  }
}

/** Generations 2 and 3, collection 9 ⇒ `02 00000002 00000003 0000000000000009`. */
function encode(generations: ReadonlySet<number>, ids: Iterable<number>): Bytes {
  let encoded = varint(generations.size);
  for (const generation of generations) encoded += u32(generation);
  for (const id of ids) encoded += u64(id);
  return encoded;
}

function gravesOf(stored: Bytes): Bytes[] {
  const reader = new ByteReader(stored);
  const graves: Bytes[] = [];
  for (let left = reader.varint(); left > 0; left--) graves.push(deadGenerationKey(reader.u32()));
  while (!reader.done) graves.push(deadCollectionKey(reader.u64()));
  return graves;
}
