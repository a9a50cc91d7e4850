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
 */
export class Loading {
  readonly #keyspace: Keyspace;
  #generations: ReadonlySet<number> = new Set();
  /** Of the last load that came to its end; for INFO. */
  lastKeys = 0;
  lastExpiredKeys = 0;
  /** Whether `!loading` is there. */
  readonly #end = {
    batch: 0,
    persist: (batch: WriteBatch): void => batch.delete(LOADING_KEY),
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
    const generations = keyspace.databases.map(() => keyspace.newGeneration());
    this.#generations = new Set(generations);
    await keyspace.committer.emptyLog();
    const batch = this.#store.batch();
    this.note(batch, []);
    await batch.write(true);
    return generations;
  }

  get #store(): Store {
    return this.#keyspace.reading.store;
  }

  /** Into the batch, or one before it, that writes the first elements of these collections. */
  note(batch: WriteBatch, ids: Iterable<number>): void {
    batch.put(LOADING_KEY, encode(this.#generations, ids));
  }

  /** The generations are live: with the next batch of the committer. */
  end(): void {
    this.#generations = new Set();
    this.#keyspace.committer.mark(this.#end);
  }

  /** Gives all that was written to the collector. */
  async abandon(): Promise<void> {
    await this.dropUnfinished();
    this.#generations = new Set();
  }

  /** What a process that was killed has left. */
  async dropUnfinished(): Promise<void> {
    const stored = this.#store.getSync(LOADING_KEY);
    if (stored === undefined) return;
    const batch = this.#store.batch();
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
