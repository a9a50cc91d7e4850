import type { Bytes } from "../support/bytes.ts";
import { WRONG_TYPE } from "../errors.ts";
import { type KeyRange, databaseKey, recordRange } from "../storage/layout.ts";
import { ByteReader, u32, u64 } from "../storage/numbers.ts";
import type { Persistent } from "../storage/persistent.ts";
import type { Undo } from "../storage/undo.ts";
import type { WriteBatch } from "../storage/store.ts";
import { Entries } from "./entries.ts";
import type { Entry } from "./entry.ts";
import type { EventKind } from "./events.ts";
import { Hash } from "./hash.ts";
import { KeyPages } from "./key-pages.ts";
import type { Keyspace } from "./keyspace.ts";
import { List } from "./list.ts";
import type { LoadedDatabase } from "./loading.ts";
import { hasExpired } from "./record.ts";
import { RandomKey } from "./random-key.ts";
import { restorer } from "./restore.ts";
import { SetValue } from "./set.ts";
import { Stream } from "./stream.ts";
import { BigString, CHUNKED_FROM_BYTES } from "./big-string.ts";
import type { Value, ValueObject } from "./value.ts";
import { ZSet } from "./zset.ts";

/**
 * One of the numbered databases: names to values. Reads may fault; do them before the first write of a
 * command (`ready` for commands of many keys).
 */
export class Database implements Persistent {
  /** Its number; SWAPDB changes it. */
  index: number;
  batch = 0;
  readonly #keyspace: Keyspace;
  #generation: number;
  /** The batch that begins it. */
  #generationBatch = 0;
  #keyCount: number;
  #expiryCount: number;
  /** What memory knows of its keys. */
  readonly entries: Entries;
  readonly pages: KeyPages;
  readonly randomKey: RandomKey;

  constructor(keyspace: Keyspace, index: number, stored: Bytes | undefined, newGeneration: () => number) {
    this.#keyspace = keyspace;
    this.index = index;
    this.entries = new Entries(this, keyspace);
    this.pages = new KeyPages(this, keyspace);
    this.randomKey = new RandomKey(this, keyspace);
    if (stored === undefined) {
      this.#generation = newGeneration();
      this.#keyCount = this.#expiryCount = 0;
      keyspace.committer.mark(this);
    } else {
      const reader = new ByteReader(stored);
      this.#generation = reader.u32();
      this.#keyCount = reader.u64();
      this.#expiryCount = reader.u64();
    }
  }

  persist(batch: WriteBatch): void {
    batch.put(databaseKey(this.index), u32(this.#generation) + u64(this.#keyCount) + u64(this.#expiryCount));
  }

  get generation(): number {
    return this.#generation;
  }

  /** Nothing is removed because of its time: the master does that. */
  get keepsExpired(): boolean {
    return this.#keyspace.isReplica;
  }

  /** Number of keys, those that have expired and not yet been removed included, as in Redis. */
  get keyCount(): number {
    return this.#keyCount;
  }

  /** Nothing of a generation is in the store before the batch that begins it: a transaction may go on after FLUSHDB. */
  get isFresh(): boolean {
    return this.#generationBatch > this.#keyspace.committer.written;
  }

  /** How many of them have an expiry. */
  get expiryCount(): number {
    return this.#expiryCount;
  }

  /** Up to this batch everything is in the store. */
  get appliedBatch(): number {
    return this.#keyspace.committer.applied;
  }

  // ─── reading ───────────────────────────────────────────────────────────────────────────────────

  /** The live entry of a key, null when there is none (or it has expired). Counts as an access. */
  find(key: Bytes): Entry | null {
    const entry = this.inspect(key);
    if (entry !== null) entry.accessedAtS = this.#keyspace.nowS;
    return entry;
  }

  /** Like `find`, a hit or a miss too, but no access: for TTL and the like. OBJECT does not even tell of a miss. */
  inspect(key: Bytes, tellsMiss = true): Entry | null {
    const entry = this.peek(key);
    const { attempt } = this.#keyspace.reading;
    if (entry === null) {
      attempt.keyspaceMisses++;
      if (tellsMiss && this.#keyspace.events.tellsMisses) this.event("miss", "keymiss", key);
    } else attempt.keyspaceHits++;
    return entry;
  }

  /** Like `find`, and nobody notices. */
  peek(key: Bytes): Entry | null {
    const entry = this.#known(key);
    return entry.value === null || this.#hasExpired(entry) ? null : entry;
  }

  #hasExpired(entry: Entry): boolean {
    if (!hasExpired(entry.expiresAtMs, this.#keyspace.nowMs)) return false;
    this.#keyspace.hasExpired(entry);
    return true;
  }

  /** After this, `find` of these keys does not fault in this attempt: call it before the first write. */
  ready(keys: readonly Bytes[]): void {
    this.entries.ready(keys);
  }

  /** Reads each of `items`: what several of them miss is fetched at once. */
  readTogether<Item, Value>(items: readonly Item[], read: (item: Item) => Value): Value[] {
    return this.#keyspace.reading.attempt.together(items, read);
  }

  /** The entry of a key, expired or not; the attempt takes note that it was looked at. */
  #known(key: Bytes): Entry {
    const entry = this.entries.get(key);
    const { attempt } = this.#keyspace.reading;
    if (attempt.undo !== null) this.#keepState(attempt.undo, entry);
    if (entry.newest > attempt.batch) attempt.batch = entry.newest;
    return entry;
  }

  /** For a transaction that may have to start again. */
  #keepState(undo: Undo, entry: Entry): void {
    if (!undo.mayWrite) return;
    if (undo.isFirst(this)) undo.add(this.#restorer());
    if (undo.isFirst(entry)) undo.add(restorer(this.#keyspace, entry, undo));
  }

  /** An entry got the state of before its transaction back. */
  restored(entry: Entry): void {
    this.pages.overtake(entry);
    this.reprice(entry);
  }

  #restorer(): () => void {
    const keyCount = this.#keyCount;
    const expiryCount = this.#expiryCount;
    return () => {
      this.#keyCount = keyCount;
      this.#expiryCount = expiryCount;
    };
  }

  // ─── values by type ────────────────────────────────────────────────────────────────────────────

  /** The string value, null when there is no such key. @throws WRONG_TYPE */
  string(key: Bytes): Bytes | BigString | null {
    const entry = this.find(key);
    if (entry === null) return null;
    const { value } = entry;
    if (typeof value === "string" || value instanceof BigString) return value;
    throw WRONG_TYPE;
  }

  /** @throws WRONG_TYPE */
  hash(key: Bytes): Hash | null {
    return this.#typed(key, Hash);
  }

  /** @throws WRONG_TYPE */
  set(key: Bytes): SetValue | null {
    return this.#typed(key, SetValue);
  }

  /** @throws WRONG_TYPE */
  zset(key: Bytes): ZSet | null {
    return this.#typed(key, ZSet);
  }

  /** @throws WRONG_TYPE */
  list(key: Bytes): List | null {
    return this.#typed(key, List);
  }

  /** @throws WRONG_TYPE */
  stream(key: Bytes): Stream | null {
    return this.#typed(key, Stream);
  }

  /** The hash, or a new one that becomes the key's value when something is put into it. @throws WRONG_TYPE */
  hashToWrite(key: Bytes): Hash {
    return this.#typed(key, Hash) ?? this.#unborn(key, new Hash(this.#keyspace));
  }

  setToWrite(key: Bytes): SetValue {
    return this.#typed(key, SetValue) ?? this.#unborn(key, new SetValue(this.#keyspace));
  }

  zsetToWrite(key: Bytes): ZSet {
    return this.#typed(key, ZSet) ?? this.#unborn(key, new ZSet(this.#keyspace));
  }

  listToWrite(key: Bytes): List {
    return this.#typed(key, List) ?? this.#unborn(key, new List(this.#keyspace));
  }

  streamToWrite(key: Bytes): Stream {
    return this.#typed(key, Stream) ?? this.#unborn(key, new Stream(this.#keyspace));
  }

  #typed<T extends ValueObject>(key: Bytes, type: abstract new (...args: never[]) => T): T | null {
    const entry = this.find(key);
    if (entry === null) return null;
    if (entry.value instanceof type) return entry.value;
    throw WRONG_TYPE;
  }

  #unborn<T extends ValueObject>(key: Bytes, value: T): T {
    value.owner = {
      newest: Infinity,
      recordChanged: () => void this.put(key, value),
      elementsChanged: () => undefined,
      becameEmpty: () => undefined,
      memoryChanged: () => undefined,
    };
    return value;
  }

  // ─── writing ───────────────────────────────────────────────────────────────────────────────────

  /** Sets a key, whatever it held before. The expiry is Unix time in ms, 0 for none; `isRaw` as in `Entry`. */
  put(key: Bytes, value: Value, expiresAtMs = 0, isRaw = false): Entry {
    const entry = this.#known(key);
    const isNew = entry.value === null || this.#hasExpired(entry);
    if (entry.value === null) this.#keyCount++;
    else entry.object?.discard();
    this.#countExpiry(entry, expiresAtMs);
    entry.hold(value);
    entry.expiresAtMs = expiresAtMs;
    entry.isRaw = isRaw;
    entry.accessedAtS = this.#keyspace.nowS;
    this.mark(entry);
    if (isNew) this.event("new", "new", key);
    return entry;
  }

  /** Sets a key to a string of any length, whatever it held before. */
  putBytes(key: Bytes, bytes: Bytes, expiresAtMs = 0): Entry {
    if (bytes.length <= CHUNKED_FROM_BYTES) return this.put(key, bytes, expiresAtMs);
    // The chunks are writes: what `put` reads has to be known before.
    this.#known(key);
    return this.put(key, BigString.of(this.#keyspace, bytes), expiresAtMs);
  }

  /** Replaces the bytes of a string in place: expiry kept. */
  putString(entry: Entry, value: Bytes, isRaw: boolean): void {
    entry.object?.discard();
    entry.hold(value);
    entry.isRaw = isRaw;
    this.mark(entry);
  }

  /** Removes a key; false when there is none. */
  delete(key: Bytes): boolean {
    const entry = this.peek(key);
    if (entry === null) return false;
    this.remove(entry);
    return true;
  }

  remove(entry: Entry): void {
    entry.object?.discard();
    this.#forgetValue(entry);
  }

  /** Takes the value away from its key, for another key to have: RENAME and MOVE. */
  take(entry: Entry): Value {
    const value = entry.value!;
    if (entry.object !== null) entry.object.owner = null;
    this.#forgetValue(entry);
    return value;
  }

  #forgetValue(entry: Entry): void {
    this.#countExpiry(entry, 0);
    this.#keyCount--;
    entry.hold(null);
    entry.expiresAtMs = 0;
    entry.isRaw = false;
    this.mark(entry);
  }

  /** Unix time in ms, 0 to live for ever. */
  setExpiry(entry: Entry, expiresAtMs: number): void {
    this.#countExpiry(entry, expiresAtMs);
    entry.expiresAtMs = expiresAtMs;
    this.mark(entry);
  }

  #countExpiry(entry: Entry, expiresAtMs: number): void {
    const before = entry.expiresAtMs;
    if (before !== 0) this.#expiryCount--;
    if (expiresAtMs !== 0) this.#expiryCount++;
    if (before !== expiresAtMs)
      this.#keyspace.expiry.changed(this.#generation, entry.key, before, expiresAtMs);
    const { ownExpiries } = this.#keyspace;
    if (ownExpiries.isOn && expiresAtMs !== 0) ownExpiries.remember(this.#generation, entry.key, expiresAtMs);
  }

  /** The entry's record goes into the next batch. */
  mark(entry: Entry): void {
    const { committer } = this.#keyspace;
    committer.mark(entry);
    committer.mark(this);
    this.markElements(entry);
    this.entries.overtake(entry.key);
    this.pages.overtake(entry);
  }

  /** Elements of the entry's value go into the next batch, its record stays as it is. */
  markElements(entry: Entry): void {
    const batch = this.#keyspace.committer.gathering;
    entry.newest = batch;
    const keyspace = this.#keyspace;
    if (keyspace.changesWanted)
      (keyspace.hidesChanges ? keyspace.changedUnseen : keyspace.changed).add(entry);
    this.#keyspace.wrote(batch);
  }

  reprice(entry: Entry): void {
    if (entry.isCached) this.#keyspace.cache.reprice(entry);
  }

  /**
   * Tells of what a command did to a key, in Redis' words, after it did it: `event("hash", "hset", key)`. That a key
   * went because its last element did, or that it is new, is told by itself.
   */
  event(kind: EventKind, name: string, key: Bytes): void {
    this.#keyspace.events.tell(kind, name, key, this.index);
  }

  /**
   * A command that may write looked for a key to read, and did not find it. Of one that only reads it is told by itself.
   */
  missed(key: Bytes): void {
    if (!this.#keyspace.events.tellsMisses) this.event("miss", "keymiss", key);
  }

  /** A collection lost its last element. */
  becameEmpty(entry: Entry): void {
    this.remove(entry);
    this.#keyspace.events.becameEmpty(entry.key, this.index);
  }

  // ─── the whole database ────────────────────────────────────────────────────────────────────────

  /** Drops all keys at once: a new generation, the old one goes to the collector. */
  flush(): void {
    const { committer, reading } = this.#keyspace;
    this.#keepAll(reading.attempt.undo);
    if (this.#keyspace.changesWanted) {
      this.#keyspace.changedDatabases.add(this.index);
      this.#keyspace.hasFlushed = true;
    }
    this.#keyspace.buryGeneration(this.#generation);
    this.forget();
    this.#generation = this.#keyspace.newGeneration();
    this.#generationBatch = committer.gathering;
    this.#keyCount = this.#expiryCount = 0;
    committer.mark(this);
    this.#keyspace.wrote(committer.gathering);
  }

  /** All keys at once become those of a generation that was loaded beside them. */
  adopt(loaded: LoadedDatabase): void {
    const { committer } = this.#keyspace;
    if (this.#keyspace.changesWanted) {
      this.#keyspace.changedDatabases.add(this.index);
      this.#keyspace.hasFlushed = true;
    }
    this.#keyspace.buryGeneration(this.#generation);
    this.forget();
    this.#generation = loaded.generation;
    this.#generationBatch = 0;
    this.#keyCount = loaded.keyCount;
    this.#expiryCount = loaded.expiryCount;
    committer.mark(this);
    this.#keyspace.wrote(committer.gathering);
  }

  /** For a transaction that drops all keys and may have to start again. */
  #keepAll(undo: Undo | null): void {
    if (undo === null) return;
    if (undo.isFirst(this)) undo.add(this.#restorer());
    const generation = this.#generation;
    const generationBatch = this.#generationBatch;
    const restoreEntries = this.entries.restorer();
    undo.add(() => {
      this.forget();
      this.#generation = generation;
      this.#generationBatch = generationBatch;
      restoreEntries();
    });
  }

  /** Memory forgets; called when what it knows is void. */
  forget(): void {
    this.entries.forget();
    this.pages.forget();
    this.randomKey.forget();
  }

  /** The keys of this database in the store. */
  get range(): KeyRange {
    return recordRange(this.#generation);
  }
}
