import type { Keyspace, PackingLimits } from "../../keyspace/keyspace.ts";
import type { LoadedDatabase } from "../../keyspace/loading.ts";
import { hasExpired, recordHead } from "../../keyspace/record.ts";
import { TYPE_NUMBERS } from "../../keyspace/value.ts";
import { expiryKey, recordKey } from "../../storage/layout.ts";
import type { Store } from "../../storage/store.ts";
import type { Bytes } from "../../support/bytes.ts";
import { quoted } from "../../support/split-args.ts";
import type { FileSink } from "../decode/file.ts";
import type { ByteSource } from "../decode/source.ts";
import type { ValueSink } from "../decode/value-sink.ts";
import { RdbError } from "../rdb-error.ts";
import type { BuildTarget, BuiltValue, ElementCount } from "./build/collection.ts";
import { LoadBatch } from "./load-batch.ts";
import { SeenKeys } from "./seen-keys.ts";
import { ValueBuilder } from "./value-builder.ts";

export interface LoaderOptions {
  readonly keyspace: Keyspace;
  /** For errors to tell where they are. */
  readonly source: ByteSource;
  /** Keys of other databases are left out; null: none are. */
  readonly onlyDatabase: number | null;
  /** What expired before this is left out; null: nothing is, as on a replica. */
  readonly nowMs: number | null;
  /** Told of what is left out. */
  readonly onNotice: (notice: string) => void;
  /** Told of what the file says of its writer, as soon as it does. */
  readonly onAux?: (name: Bytes, value: Bytes) => void;
}

/** What a file held. */
export interface LoadResult {
  /** One for each database of this server. */
  readonly databases: readonly LoadedDatabase[];
  readonly keys: number;
  readonly expiredKeys: number;
  readonly emptyKeys: number;
  /** Keys, and other data, of modules. */
  readonly skipped: number;
  /** Source code of libraries of functions. */
  readonly libraries: readonly Bytes[];
  readonly aux: ReadonlyMap<Bytes, Bytes>;
}

interface DatabaseInProgress {
  readonly generation: number;
  keyCount: number;
  expiryCount: number;
}

/** Ids are taken in blocks, each of which is noted before the first is used. */
const ID_BLOCK = 1 << 14;

/** Notices of one kind; the rest are counted. */
const MAX_NOTICES = 10;

/**
 * Writes what a decoder gives into the store, under new generations beside the live data: straight, in large sorted
 * batches, and with little in memory. The live data goes on as it was until `Keyspace.adopt` exchanges the two.
 *
 * `isFull` asks the decoder to pause until `flush` was awaited.
 */
export class Loader implements FileSink, BuildTarget {
  readonly limits: PackingLimits;
  readonly #options: LoaderOptions;
  readonly #databases: DatabaseInProgress[] = [];
  #database!: DatabaseInProgress;
  #databaseIndex = 0;
  readonly #values = new ValueBuilder(this);
  readonly #seen = new SeenKeys();
  #batch = new LoadBatch();
  /** What is being written. */
  #inFlight: LoadBatch | null = null;
  #writing: Promise<void> = Promise.resolve();
  readonly #openIds = new Set<number>();
  #nextId = 0;
  #idsLeft = 0;
  #counts: ElementCount[] = [];
  #keys = 0;
  #expiredKeys = 0;
  #emptyKeys = 0;
  #skipped = 0;
  readonly #libraries: Bytes[] = [];
  readonly #aux = new Map<Bytes, Bytes>();

  /** Where a file begins; only one load at a time. */
  static async begin(options: LoaderOptions): Promise<Loader> {
    const loader = new Loader(options);
    try {
      const generations = await options.keyspace.loading.begin();
      for (const generation of generations) {
        loader.#databases.push({ generation, keyCount: 0, expiryCount: 0 });
      }
      loader.#database = loader.#databases[0]!;
      await loader.#reserveIds();
    } catch (error) {
      await loader.abandon();
      throw error;
    }
    return loader;
  }

  private constructor(options: LoaderOptions) {
    this.#options = options;
    this.limits = options.keyspace.limits;
  }

  get isFull(): boolean {
    return this.#batch.isFull || this.#idsLeft === 0;
  }

  get #isWanted(): boolean {
    const { onlyDatabase } = this.#options;
    return onlyDatabase === null || onlyDatabase === this.#databaseIndex;
  }

  /** The beginning of an append-only file. */
  get isPreamble(): boolean {
    return this.#aux.get("aof-preamble") === "1" || this.#aux.get("aof-base") === "1";
  }

  get keys(): number {
    return this.#keys;
  }

  // ─── FileSink ──────────────────────────────────────────────────────────────────────────────────

  aux(name: Bytes, value: Bytes): void {
    this.#aux.set(name, value);
    this.#options.onAux?.(name, value);
  }

  selectDatabase(index: number): void {
    this.#databaseIndex = index;
    if (!this.#isWanted) return;
    const database = this.#databases[index];
    if (database === undefined)
      this.fail(`keys of database ${index}: this server has ${this.#databases.length} (--databases)`);
    this.#database = database;
  }

  library(code: Bytes): void {
    this.#libraries.push(code);
  }

  skipped(module: string, key: Bytes | null): void {
    this.#skipped++;
    if (this.#skipped > MAX_NOTICES) return;
    const what = `skipping data of the module type ${module}`;
    this.#options.onNotice(key === null ? what : `${what}, key: ${shown(key)}`);
  }

  stringKey(key: Bytes, value: Bytes, expiresAtMs: number): void {
    if (!this.#isWanted) return;
    if (this.#hasExpired(expiresAtMs)) this.#expiredKeys++;
    else this.#put(key, PLAIN_STRING, value, expiresAtMs, TYPE_NUMBERS.string, 0);
  }

  key(key: Bytes, expiresAtMs: number): ValueSink {
    if (!this.#isWanted) return NOTHING;
    if (this.#hasExpired(expiresAtMs)) {
      this.#expiredKeys++;
      return NOTHING;
    }
    return this.#values.next(this.#options.source.offset, (value) => this.#built(key, value, expiresAtMs));
  }

  #hasExpired(expiresAtMs: number): boolean {
    const { nowMs } = this.#options;
    return nowMs !== null && hasExpired(expiresAtMs, nowMs);
  }

  #built(key: Bytes, value: BuiltValue | null, expiresAtMs: number): void {
    if (value === null) {
      if (this.#emptyKeys++ < MAX_NOTICES) this.#options.onNotice(`skipping empty key: ${shown(key)}`);
      return;
    }
    const { type, flags, payload } = value;
    this.#put(key, "", payload, expiresAtMs, TYPE_NUMBERS[type], flags);
  }

  #put(
    key: Bytes,
    plainHead: Bytes,
    payload: Bytes,
    expiresAtMs: number,
    typeNumber: number,
    flags: number,
  ): void {
    const database = this.#database;
    const { generation } = database;
    if (this.#seen.add(generation, key) && this.#isThere(generation, key))
      this.fail(`the key ${shown(key)} is there twice in database ${this.#databaseIndex}`);
    const head =
      plainHead !== "" && expiresAtMs === 0 ? plainHead : recordHead(typeNumber, flags, expiresAtMs);
    this.#batch.putRecord(generation, key, head + payload);
    database.keyCount++;
    this.#keys++;
    if (expiresAtMs === 0) return;
    database.expiryCount++;
    this.#batch.putExpiry(expiryKey(expiresAtMs, generation, key));
  }

  #isThere(generation: number, key: Bytes): boolean {
    return (
      this.#batch.has(generation, key) ||
      (this.#inFlight?.has(generation, key) ?? false) ||
      this.#options.keyspace.reading.store.getSync(recordKey(generation, key)) !== undefined
    );
  }

  // ─── BuildTarget ───────────────────────────────────────────────────────────────────────────────

  takeId(): number {
    this.#idsLeft--;
    const id = this.#nextId++;
    this.#openIds.add(id);
    this.#batch.openIds.add(id);
    return id;
  }

  putElement(key: Bytes, value: Bytes): void {
    this.#batch.putElement(key, value);
  }

  closeId(id: number): void {
    this.#openIds.delete(id);
  }

  countLater(count: ElementCount): void {
    this.#counts.push(count);
  }

  fail(reason: string): never {
    return this.#options.source.fail(reason);
  }

  // ─── writing ───────────────────────────────────────────────────────────────────────────────────

  /** Begins to write what has gathered, when that of before is written. Rejects when it could not be. */
  async flush(): Promise<void> {
    await this.#writing;
    await this.#countElements();
    if (this.#idsLeft === 0) await this.#reserveIds();
    const { keyspace } = this.#options;
    const batch = this.#batch;
    if (batch.isEmpty) return;
    this.#batch = new LoadBatch();
    for (const id of this.#openIds) this.#batch.openIds.add(id);
    this.#inFlight = batch;
    this.#writing = batch.write(() => keyspace.reading.store, keyspace.loading);
    // The next flush meets the error.
    this.#writing.catch(() => undefined);
  }

  async #reserveIds(): Promise<void> {
    const { keyspace } = this.#options;
    this.#nextId = keyspace.reserveIds(ID_BLOCK);
    this.#idsLeft = ID_BLOCK;
    await keyspace.committer.settle();
  }

  /** Of large collections: elements that came twice were written over each other. */
  async #countElements(): Promise<void> {
    const counts = this.#counts;
    if (counts.length === 0) return;
    this.#counts = [];
    await this.flush();
    await this.#writing;
    const { store } = this.#options.keyspace.reading;
    for (const { gte, lt, expected, offset, reason } of counts) {
      const iterator = store.iterate({ gte, lt, keysOnly: true });
      let found = 0;
      try {
        for (let more = 1; more > 0; found += more) more = (await iterator.next(COUNT_STEP)).length;
      } finally {
        await iterator.close();
      }
      if (found !== expected) throw new RdbError(offset, reason);
    }
  }

  /** Writes the rest. What was loaded is to be made live by `Keyspace.adopt`. */
  async finish(): Promise<LoadResult> {
    await this.flush();
    await this.#writing;
    await this.#countElements();
    // What makes it live is safe before LevelDB's own log is.
    await this.#options.keyspace.reading.store.startNewLog();
    const { loading, reading } = this.#options.keyspace;
    // What points to all this may be on the disk itself before it, which it must not.
    await syncStore(reading.store);
    loading.lastKeys = this.#keys;
    loading.lastExpiredKeys = this.#expiredKeys;
    return {
      databases: this.#databases,
      keys: this.#keys,
      expiredKeys: this.#expiredKeys,
      emptyKeys: this.#emptyKeys,
      skipped: this.#skipped,
      libraries: this.#libraries,
      aux: this.#aux,
    };
  }

  /** Leaves nothing of it behind. Where nothing can be written any more the next start sees to that. */
  async abandon(): Promise<void> {
    await this.#writing.catch(() => undefined);
    await this.#options.keyspace.loading.abandon().catch(() => undefined);
  }
}

const PLAIN_STRING = recordHead(TYPE_NUMBERS.string, 0, 0);

const COUNT_STEP = 5000;

/** Resolves when everything that was written there before is on the disk itself. */
async function syncStore(store: Store): Promise<void> {
  const batch = store.batch();
  batch.delete("!sync");
  await batch.write(true);
}

/** A key in a message: on one line, and not too long. */
function shown(key: Bytes): string {
  const text = key.length > MAX_SHOWN ? `${key.slice(0, MAX_SHOWN)}…` : key;
  return /^[\x20-\x7e…]*$/.test(text) ? text : quoted(text);
}

const MAX_SHOWN = 100;

/** For the values of keys that have expired. */
const NOTHING: ValueSink = {
  isFull: false,
  string() {},
  beginString() {},
  stringPart() {},
  begin() {},
  listElement() {},
  setMember() {},
  zsetMember() {},
  hashField() {},
  streamNode() {},
  streamHeader() {},
  streamGroup() {},
  streamPending() {},
  streamConsumer() {},
  streamOwned() {},
  end() {},
};
