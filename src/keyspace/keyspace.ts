import { Committer } from "../storage/committer.ts";
import type { FsyncPolicy } from "../storage/fsyncs.ts";
import { Elements } from "../storage/elements.ts";
import {
  FORMAT_KEY,
  FORMAT_VERSION,
  OLDER_VERSIONS,
  IDS_KEY,
  databaseKey,
  deadCollectionKey,
  deadGenerationKey,
} from "../storage/layout.ts";
import { ByteReader, u32, u64 } from "../storage/numbers.ts";
import { Reading } from "../storage/reading.ts";
import { type CacheLimits, RecordCache } from "../storage/record-cache.ts";
import { LoadQueue } from "./loader.ts";
import { OverlaidStore } from "../storage/overlaid-store.ts";
import type { ScanThread } from "../storage/scan/thread.ts";
import type { RedoLog } from "../storage/redo/redo-log.ts";
import type { Store, WriteBatch } from "../storage/store.ts";
import { Database } from "./database.ts";
import type { Entry } from "./entry.ts";
import { KeyEvents } from "./events.ts";
import { Expiry } from "./expiry.ts";
import { Libraries } from "./libraries.ts";
import { type LoadedDatabase, Loading } from "./loading.ts";
import { OwnExpiries } from "./own-expiries.ts";
import { Propagation } from "./propagation.ts";
import { FrozenKeys } from "./frozen-keys.ts";
import { RepeatedReads } from "./repeated-reads.ts";
import { ScanCursors } from "./scan-cursors.ts";

/** Past these a collection is no longer packed into its record. Redis' options of the same names. */
export interface PackingLimits {
  readonly hashMaxListpackEntries: number;
  readonly hashMaxListpackValue: number;
  readonly setMaxIntsetEntries: number;
  readonly setMaxListpackEntries: number;
  readonly setMaxListpackValue: number;
  readonly zsetMaxListpackEntries: number;
  readonly zsetMaxListpackValue: number;
  readonly listMaxListpackSize: number;
  /** leveldis' own: Redis keeps all streams alike. */
  readonly streamMaxPackedBytes: number;
  /** Where Redis would begin another node of a stream: `~` trims by them. */
  readonly streamNodeMaxBytes: number;
  readonly streamNodeMaxEntries: number;
  /** Of a collection in memory so many changes are kept a second time until they are in the store. */
  readonly collectionChangesKept: number;
  /** Of so many collections what they are asked again and again is answered once. */
  readonly repeatedReadsKept: number;
}

export interface KeyspaceOptions {
  readonly store: Store;
  /** Reads whole ranges of the store; absent: that is done here. */
  readonly scans?: ScanThread | null;
  readonly databases: number;
  readonly recordCache: CacheLimits;
  readonly limits: PackingLimits;
  /** Null: batches go to the store at once. */
  readonly log: RedoLog | null;
  /** So many bytes may be in the log before they are brought into the store. */
  readonly maxLogBytes: () => number;
  readonly fsync: () => FsyncPolicy;
  /** A batch could not be written. Memory has already been set back to what was written before. */
  readonly onWriteFailure: (error: Error) => void;
  /** What was written could not be brought into the store, or not onto the disk itself. Memory is as it was. */
  readonly onApplyFailure: (error: Error) => void;
}

/** The folder was written by another version of the format. */
export class FormatError extends Error {
  override readonly name = "FormatError";
}

/** One collection may fill at most this part of the record cache. */
const RESIDENT_SHARE = 1 / 2;

/** All databases over one store: what there is, what memory knows of it, what is to be written. */
export class Keyspace {
  readonly reading: Reading;
  readonly committer: Committer;
  readonly cache: RecordCache<Entry>;
  readonly loads = new LoadQueue();
  readonly expiry: Expiry;
  readonly scanCursors = new ScanCursors();
  readonly frozen = new FrozenKeys();
  readonly limits: PackingLimits;
  databases: Database[] = [];
  /** A copy of a master's data: a key goes when the master says so, though it is not seen any more before that. */
  isReplica = false;
  /** The time of the command that runs, by which keys expire. */
  nowMs = 0;
  nowS = 0;
  /** Changes made since the start, as INFO counts them. */
  changes = 0;
  /** Somebody wants to know what commands change. */
  changesWanted = false;
  /** What the running command changed, while that is wanted. */
  readonly changed = new Set<Entry>();
  /** The same of changes that Redis keeps to itself: WATCH and client tracking do not count them. */
  readonly changedUnseen = new Set<Entry>();
  /** What is written now is of that kind. */
  hidesChanges = false;
  /** Databases that it emptied or exchanged, by number. */
  readonly changedDatabases = new Set<number>();
  /** One of them was emptied. */
  hasFlushed = false;
  readonly events = new KeyEvents();
  readonly propagation = new Propagation();
  readonly ownExpiries = new OwnExpiries();
  readonly repeatedReads = new RepeatedReads({
    limit: () => this.limits.repeatedReadsKept,
    isEager: () => this.reading.faultEveryRead,
    gathering: () => this.committer.gathering,
  });
  readonly loading: Loading;
  readonly libraries: Libraries;
  readonly #options: KeyspaceOptions;
  readonly #store: OverlaidStore;
  #nextId = 1;
  #nextGeneration = 1;
  /** What the running command found expired. */
  readonly #expired = new Set<Entry>();
  #reopened: Elements | null = null;
  /** Collections and generations that go to the collector with the next batch. */
  readonly #graves = {
    batch: 0,
    keys: [] as string[],
    persist: (batch: WriteBatch): void => this.#persistGraves(batch),
  };
  readonly #ids = {
    batch: 0,
    persist: (batch: WriteBatch): void => batch.put(IDS_KEY, u64(this.#nextId) + u32(this.#nextGeneration)),
  };

  private constructor(options: KeyspaceOptions) {
    this.#options = options;
    this.limits = options.limits;
    this.#store = new OverlaidStore(options.store, options.scans);
    this.reading = new Reading(this.#store);
    this.cache = new RecordCache<Entry>(options.recordCache, (entry) => entry.db.entries.evicted(entry));
    this.committer = new Committer({
      store: options.store,
      log: options.log,
      maxLogBytes: options.maxLogBytes,
      // What a test makes fault has to come from the store.
      isEager: () => this.reading.faultEveryRead,
      fsync: options.fsync,
      onFailure: (error) => this.#writeFailed(error),
      onApplied: () => this.cache.unpinned(),
      onApplyFailure: options.onApplyFailure,
    });
    this.expiry = new Expiry(this);
    this.loading = new Loading(this);
    this.libraries = new Libraries(this);
  }

  /** Reads what the store holds; an empty store becomes a new keyspace. @throws FormatError */
  static async open(options: KeyspaceOptions): Promise<Keyspace> {
    const keyspace = new Keyspace(options);
    const format = keyspace.reading.store.getSync(FORMAT_KEY);
    if (format === undefined || OLDER_VERSIONS.includes(format)) {
      const batch = options.store.batch();
      batch.put(FORMAT_KEY, String(FORMAT_VERSION));
      await batch.write(true);
    } else if (format !== String(FORMAT_VERSION)) {
      throw new FormatError(
        `the data has format version ${format}, this leveldis reads version ${FORMAT_VERSION}: ` +
          "start the version that wrote it, or choose another --dir",
      );
    }
    await keyspace.loading.dropUnfinished(options.store);
    keyspace.#readCounters();
    await keyspace.committer.settle();
    return keyspace;
  }

  #readCounters(): void {
    const { store } = this.reading;
    const ids = store.getSync(IDS_KEY);
    if (ids !== undefined) {
      const reader = new ByteReader(ids);
      this.#nextId = reader.u64();
      this.#nextGeneration = reader.u32();
    }
    this.databases = Array.from(
      { length: this.#options.databases },
      (_, index) => new Database(this, index, store.getSync(databaseKey(index)), () => this.newGeneration()),
    );
  }

  /** A command begins (again): its time. `expires`: keys whose time is over are not there any more. */
  setTime(nowMs: number, expires = true): void {
    this.nowMs = expires ? nowMs : 0;
    this.ownExpiries.isOn = expires && this.isReplica;
    this.nowS = Math.floor(nowMs / 1000);
    // A command that faulted, or waits, may have left something; it meets it again.
    this.events.discard();
    this.propagation.discard();
    this.hidesChanges = false;
    if (this.#expired.size > 0) this.#expired.clear();
  }

  get residentShareBytes(): number {
    return this.cache.limits.limitBytes * RESIDENT_SHARE;
  }

  /** The running command has written; its reply waits for that batch. */
  wrote(batch: number): void {
    const { attempt } = this.reading;
    attempt.wrote = true;
    attempt.batch = batch;
    this.changes++;
  }

  // ─── collections ───────────────────────────────────────────────────────────────────────────────

  newElements(): Elements {
    this.committer.mark(this.#ids);
    // An attempt that starts again must get the same numbers.
    const id = this.#nextId++;
    // Unless a load has taken some behind it.
    this.reading.attempt.undo?.add(() => this.#nextId === id + 1 && this.#nextId--);
    const elements = this.openElements(id);
    elements.isStored = false;
    return elements;
  }

  openElements(id: number): Elements {
    if (this.#reopened?.id === id) return this.#reopened;
    return new Elements(id, this.reading, this.committer);
  }

  /** While `work` opens collections, that of this id has these elements: with all that is not written of them yet. */
  reopening(elements: Elements | null, work: () => void): void {
    this.#reopened = elements;
    try {
      work();
    } finally {
      this.#reopened = null;
    }
  }

  newGeneration(): number {
    this.committer.mark(this.#ids);
    const generation = this.#nextGeneration++;
    this.reading.attempt.undo?.add(() => this.#nextGeneration === generation + 1 && this.#nextGeneration--);
    return generation;
  }

  /** New generations for what no command does. They are taken when the committer has settled. */
  reserveGenerations(count: number): number[] {
    this.committer.mark(this.#ids);
    return Array.from({ length: count }, () => this.#nextGeneration++);
  }

  /** The first of `count` ids for collections. They are taken when the committer has settled. */
  reserveIds(count: number): number {
    this.committer.mark(this.#ids);
    const first = this.#nextId;
    this.#nextId += count;
    return first;
  }

  /** A collection lost its key: the collector takes its elements. */
  bury(elements: Elements): void {
    elements.discard();
    this.#bury(deadCollectionKey(elements.id));
  }

  /** For what no command does: a load that did not come to its end. */
  buryLoaded(generations: Iterable<number>, ids: Iterable<number>): void {
    const { keys } = this.#graves;
    for (const generation of generations) keys.push(deadGenerationKey(generation));
    for (const id of ids) keys.push(deadCollectionKey(id));
    this.committer.mark(this.#graves);
  }

  buryGeneration(generation: number): void {
    this.#bury(deadGenerationKey(generation));
  }

  #bury(key: string): void {
    const { keys } = this.#graves;
    this.reading.attempt.undo?.add(() => keys.splice(keys.lastIndexOf(key), 1));
    keys.push(key);
    this.committer.mark(this.#graves);
  }

  #persistGraves(batch: WriteBatch): void {
    for (const key of this.#graves.keys) batch.put(key, "");
    this.#graves.keys = [];
  }

  // ─── whole databases ───────────────────────────────────────────────────────────────────────────

  /** SWAPDB: two databases change numbers. */
  swap(first: number, second: number): void {
    const { databases } = this;
    const a = databases[first]!;
    const b = databases[second]!;
    if (a === b) return;
    this.reading.attempt.undo?.add(() => this.swap(first, second));
    databases[first] = b;
    databases[second] = a;
    a.index = second;
    b.index = first;
    if (this.changesWanted) this.changedDatabases.add(first).add(second);
    this.committer.mark(a);
    this.committer.mark(b);
    this.wrote(this.committer.gathering);
  }

  flushAll(): void {
    for (const db of this.databases) db.flush();
  }

  /** Every database gets other contents, which were loaded beside it, in one batch. */
  adopt(loaded: readonly LoadedDatabase[]): void {
    loaded.forEach((contents, index) => this.databases[index]!.adopt(contents));
    this.loading.end();
    // Keys that expired meanwhile.
    this.expiry.lookAgain();
  }

  // ─── expiry ────────────────────────────────────────────────────────────────────────────────────

  /** The command met a key whose time is over; it is removed as soon as the command is done, unless it was overwritten. */
  hasExpired(entry: Entry): void {
    if (this.#expired.has(entry)) return;
    this.#expired.add(entry);
    this.events.tell("expired", "expired", entry.key, entry.db.index);
    this.propagation.expired(entry.key, entry.db.index);
  }

  /** Removes what the last command found expired, unless nothing may be written: then it stays, unseen. */
  removeExpired(canWrite: boolean): void {
    if (this.#expired.size === 0) return;
    if (canWrite) {
      for (const entry of this.#expired) this.expiry.removeIfDue(entry);
      // Those that the command has overwritten, too.
      this.expiry.expiredKeys += this.#expired.size;
    } else {
      this.events.keepExpired();
      this.propagation.keepExpired();
    }
    this.#expired.clear();
  }

  // ─── failure ───────────────────────────────────────────────────────────────────────────────────

  /** Sets memory back to what store and log hold: everything newer was in the batch that failed. */
  #writeFailed(error: Error): void {
    this.#store.overlay = this.#options.log?.unapplied() ?? null;
    for (const db of this.databases) db.forget();
    this.cache.clear();
    this.#graves.keys = [];
    this.#expired.clear();
    this.expiry.reset();
    this.#readCounters();
    this.libraries.backToStored();
    this.#options.onWriteFailure(error);
  }

  /** Forgets all that memory knows of the data: it is read from the store again. Faults until all is written there. */
  readAgain(): void {
    const { committer, reading } = this;
    if (committer.newest > committer.applied) reading.attempt.fault(() => committer.checkpoint());
    for (const db of this.databases) db.forget();
    this.cache.clear();
  }

  /** Another store with the same data: the old one was closed and opened again. */
  useStore(store: Store): void {
    this.#store.base = store;
    this.committer.useStore(store);
  }

  /** After a failure, on a store that was opened again. Rejects when there is no hope yet. */
  async applyAgain(): Promise<void> {
    await this.committer.applyAgain();
    this.#store.overlay = null;
  }
}
