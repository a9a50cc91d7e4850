import { ClassicLevel } from "classic-level";
import { MemoryLevel } from "memory-level";
import type { Bytes } from "../support/bytes.ts";
import { FORMAT_KEY, type KeyRange } from "./layout.ts";
import type { Scan } from "./scan/run.ts";
import { scanHere } from "./scan/scan-here.ts";

/**
 * The narrow contract with the ordered key-value store below: LevelDB on disk, or a tree in memory. Keys and
 * values are byte strings here and become buffers only in this file.
 */
export interface Store {
  /** Blocks this thread; for keys that LevelDB is likely to have in memory. */
  getSync(key: Bytes): Bytes | undefined;
  getMany(keys: readonly Bytes[]): Promise<(Bytes | undefined)[]>;
  batch(): StoreBatch;
  /** Reads from a snapshot of the moment of this call. Must be closed. */
  iterate(range: IterationRange): StoreIterator;
  /** All of a range, as it is at some moment between this call and the first run. */
  scan(range: KeyRange): Scan;
  /** The store as it is at this moment, for as many iterators as needed. Must be closed. */
  snapshot(): StoreSnapshot;
  /** Gives the disk space of deleted entries back. */
  compact(range: KeyRange): Promise<void>;
  /** What the range takes on disk, deleted entries that were not compacted away included; 0 where nothing is on disk. */
  approximateBytes(range: KeyRange): Promise<number>;
  /** Moves what only LevelDB's log holds into a table, and begins another log. */
  startNewLog(): Promise<void>;
  /** LevelDB's own figures (`leveldb.stats` …), undefined where there are none. */
  property(name: string): string | undefined;
  close(): Promise<void>;
}

export interface IterationRange extends KeyRange {
  readonly reverse?: boolean;
  readonly keysOnly?: boolean;
}

export interface StoreSnapshot {
  iterate(range: IterationRange): StoreIterator;
  close(): Promise<void>;
}

/** Changes that are made together. */
export interface WriteBatch {
  /** `isNew`: there is nothing of the key before, surely. Who deletes it soon need not have written it. */
  put(key: Bytes, value: Bytes, isNew?: boolean): void;
  /** `put` of a key and a value that are in two parts each: joins them where they are copied anyway. */
  putJoined(keyHead: Bytes, keyTail: Bytes, valueHead: Bytes, valueTail: Bytes, isNew?: boolean): void;
  delete(key: Bytes): void;
}

export interface StoreBatch extends WriteBatch {
  readonly length: number;
  putBuffers(key: Buffer, value: Buffer): void;
  deleteBuffer(key: Buffer): void;
  /** All or nothing; with `sync` on return it is on the disk itself. */
  write(sync: boolean): Promise<void>;
}

export interface StoreIterator {
  /** The next entries, at most `limit`; empty at the end. */
  next(limit: number): Promise<StoreEntry[]>;
  close(): Promise<void>;
}

/** An iterator of LevelDB itself. */
export interface LevelStoreIterator extends StoreIterator {
  /** `next` without strings. */
  nextBuffers(limit: number): Promise<readonly (readonly [key: Buffer, value: Buffer])[]>;
}

/** A store of LevelDB itself. */
export interface LevelStore extends Store {
  iterate(range: IterationRange): LevelStoreIterator;
}

export type StoreEntry = readonly [key: Bytes, value: Bytes];

export interface StoreOptions {
  readonly cacheSizeBytes: number;
  /** Passed on to LevelDB as they are (`--backend-option`). */
  readonly backendOptions: Readonly<Record<string, unknown>>;
  readonly createIfMissing?: boolean;
}

/** What the two have in common, as LevelDB's types spell it. */
type Level = ClassicLevel<Buffer, Buffer>;

type Snapshot = ReturnType<Level["snapshot"]>;

const bufferOf = (bytes: Bytes): Buffer => Buffer.from(bytes, "latin1");

const ENCODINGS = { keyEncoding: "buffer", valueEncoding: "buffer" } as const;

/** How much one call of an iterator may bring along: LevelDB's 16 KiB make a scan wait for threads. */
const ITERATOR_PAGE_BYTES = 256 << 10;

/**
 * LevelDB's own 4 and 2 MB are for small machines. Fewer and larger memtables are merged less often: a load of new keys
 * writes a fifth less to the disk. Larger tables are fewer: 1000 can be open at once, and to open one takes longer than
 * to read from it.
 */
const LEVELDB_SIZES = { writeBufferSize: 16 << 20, maxFileSize: 8 << 20 };

/** Opens (and makes, where missing) the LevelDB in `folder`. Rejects with LevelDB's error. */
export async function openLevelStore(folder: string, options: StoreOptions): Promise<LevelStore> {
  const level = new ClassicLevel<Buffer, Buffer>(folder, {
    ...ENCODINGS,
    cacheSize: options.cacheSizeBytes,
    ...LEVELDB_SIZES,
    ...options.backendOptions,
    multithreading: true,
    createIfMissing: options.createIfMissing ?? true,
  });
  await level.open();
  return new OpenStore(level);
}

/**
 * For a thread that shares the LevelDB which the main thread has open in `folder` (store-thread.ts): options for opening it would
 * have no effect.
 */
export async function openShared(folder: string): Promise<LevelStore> {
  return openLevelStore(folder, { cacheSizeBytes: 0, backendOptions: {}, createIfMissing: false });
}

/** Nothing on disk; for tests and caches. */
export async function openMemoryStore(): Promise<Store> {
  const level = new MemoryLevel<Buffer, Buffer>({ ...ENCODINGS, storeEncoding: "buffer" });
  await level.open();
  return new OpenStore(level as unknown as Level);
}

class OpenStore implements LevelStore {
  readonly #level: Level;
  readonly #keys: Scratch;
  readonly #values: Scratch;

  constructor(level: Level) {
    this.#level = level;
    this.#keys = new Scratch(level);
    this.#values = new Scratch(level);
  }

  getSync(key: Bytes): Bytes | undefined {
    return this.#level.getSync(bufferOf(key))?.latin1Slice();
  }

  async getMany(keys: readonly Bytes[]): Promise<(Bytes | undefined)[]> {
    const values = await this.#level.getMany(keys.map(bufferOf));
    return values.map((value) => value?.latin1Slice());
  }

  batch(): StoreBatch {
    return new LevelBatch(this.#level, this.#keys, this.#values);
  }

  iterate(range: IterationRange): LevelStoreIterator {
    return new LevelIterator(this.#level, range);
  }

  scan(range: KeyRange): Scan {
    return scanHere(() => this.iterate(range));
  }

  snapshot(): StoreSnapshot {
    return new LevelSnapshot(this.#level);
  }

  async compact(range: KeyRange): Promise<void> {
    if (this.#level instanceof ClassicLevel) {
      await this.#level.compactRange(bufferOf(range.gte), bufferOf(range.lt));
    }
  }

  async approximateBytes(range: KeyRange): Promise<number> {
    return this.#level instanceof ClassicLevel
      ? await this.#level.approximateSize(bufferOf(range.gte), bufferOf(range.lt))
      : 0;
  }

  async startNewLog(): Promise<void> {
    // A manual compaction, of however small a range, writes the memtable out first.
    await this.compact({ gte: FORMAT_KEY, lt: FORMAT_KEY });
  }

  property(name: string): string | undefined {
    return this.#level instanceof ClassicLevel ? this.#level.getProperty(name) : undefined;
  }

  async close(): Promise<void> {
    await this.#level.close();
  }
}

class LevelSnapshot implements StoreSnapshot {
  readonly #level: Level;
  readonly #snapshot: Snapshot;

  constructor(level: Level) {
    this.#level = level;
    this.#snapshot = level.snapshot();
  }

  iterate(range: IterationRange): StoreIterator {
    return new LevelIterator(this.#level, range, this.#snapshot);
  }

  async close(): Promise<void> {
    await this.#snapshot.close();
  }
}

/**
 * Buffers by their length, for bytes that LevelDB copies within the call: to make a buffer takes longer than to fill
 * a short one. The store in memory keeps what it is given: its buffers are all new.
 */
class Scratch {
  readonly #ofLength: Buffer[] = [];
  readonly #maxBytes: number;

  constructor(level: Level) {
    this.#maxBytes = level instanceof ClassicLevel ? MAX_SCRATCH_BYTES : -1;
  }

  /** `head` and `tail` in a buffer that holds them until the next call. */
  hold(head: Bytes, tail: Bytes): Buffer {
    const buffer = this.#take(head.length + tail.length);
    // Heads are a few bytes: less than a call.
    for (let i = 0; i < head.length; i++) buffer[i] = head.charCodeAt(i);
    buffer.latin1Write(tail, head.length);
    return buffer;
  }

  #take(length: number): Buffer {
    if (length > this.#maxBytes) return Buffer.allocUnsafe(length);
    return (this.#ofLength[length] ??= Buffer.allocUnsafeSlow(length));
  }
}

const MAX_SCRATCH_BYTES = 1024;

class LevelBatch implements StoreBatch {
  readonly #batch;
  readonly #keys: Scratch;
  readonly #values: Scratch;

  constructor(level: Level, keys: Scratch, values: Scratch) {
    this.#batch = level.batch();
    this.#keys = keys;
    this.#values = values;
  }

  get length(): number {
    return this.#batch.length;
  }

  // LevelDB takes a key that is new as any other.
  put(key: Bytes, value: Bytes): void {
    this.#batch.put(this.#keys.hold("", key), this.#values.hold("", value));
  }

  putJoined(keyHead: Bytes, keyTail: Bytes, valueHead: Bytes, valueTail: Bytes): void {
    this.#batch.put(this.#keys.hold(keyHead, keyTail), this.#values.hold(valueHead, valueTail));
  }

  delete(key: Bytes): void {
    this.#batch.del(this.#keys.hold("", key));
  }

  putBuffers(key: Buffer, value: Buffer): void {
    this.#batch.put(key, value);
  }

  deleteBuffer(key: Buffer): void {
    this.#batch.del(key);
  }

  async write(sync: boolean): Promise<void> {
    await this.#batch.write(sync ? { sync } : {});
  }
}

class LevelIterator implements LevelStoreIterator {
  readonly #iterator;

  constructor(level: Level, range: IterationRange, snapshot?: Snapshot) {
    this.#iterator = level.iterator({
      gte: bufferOf(range.gte),
      lt: bufferOf(range.lt),
      reverse: range.reverse ?? false,
      values: !range.keysOnly,
      highWaterMarkBytes: ITERATOR_PAGE_BYTES,
      ...(snapshot === undefined ? {} : { snapshot }),
    });
  }

  async next(limit: number): Promise<StoreEntry[]> {
    const entries = await this.nextBuffers(limit);
    return entries.map(([key, value]) => [key.latin1Slice(), value === undefined ? "" : value.latin1Slice()]);
  }

  async nextBuffers(limit: number): Promise<readonly (readonly [key: Buffer, value: Buffer])[]> {
    return await this.#iterator.nextv(limit);
  }

  async close(): Promise<void> {
    await this.#iterator.close();
  }
}
