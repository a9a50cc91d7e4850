import { readLibraries } from "../keyspace/libraries.ts";
import type { Element } from "../storage/elements.ts";
import {
  COLLECTION_PREFIX_LENGTH,
  DATABASES_RANGE,
  type KeyRange,
  LIBRARIES_KEY,
  collectionPrefix,
  collectionRange,
  readDatabaseKey,
  recordRange,
} from "../storage/layout.ts";
import { ByteReader } from "../storage/numbers.ts";
import type { StoreEntry, StoreIterator, StoreSnapshot } from "../storage/store.ts";
import type { Bytes } from "../support/bytes.ts";
import { MORE, type Reads } from "./encode/reads.ts";

/** Entries of one read: it ends at 256 KiB before that. */
const RUN = 4000;

export interface StoredDatabase {
  readonly index: number;
  readonly generation: number;
  readonly keyCount: number;
  readonly expiryCount: number;
}

/** All data of one moment, in runs: for whoever walks over everything, in little memory. */
export class SnapshotReader {
  readonly #snapshot: StoreSnapshot;

  constructor(snapshot: StoreSnapshot) {
    this.#snapshot = snapshot;
  }

  /** The code of each library of functions. */
  async libraries(): Promise<Bytes[]> {
    const [entry] = await this.#all({ gte: LIBRARIES_KEY, lt: `${LIBRARIES_KEY}\0` });
    return entry === undefined ? [] : readLibraries(entry[1]);
  }

  /** Those that hold something, by their numbers. */
  async databases(): Promise<StoredDatabase[]> {
    const databases = (await this.#all(DATABASES_RANGE)).map(readDatabase);
    return databases.filter(({ keyCount }) => keyCount > 0);
  }

  async #all(range: KeyRange): Promise<StoreEntry[]> {
    const all: StoreEntry[] = [];
    for await (const entries of this.#runs(range)) all.push(...entries);
    return all;
  }

  /** Keys of records and records, in the order of the keys. */
  records({ generation }: StoredDatabase): AsyncGenerator<readonly StoreEntry[]> {
    return this.#runs(recordRange(generation));
  }

  async *#runs(range: KeyRange): AsyncGenerator<readonly StoreEntry[]> {
    const iterator = this.#snapshot.iterate(range);
    try {
      for (;;) {
        const entries = await iterator.next(RUN);
        if (entries.length === 0) return;
        yield entries;
      }
    } finally {
      await iterator.close();
    }
  }

  /** Gives `reads` the elements that it asks for, of the collection with that id; `afterRun` comes in between. */
  async feed(reads: Reads, id: number, afterRun?: () => Promise<void>): Promise<void> {
    const prefix = collectionPrefix(id);
    const behind = collectionRange(id).lt;
    let iterator: StoreIterator | null = null;
    try {
      for (let step = reads.next(); step.done !== true;) {
        const wanted = step.value;
        if (wanted !== MORE) {
          await iterator?.close();
          const { gte, lt, reverse = false } = wanted;
          iterator = this.#snapshot.iterate({
            gte: prefix + gte,
            lt: lt === undefined ? behind : prefix + lt,
            reverse,
          });
        }
        const entries = await iterator!.next(RUN);
        step = reads.next(entries.map(elementOf));
        await afterRun?.();
      }
    } finally {
      await iterator?.close();
    }
  }
}

const elementOf = ([key, value]: StoreEntry): Element => [key.slice(COLLECTION_PREFIX_LENGTH), value];

function readDatabase([key, value]: StoreEntry): StoredDatabase {
  const reader = new ByteReader(value);
  return {
    index: readDatabaseKey(key),
    generation: reader.u32(),
    keyCount: reader.u64(),
    expiryCount: reader.u64(),
  };
}
