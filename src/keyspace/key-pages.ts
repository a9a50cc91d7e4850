import type { Bytes } from "../support/bytes.ts";
import { RECORD_KEY_PREFIX_LENGTH, recordKey } from "../storage/layout.ts";
import { Page } from "../storage/page.ts";
import type { StoreEntry } from "../storage/store.ts";
import type { Database } from "./database.ts";
import { Entry } from "./entry.ts";
import type { Keyspace } from "./keyspace.ts";
import { encodeRecord, readRecordHeader } from "./record.ts";
import type { TypeName } from "./value.ts";

/** A key that exists now. */
export interface LiveKey {
  readonly key: Bytes;
  readonly type: TypeName;
}

/** The longest record header: type, flags, expiry. */
const HEADER_LENGTH = 10;

const onlyHeader = ([key, record]: StoreEntry): StoreEntry => [key, record.slice(0, HEADER_LENGTH)];

/**
 * Reads of a database's keys in order, for SCAN, KEYS and RANDOMKEY. They fault, and what they bring holds
 * for the command, kept true by the writes that come meanwhile (page.ts).
 */
export class KeyPages {
  readonly #db: Database;
  readonly #keyspace: Keyspace;
  readonly #pages = new Set<Page>();

  constructor(db: Database, keyspace: Keyspace) {
    this.#db = db;
    this.#keyspace = keyspace;
  }

  /** A key was written. */
  overtake(entry: Entry): void {
    if (this.#pages.size === 0) return;
    const [key, header] = headerOf(entry);
    for (const page of this.#pages) page.overtake(key, header);
  }

  forget(): void {
    this.#pages.clear();
  }

  /**
   * Keys in order: those that are at least `from` and begin with `prefix`, `limit` of them or more; not all of
   * them need be live. `next` is the first key that was not looked at, null at the end.
   */
  from(from: Bytes, prefix: Bytes, limit: number): { readonly keys: readonly LiveKey[]; readonly next: Bytes | null } {
    const page = this.#page(`from:${from}:${prefix}`, () => ({
      ...this.#bounds(prefix, from),
      limit: limit + 1,
      keep: onlyHeader,
    }));
    const entries = page.entries;
    const isComplete = page.isComplete && entries.length <= limit;
    const seen = isComplete ? entries : entries.slice(0, Math.max(entries.length - 1, 0));
    const last = entries[entries.length - 1];
    const next = isComplete || last === undefined ? null : last[0].slice(RECORD_KEY_PREFIX_LENGTH);
    // Overtaken deletions can leave nothing of the page but its end.
    return { keys: this.#live(seen), next: isComplete ? null : (next ?? endOf(page)) };
  }

  /** All keys that begin with `prefix` and pass `accepts`. */
  matching(prefix: Bytes, accepts: (key: Bytes) => boolean): LiveKey[] {
    const page = this.#page(`all:${prefix}`, () => ({
      ...this.#bounds(prefix, prefix),
      limit: Infinity,
      keep: (entry) => (accepts(entry[0].slice(RECORD_KEY_PREFIX_LENGTH)) ? onlyHeader(entry) : null),
    }));
    return this.#live(page.entries).filter(({ key }) => accepts(key));
  }

  #bounds(prefix: Bytes, from: Bytes): { gte: Bytes; lt: Bytes; reverse: boolean } {
    const { generation, range } = this.#db;
    const end = afterPrefix(prefix);
    return {
      gte: recordKey(generation, from > prefix ? from : prefix),
      lt: end === null ? range.lt : recordKey(generation, end),
      reverse: false,
    };
  }

  /** The page of that name in the command's read set; faults until it is there. */
  #page(name: string, boundsOf: () => ConstructorParameters<typeof Page>[0]): Page {
    const { attempt, store } = this.#keyspace.reading;
    let pages = attempt.pages.get(this);
    if (pages === undefined) attempt.pages.set(this, (pages = new Map<string, Page[]>()));
    const known = pages.get(name)?.[0];
    if (known !== undefined && this.#pages.has(known)) return known;
    this.#keyspace.reading.faults++;
    return attempt.fault(async () => {
      const page = new Page(boundsOf(), this.#unwritten());
      this.#pages.add(page);
      attempt.releases.push(() => this.#pages.delete(page));
      await page.read(store);
      pages.set(name, [page]);
    });
  }

  *#unwritten(): Iterable<readonly [Bytes, Bytes | null]> {
    for (const changed of this.#keyspace.committer.pending()) {
      if (changed instanceof Entry && changed.db === this.#db && !changed.isDropped) yield headerOf(changed);
    }
  }

  #live(entries: readonly StoreEntry[]): LiveKey[] {
    const live: LiveKey[] = [];
    const { nowMs, reading } = this.#keyspace;
    for (const [recordKeyBytes, header] of entries) {
      const key = recordKeyBytes.slice(RECORD_KEY_PREFIX_LENGTH);
      const entry = this.#db.inMemory(key);
      if (entry === undefined) {
        const { type, expiresAtMs } = readRecordHeader(header);
        if (expiresAtMs === 0 || expiresAtMs > nowMs) live.push({ key, type });
      } else if (entry.value !== null) {
        if (entry.newest > reading.attempt.batch) reading.attempt.batch = entry.newest;
        if (entry.expiresAtMs === 0 || entry.expiresAtMs > nowMs) live.push({ key, type: entry.type });
      }
    }
    // What is missing from a page may be missing because of a deletion that is not written yet.
    reading.attempt.batch = Math.max(reading.attempt.batch, this.#keyspace.committer.newest);
    return live;
  }
}

function headerOf(entry: Entry): readonly [Bytes, Bytes | null] {
  const key = recordKey(entry.db.generation, entry.key);
  if (entry.value === null) return [key, null];
  const value = typeof entry.value === "string" ? "" : entry.value;
  return [key, encodeRecord(value, entry.expiresAtMs, entry.isRaw).slice(0, HEADER_LENGTH)];
}

function endOf(page: Page): Bytes | null {
  return page.isComplete ? null : page.rest(0).gte.slice(RECORD_KEY_PREFIX_LENGTH);
}

/** The first key behind all that begin with the prefix, null when there is none: `ab` ⇒ `ac`, `a\xff` ⇒ `b`. */
export function afterPrefix(prefix: Bytes): Bytes | null {
  let length = prefix.length;
  while (length > 0 && prefix.charCodeAt(length - 1) === 0xff) length--;
  if (length === 0) return null;
  return prefix.slice(0, length - 1) + String.fromCharCode(prefix.charCodeAt(length - 1) + 1);
}
