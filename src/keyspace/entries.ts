import { recordKey } from "../storage/layout.ts";
import type { Bytes } from "../support/bytes.ts";
import { Collection } from "./collection.ts";
import type { Database } from "./database.ts";
import { Entry } from "./entry.ts";
import { EntryTable } from "./entry-table.ts";
import type { Keyspace } from "./keyspace.ts";
import { MembersAhead } from "./members-ahead.ts";
import { readValue } from "./read-value.ts";

/** Up to so many records of one command are read in line. */
const MAX_INLINE_LOADS = 64;

/** Takes what was read of a key. */
type Hand = (key: Bytes, record: Bytes | undefined) => Entry;

/**
 * The entries of a database: what memory knows of its keys, absent ones included, and how it comes to know.
 *
 * A record that is not in memory is read in line or by a fault, as `Reading` has it. While a fetch is under way the key
 * may be written, which makes old what the fetch will bring: so each has a token, and a write takes it away.
 */
export class Entries {
  readonly #db: Database;
  readonly #keyspace: Keyspace;
  #table = new EntryTable();
  /** Of the fetches of records that are under way, by key. */
  readonly #tokens = new Map<Bytes, symbol>();
  readonly #membersAhead = new MembersAhead();

  constructor(db: Database, keyspace: Keyspace) {
    this.#db = db;
    this.#keyspace = keyspace;
  }

  /** What is in memory of a key now, without loading it; undefined when nothing is known. */
  inMemory(key: Bytes): Entry | undefined {
    return this.#table.get(key);
  }

  /** The entry of a key, which counts as used. May fault. */
  get(key: Bytes): Entry {
    const entry = this.#table.get(key);
    if (entry !== undefined) entry.visited = true;
    if (this.#keyspace.reading.faultEveryRead) this.#forceFault(key, entry);
    return entry ?? this.#load(key);
  }

  #forceFault(key: Bytes, entry: Entry | undefined): void {
    const { reading } = this.#keyspace;
    if (reading.attempt.isImpatient) return;
    reading.forceFault(`${this.#db.generation}:${key}`);
    // Nothing that has elements on disk is answered from memory.
    if (entry?.value instanceof Collection) entry.value.leaveMemory();
  }

  /** After this, `get` of these keys does not fault in this attempt. */
  ready(keys: readonly Bytes[]): void {
    const { reading } = this.#keyspace;
    if (reading.faultEveryRead) {
      reading.attempt.together(keys, (key) => this.get(key));
      return;
    }
    this.#table.touchToWrite(keys);
    // Reads in line do not fault, and those of a command that has begun to write stay in line.
    if (keys.length <= MAX_INLINE_LOADS && !reading.mustFault) return;
    const missing = keys.filter((key) => !this.#table.has(key));
    if (missing.length > 0) this.#fault(missing);
  }

  /**
   * Brings what memory knows of these keys near to the processor, and their strings: who looks for one after the other
   * waits for each. Gives about how many of them are not in memory.
   */
  touch(keys: readonly Bytes[]): number {
    return this.#table.touch(keys);
  }

  /**
   * The same for requests that name more than a key: not the string that a key holds, but what they will look for in its
   * collection. `keys`: one of each.
   */
  touchFor(keys: readonly Bytes[], requests: readonly (readonly Bytes[])[]): number {
    const missing = this.#table.touchToWrite(keys, (object, i) =>
      this.#membersAhead.add(object, requests[i]!),
    );
    this.#membersAhead.touch();
    return missing;
  }

  /** Those of the keys that would have to be read. */
  missing(keys: readonly Bytes[]): Bytes[] {
    return this.#db.isFresh ? [] : keys.filter((key) => !this.#table.has(key));
  }

  /** Loads records into memory for commands to come. Does not fault. */
  prefetch(keys: readonly Bytes[]): void {
    const missing = keys.filter((key) => !this.#table.has(key) && !this.#tokens.has(key));
    // Whoever needs one of them and finds it missing meets the error again.
    if (missing.length > 0) this.#fetch(missing).catch(() => undefined);
  }

  /**
   * Reads records on another thread, for commands to come. What it resolves to brings them into memory, for commands
   * that run right behind it: as after a read in line, what was read for the first time in a while does not stay.
   */
  async readAhead(keys: readonly Bytes[]): Promise<() => void> {
    const ended = this.#keyspace.reading.beginAhead(keys.length);
    let bytes = 0;
    try {
      const take = await this.#read(keys);
      return () => {
        take((key, record) => {
          bytes += record?.length ?? 0;
          return this.#admit(key, record);
        });
        ended(bytes);
      };
    } catch (error) {
      ended(bytes);
      throw error;
    }
  }

  // ─── records that are not in memory ────────────────────────────────────────────────────────────

  #load(key: Bytes): Entry {
    if (this.#db.isFresh) return this.#keep(key, undefined);
    const { reading } = this.#keyspace;
    if (reading.mustFault) this.#fault([key]);
    return this.#admit(key, reading.readInline(recordKey(this.#db.generation, key)));
  }

  #fault(keys: readonly Bytes[]): never {
    const { reading } = this.#keyspace;
    reading.faults++;
    return reading.attempt.fault(() => this.#fetch(keys));
  }

  async #fetch(keys: readonly Bytes[]): Promise<void> {
    const take = await this.#read(keys);
    take((key, record) => this.#keep(key, record));
  }

  /** Resolves to what hands those records over that nothing has overtaken by then. */
  async #read(keys: readonly Bytes[]): Promise<(hand: Hand) => void> {
    const { generation } = this.#db;
    // Fetches of one key at the same time share its token: were each to replace the other's, none might ever count.
    const tokens = keys.map((key) => this.#tokens.get(key) ?? this.#newToken(key));
    let records: readonly (Bytes | undefined)[];
    try {
      records = await this.#keyspace.reading.store.getMany(keys.map((key) => recordKey(generation, key)));
    } catch (error) {
      for (const key of keys) this.#tokens.delete(key);
      throw error;
    }
    return (hand) =>
      keys.forEach((key, i) => {
        // Written, dropped or loaded meanwhile: what was fetched is old.
        if (this.#tokens.get(key) !== tokens[i]) return;
        this.#tokens.delete(key);
        if (!this.#table.has(key)) hand(key, records[i]);
      });
  }

  #newToken(key: Bytes): symbol {
    const token = Symbol();
    this.#tokens.set(key, token);
    return token;
  }

  /** Stays in memory if that pays; in any case until the cache is trimmed. */
  #admit(key: Bytes, record: Bytes | undefined): Entry {
    const entry = this.#add(key, record);
    this.#keyspace.cache.admit(entry);
    return entry;
  }

  /** Stays in memory: who waits for it comes back in another turn. */
  #keep(key: Bytes, record: Bytes | undefined): Entry {
    const entry = this.#add(key, record);
    this.#keyspace.cache.add(entry);
    return entry;
  }

  #add(key: Bytes, record: Bytes | undefined): Entry {
    const entry = new Entry(this.#db, key);
    if (record !== undefined) {
      readValue(this.#keyspace, record, entry);
      entry.accessedAtS = this.#keyspace.nowS;
      entry.wasStored();
    }
    this.#table.add(entry);
    entry.isCached = true;
    return entry;
  }

  // ─── what memory knows goes ────────────────────────────────────────────────────────────────────

  /** A key was written: a fetch of it that is under way comes too late. */
  overtake(key: Bytes): void {
    if (this.#tokens.size > 0) this.#tokens.delete(key);
  }

  /** The cache lets go of an entry. */
  evicted(entry: Entry): void {
    entry.isCached = false;
    this.#table.delete(entry.key);
  }

  /** All of it is void. The database still has the generation that the entries are of. */
  forget(): void {
    for (const entry of this.#table.values()) {
      entry.droppedFrom = this.#db.generation;
      entry.object?.abandon();
      this.#keyspace.cache.remove(entry);
      entry.isCached = false;
    }
    this.#table = new EntryTable();
    this.#tokens.clear();
  }

  /** What brings back, after `forget`, all that memory knows now: for a transaction that may have to start again. */
  restorer(): () => void {
    const table = this.#table;
    return () => {
      this.#table = table;
      for (const entry of table.values()) {
        entry.droppedFrom = null;
        entry.isCached = true;
        entry.hold(entry.value);
        this.#keyspace.cache.add(entry);
      }
    };
  }
}
