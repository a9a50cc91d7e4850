import type { Bytes } from "../support/bytes.ts";
import { RECORD_KEY_PREFIX_LENGTH, recordKey } from "../storage/layout.ts";
import { Page, type PageBounds } from "../storage/page.ts";
import type { StoreEntry } from "../storage/store.ts";
import type { Database } from "./database.ts";
import { Entry } from "./entry.ts";
import { KeyListing, KeySnapshot } from "./key-snapshot.ts";
import type { Keyspace } from "./keyspace.ts";
import { encodeRecordHeader, hasExpired, readRecordHeader } from "./record.ts";
import type { TypeName } from "./value.ts";

/** A key that exists now. */
export interface LiveKey {
  readonly key: Bytes;
  readonly type: TypeName;
}

/** A run of a database's keys. */
export interface KeyRun {
  /** The live ones, in order. */
  readonly keys: readonly LiveKey[];
  /** The first key that was not looked at, null at the end. */
  readonly next: Bytes | null;
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

  /** Looks at about `limit` keys, those that are at least `from` and begin with `prefix`. */
  from(from: Bytes, prefix: Bytes, limit: number): KeyRun {
    // One more than asked, to know whether there is a next one.
    return this.#run(from > prefix ? from : prefix, afterPrefix(prefix), limit + 1);
  }

  /** The keys from `from` up to, not including, `to` (null: to the last), null when there are more than `most`. */
  between(from: Bytes, to: Bytes | null, most: number): readonly LiveKey[] | null {
    const { keys, next } = this.#run(from, to, most + 1);
    return next === null ? keys : null;
  }

  #run(from: Bytes, to: Bytes | null, limit: number): KeyRun {
    const page = this.#page(`${limit}:${from.length}:${from}${to ?? ""}`, () => ({
      ...this.#bounds(from, to),
      reverse: false,
      limit,
      keep: onlyHeader,
    }));
    const { entries } = page;
    // There may be more of them than were read: those that are not in the store yet.
    if (entries.length >= limit) {
      const next = entries[limit - 1]![0].slice(RECORD_KEY_PREFIX_LENGTH);
      return { keys: this.#live(entries.slice(0, limit - 1), true), next };
    }
    // It may end with a key that was deleted meanwhile: there the next run begins.
    const next = page.isComplete ? null : page.rest(limit).gte.slice(RECORD_KEY_PREFIX_LENGTH);
    return { keys: this.#live(entries, true), next };
  }

  /** All keys that begin with `prefix` and pass `accepts`, in order; null when they are more than `most`. */
  matching(prefix: Bytes, accepts: (key: Bytes) => boolean, most: number): readonly LiveKey[] | null {
    const page = this.#page(`*${prefix}`, () => ({
      ...this.#bounds(prefix, afterPrefix(prefix)),
      reverse: false,
      limit: most + 1,
      keep: (entry) => (accepts(entry[0].slice(RECORD_KEY_PREFIX_LENGTH)) ? onlyHeader(entry) : null),
    }));
    // What was written meanwhile did not go through `keep`.
    return page.isComplete ? this.#live(page.entries, false).filter(({ key }) => accepts(key)) : null;
  }

  /** The same for any number of keys, as they are at this moment. */
  async list(prefix: Bytes, accepts: (key: Bytes) => boolean): Promise<KeyListing> {
    const listing = new KeyListing(this.snapshot(prefix, this.#keyspace.nowMs), accepts);
    await listing.countKeys();
    return listing;
  }

  /** All keys that begin with `prefix`, as they are at this moment. The caller closes it. */
  snapshot(prefix: Bytes, nowMs: number): KeySnapshot {
    const bounds = this.#bounds(prefix, afterPrefix(prefix));
    return new KeySnapshot(this.#keyspace.reading.store, bounds, this.#unwritten(), nowMs);
  }

  #bounds(from: Bytes, to: Bytes | null): { gte: Bytes; lt: Bytes } {
    const { generation, range } = this.#db;
    const gte = recordKey(generation, from);
    const lt = to === null ? range.lt : recordKey(generation, to);
    return { gte, lt: lt > gte ? lt : gte };
  }

  /** The page of that name in the command's read set; faults until it is there. */
  #page(name: string, boundsOf: () => PageBounds): Page {
    const { attempt, store } = this.#keyspace.reading;
    if (this.#db.isFresh) return new Page(boundsOf(), [], this.#unwritten());
    let pages = attempt.pages.get(this);
    if (pages === undefined) attempt.pages.set(this, (pages = new Map<string, Page[]>()));
    const known = pages.get(name)?.[0];
    if (known !== undefined && this.#pages.has(known)) return known;
    const { committer } = this.#keyspace;
    // Each page has them laid over it: rather have the store catch up.
    if (committer.isFarAhead) attempt.once(this, "checkpoint", () => committer.checkpoint());
    this.#keyspace.reading.faults++;
    return attempt.fault(async () => {
      const page = new Page(boundsOf(), [], this.#unwritten());
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

  /** SCAN and RANDOMKEY remove what they find expired, as in Redis; KEYS does not. */
  #meet(expired: readonly Bytes[]): void {
    const db = this.#db;
    if (expired.length === 0 || db.keepsExpired) return;
    db.ready(expired);
    for (const key of expired) db.peek(key);
  }

  #live(entries: readonly StoreEntry[], meetsExpired: boolean): LiveKey[] {
    const live: LiveKey[] = [];
    const expired: Bytes[] = [];
    const { nowMs, reading } = this.#keyspace;
    for (const [recordKeyBytes, header] of entries) {
      const { type, expiresAtMs } = readRecordHeader(header);
      const key = recordKeyBytes.slice(RECORD_KEY_PREFIX_LENGTH);
      if (hasExpired(expiresAtMs, nowMs)) expired.push(key);
      else live.push({ key, type });
    }
    if (meetsExpired) this.#meet(expired);
    // It tells of writes that are not in the store yet, by what is there and by what is missing.
    reading.attempt.batch = Math.max(reading.attempt.batch, this.#keyspace.committer.newest);
    return live;
  }
}

function headerOf(entry: Entry): readonly [Bytes, Bytes | null] {
  const key = recordKey(entry.db.generation, entry.key);
  if (entry.value === null) return [key, null];
  return [key, encodeRecordHeader(entry.value, entry.expiresAtMs, entry.isRaw)];
}

/** The first key behind all that begin with the prefix, null when there is none: `ab` ⇒ `ac`, `a\xff` ⇒ `b`. */
export function afterPrefix(prefix: Bytes): Bytes | null {
  let length = prefix.length;
  while (length > 0 && prefix.charCodeAt(length - 1) === 0xff) length--;
  if (length === 0) return null;
  return prefix.slice(0, length - 1) + String.fromCharCode(prefix.charCodeAt(length - 1) + 1);
}
