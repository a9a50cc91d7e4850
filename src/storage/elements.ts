import type { Bytes } from "../support/bytes.ts";
import { ChangeList } from "./change-list.ts";
import type { Committer } from "./committer.ts";
import { ElementReaders, type Follower } from "./element-readers.ts";
import type { Persistent } from "./persistent.ts";
import { MAX_KEPT_ENTRIES } from "./kept-pages.ts";
import { collectionPrefix, collectionRange, COLLECTION_PREFIX_LENGTH } from "./layout.ts";
import { MergedStream } from "./merged-stream.ts";
import { type Change, mergeOverlays } from "./overlay.ts";
import { Page, type PageBounds } from "./page.ts";
import type { Reading } from "./reading.ts";
import type { Scan } from "./scan/run.ts";
import type { WriteBatch, StoreEntry } from "./store.ts";
import type { Undo } from "./undo.ts";
import { UnstoredChanges } from "./unstored-changes.ts";

/** What part of a collection's elements to read, by element key (part and suffix, without tag and id). */
export interface ElementRange {
  /** Inclusive. */
  readonly gte: Bytes;
  /** Exclusive; absent: to the end of the collection. */
  readonly lt?: Bytes;
  readonly reverse?: boolean;
  /** There are no more than the limit of a read: to look behind it would walk over what was deleted there. */
  readonly isExact?: boolean;
}

/** An element key and its value. */
export type Element = readonly [key: Bytes, value: Bytes];

/** What is kept in memory about elements that are not. */
export interface Derived {
  /** It must not be lost now. */
  readonly isBusy: boolean;
  readonly memoryBytes: number;
  /** Each write of an element, of a transaction that may be taken back as well. */
  wrote(key: Bytes, isDeleted: boolean): void;
  /** Nothing that was written up to now will be taken back. */
  settled(): void;
}

/** The collection that elements belong to. */
export interface ElementsHolder {
  /**
   * So many changes that are not in the store yet are kept here; fewer than all of them where the holder has all elements in
   * memory itself, since nobody reads them from here then.
   */
  readonly maxKeptChanges: number;
  /** `memoryBytes` is another. */
  memoryChanged(): void;
}

/**
 * The elements of one big collection: a contiguous range of the store under the collection's id.
 *
 * Writes gather here until their batch is written; reads see them at once. A type that holds the collection
 * in memory as well only writes here. Reads may fault: do them before the first write of a command.
 */
export class Elements implements Persistent {
  readonly id: number;
  batch = 0;
  readonly #reading: Reading;
  readonly #committer: Committer;
  readonly #prefix: Bytes;
  /** By full key, with the prefix: not yet handed to a batch. */
  #gathering = NO_CHANGES;
  /** Handed to batches, and not in the store; null: there is nothing. */
  #unstored: UnstoredChanges | null = null;
  /** When somebody last read from here, or wrote in a transaction: when that is taken back, they are read from here. */
  #neededRound = NEVER;
  /** Made for the first: of a small collection that is in memory nobody reads. */
  #readers: ElementReaders | null = null;
  /** The transaction that runs has a step to take back what it writes, and where. */
  #undoneBy: Undo | null = null;
  #undoneIn: ChangeList | null = null;
  #discarded = false;
  derived: Derived | null = null;
  /** While it is null nobody counts the memory, and no page is kept. */
  holder: ElementsHolder | null = null;
  /** False while all that there is of it gathers here: then nothing can be fetched. */
  isStored = true;

  constructor(id: number, reading: Reading, committer: Committer) {
    this.id = id;
    this.#reading = reading;
    this.#committer = committer;
    this.#prefix = collectionPrefix(id);
  }

  /** Someone reads from it, or has writes under way: it must stay in memory. */
  get isBusy(): boolean {
    return (
      this.#readers?.isBusy === true || this.derived?.isBusy === true || this.batch > this.#committer.applied
    );
  }

  /** All of it is in memory. */
  forgetPages(): void {
    if (this.#readers?.isBusy === true) this.#readers.kept.forget();
    else this.#readers = null;
  }

  /** About what it takes itself, and what is kept to answer reads and is not needed. */
  get memoryBytes(): number {
    const readers = this.#readers;
    const readersBytes = readers === null ? 0 : READERS_BYTES + readers.kept.memoryBytes;
    return ELEMENTS_BYTES + readersBytes + (this.derived?.memoryBytes ?? 0);
  }

  put(key: Bytes, value: Bytes): void {
    this.#write(this.#prefix + key, value, false);
    this.derived?.wrote(key, false);
  }

  /**
   * `put` of an element that is surely not there: when it is deleted again before it has reached the store, the store
   * never learns of it.
   */
  insert(key: Bytes, value: Bytes): void {
    this.#write(this.#prefix + key, value, true);
    this.derived?.wrote(key, false);
  }

  delete(key: Bytes): void {
    this.#write(this.#prefix + key, null, false);
    this.derived?.wrote(key, true);
  }

  #write(fullKey: Bytes, value: Bytes | null, isNew: boolean): void {
    const { undo } = this.#reading.attempt;
    if (this.#gathering === NO_CHANGES) this.#gathering = new ChangeList();
    if (undo !== null) this.#remember(undo, fullKey);
    this.#gathering.add(fullKey, value, isNew);
    this.#committer.mark(this);
    this.#reading.attempt.wrote = true;
    this.#readers?.wrote(fullKey, value);
  }

  #openReaders(): ElementReaders {
    return (this.#readers ??= new ElementReaders());
  }

  /** Until what it returns is called it is told of each write. What is taken back of a transaction is not told of. */
  follow(wrote: Follower): () => void {
    return this.#openReaders().follow(wrote);
  }

  #remember(undo: Undo, fullKey: Bytes): void {
    if (undo.isFirst(this)) {
      this.#neededRound = this.#committer.round;
      this.#readers?.rememberPages(undo);
    }
    this.#readers?.rememberPoint(undo, fullKey);
    if (this.#undoneBy === undo && this.#undoneIn === this.#gathering) return;
    const list = (this.#undoneIn = this.#gathering);
    const mark = list.mark();
    this.#undoneBy = undo;
    undo.add(() => {
      list.takeBack(mark);
      // The next attempt has to add its step again.
      this.#undoneBy = null;
    });
  }

  /** The value of one element, null when absent. */
  get(key: Bytes): Bytes | null {
    const fullKey = this.#prefix + key;
    const pending = this.#pending(fullKey);
    if (pending !== undefined) return pending;
    if (!this.isStored) return null;
    const reading = this.#reading;
    const known = reading.attempt.points.get(fullKey);
    if (known !== undefined) return known;
    if (reading.mustFault || !this.isComplete) this.#fetch([fullKey]);
    return reading.readInline(fullKey) ?? null;
  }

  /** After this, `get` of these keys does not fault in this attempt: call it before the first write. */
  ready(keys: readonly Bytes[]): void {
    if (!this.isStored) return;
    const reading = this.#reading;
    if (!reading.mustFault && this.isComplete && keys.length <= MAX_INLINE_READS) {
      if (keys.length === 1) return;
      const points = this.#openReaders().register(reading.attempt);
      for (const key of keys) {
        const fullKey = this.#prefix + key;
        if (this.#pending(fullKey) === undefined) points.set(fullKey, this.get(key));
      }
      return;
    }
    const missing = keys
      .map((key) => this.#prefix + key)
      .filter((key) => this.#pending(key) === undefined && reading.attempt.points.get(key) === undefined);
    if (missing.length > 0) this.#fetch(missing);
  }

  #pending(fullKey: Bytes): Bytes | null | undefined {
    const gathering = this.#gathering.get(fullKey);
    if (gathering !== undefined) return gathering;
    return this.#unstored?.get(fullKey);
  }

  #fetch(fullKeys: readonly Bytes[]): never {
    const { attempt, store } = this.#reading;
    this.#reading.faults++;
    return attempt.fault(async () => {
      const points = this.#openReaders().register(attempt);
      for (const key of fullKeys) points.set(key, undefined);
      if (!this.isComplete) await this.complete();
      const values = await store.getMany(fullKeys);
      fullKeys.forEach((key, i) => {
        if (points.has(key)) points.set(key, values[i] ?? null);
      });
    });
  }

  /**
   * The first `limit` elements of a range (the last ones, backwards, with `reverse`), as of now.
   * Faults until they are known. The array is the caller's to read, not to change.
   */
  range(range: ElementRange, limit: number): readonly Element[] {
    return this.#read(range, limit, elementOf);
  }

  /** The same without their keys. */
  values(range: ElementRange, limit: number): readonly Bytes[] {
    return this.#read(range, limit, valueOf);
  }

  #read<Item>(range: ElementRange, limit: number, itemOf: (entry: StoreEntry) => Item): readonly Item[] {
    if (limit <= 0) return [];
    if (!this.isStored) return this.#unwritten(range).slice(0, limit).map(itemOf);
    this.#neededRound = this.#committer.round;
    const name = nameOf(range);
    const kept = this.#readers?.kept.get(name);
    const read = this.#readPages(name) ?? (kept === undefined ? NO_PAGES : [kept]);
    const found: Item[] = [];
    for (const page of read) {
      for (const entry of page.entries) {
        if (found.length === limit) return found;
        found.push(itemOf(entry));
      }
    }
    const last = read.at(-1);
    if (found.length === limit || last?.isComplete) return found;
    const wanted = limit - found.length;
    // What is kept is read again and again: who has used it up, and pops, goes on.
    const isUsedUp = last !== undefined && last === kept && range.isExact !== true;
    const ahead = Math.max(wanted, READ_ON);
    if (isUsedUp && found.length + ahead <= MAX_KEPT_ENTRIES) return this.#readOn(name, ahead);
    const pages = this.#readPages(name) ?? this.#beginPages(name, kept);
    return this.#fetchPage(pages, range, last, isUsedUp ? ahead : wanted);
  }

  /** Reads what follows a kept page, for all who have used it up. */
  #readOn(name: string, wanted: number): never {
    const { attempt, store } = this.#reading;
    this.#reading.faults++;
    return attempt.fault(async () => {
      if (!this.isComplete) await this.complete();
      const follow = (last: Page): Page => this.#page(last.rest(wanted));
      await this.#openReaders().readOn(name, follow, store);
    });
  }

  /** All elements of a range. */
  all(range: ElementRange): readonly Element[] {
    return this.range(range, Infinity);
  }

  /** Of a collection that is not in the store: a transaction that made it and faulted would make another, for ever. */
  #unwritten(range: ElementRange): StoreEntry[] {
    const { gte, lt } = this.#fullRange(range);
    const found = this.#changes(gte, lt).filter((change): change is StoreEntry => change[1] !== null);
    return range.reverse ? found.reverse() : found;
  }

  /** The elements of a range that have this value: only they are kept of all that is read. */
  holding(value: Bytes, range: ElementRange): readonly Element[] {
    if (!this.isStored) {
      return this.#unwritten(range)
        .filter(([, held]) => held === value)
        .map(elementOf);
    }
    const name = `${nameOf(range)}=${value}`;
    const pages = this.#readPages(name) ?? this.#newPages(name);
    const page = pages[0];
    if (page === undefined) return this.#fetchPage(pages, range, page, Infinity, value);
    const found: Element[] = [];
    // What was written since the page was read is in it, whatever its value.
    for (const entry of page.entries) if (entry[1] === value) found.push(elementOf(entry));
    return found;
  }

  /** What the command that runs has read of a range; undefined: nothing. */
  #readPages(name: string): Page[] | undefined {
    return this.#reading.attempt.pages.get(this)?.get(name);
  }

  #newPages(name: string): Page[] {
    const { attempt } = this.#reading;
    let byName = attempt.pages.get(this);
    if (byName === undefined) attempt.pages.set(this, (byName = new Map<string, Page[]>()));
    const pages: Page[] = [];
    byName.set(name, pages);
    return pages;
  }

  /** For a command that is to read more than what is kept: that is its own meanwhile. */
  #beginPages(name: string, kept: Page | undefined): Page[] {
    const pages = this.#newPages(name);
    const { attempt } = this.#reading;
    if (kept !== undefined) {
      this.#openReaders().kept.drop(name);
      this.#openReaders().use(kept, attempt);
      pages.push(kept);
    }
    attempt.releases.push(() => {
      if (this.holder === null || this.#reading.faultEveryRead) return;
      this.#openReaders().kept.keep(name, pages);
      this.holder.memoryChanged();
    });
    return pages;
  }

  #fetchPage(
    pages: Page[],
    range: ElementRange,
    last: Page | undefined,
    wanted: number,
    value?: Bytes,
  ): never {
    const { attempt } = this.#reading;
    this.#reading.faults++;
    // Read ahead in growing steps: a command that faults again on the same range wants much of it. Not at first: most
    // want no more than they say, and each entry takes longer than what LevelDB does to find it.
    const ahead = 4 ** Math.min(pages.length, 10);
    // Where others take away what was read of an exact range there are more behind it.
    const limit = range.isExact === true && pages.length === 0 ? wanted : Math.max(wanted, ahead);
    const open = (): Page => {
      const bounds =
        last === undefined
          ? { ...this.#fullRange(range), reverse: range.reverse ?? false, limit }
          : last.rest(limit);
      const keep = (entry: StoreEntry): StoreEntry | null => (entry[1] === value ? entry : null);
      return this.#page(value === undefined ? bounds : { ...bounds, keep });
    };
    return attempt.fault(async () => {
      if (!this.isComplete) await this.complete();
      await this.#openReaders().readPage(pages, last, { limit, open }, this.#reading.store, attempt);
    });
  }

  #page(bounds: PageBounds): Page {
    return new Page(bounds, this.#unstored?.layers ?? [], this.#gathering);
  }

  /**
   * The elements of a range as they are at this moment, in runs, read from a snapshot while others write on.
   * Needs little memory however large the range is. May fault, unless they are `complete`.
   */
  stream<Item>(
    range: ElementRange,
    itemOf: (key: Bytes, value: Bytes) => Item,
  ): AsyncIterableIterator<readonly Item[]> {
    if (!this.isComplete) this.#reading.attempt.fault(() => this.complete());
    const bounds = this.#fullRange(range);
    const reverse = range.reverse ?? false;
    const changes = [...this.#changes(bounds.gte, bounds.lt)];
    if (reverse) changes.reverse();
    const iterator = this.#reading.store.iterate({ ...bounds, reverse });
    return new MergedStream(iterator, changes, reverse, (key, value) =>
      itemOf(key.slice(COLLECTION_PREFIX_LENGTH), value),
    );
  }

  /** All elements from `gte` on that are in the store at some moment between this call and the first run. */
  scan(gte: Bytes): Scan {
    return this.#reading.store.scan(this.#fullRange({ gte }));
  }

  /** What of that is not in the store yet. They have to be `complete`. */
  unstored(gte: Bytes): Change[] {
    const range = this.#fullRange({ gte });
    return this.#changes(range.gte, range.lt).map(([key, value]) => [
      key.slice(COLLECTION_PREFIX_LENGTH),
      value,
    ]);
  }

  /** What changed in a range and is not in the store, in order. */
  #changes(gte: Bytes, lt: Bytes): readonly Change[] {
    const unstored = this.#unstored?.range(gte, lt) ?? [];
    if (this.#gathering.size === 0) return unstored;
    const gathering = Array.from(this.#gathering).filter(([key]) => key >= gte && key < lt);
    return mergeOverlays(
      unstored,
      gathering.sort(([a], [b]) => (a < b ? -1 : 1)),
    );
  }

  #fullRange(range: ElementRange): { gte: Bytes; lt: Bytes } {
    return {
      gte: this.#prefix + range.gte,
      lt: range.lt === undefined ? collectionRange(this.id).lt : this.#prefix + range.lt,
    };
  }

  /** The collection is gone: what gathered need not be written any more. The collector takes the rest. */
  discard(): void {
    const gathering = this.#gathering;
    this.#reading.attempt.undo?.add(() => {
      this.#discarded = false;
      this.#gathering = gathering;
    });
    this.#discarded = true;
    this.#gathering = NO_CHANGES;
  }

  persist(batch: WriteBatch, round: number): void {
    if (this.#discarded) return;
    this.isStored = true;
    const gathering = this.#gathering;
    this.#gathering = NO_CHANGES;
    this.#undoneBy = this.#undoneIn = null;
    this.derived?.settled();
    gathering.writeTo(batch);
    this.#unstored ??= new UnstoredChanges();
    this.#committer.keep(this.#unstored.add(gathering, round, this.#mostKept(round)));
  }

  /** To keep a second copy of what changes for seconds is half of what a change costs: who has all elements in memory is spared it. */
  #mostKept(round: number): number {
    const isNeeded = round <= this.#neededRound + NEEDED_ROUNDS;
    return isNeeded ? Infinity : (this.holder?.maxKeptChanges ?? Infinity);
  }

  /** All that is not in the store is here. */
  get isComplete(): boolean {
    return this.#unstored === null || this.#unstored.isComplete;
  }

  /** Resolves when what was forgotten is in the store; for a while nothing is forgotten. Rejects when it cannot get there. */
  async complete(): Promise<void> {
    this.#neededRound = this.#committer.round;
    if (!this.isComplete) await this.#committer.catchUp();
  }

  applied(round: number): void {
    if (this.#unstored?.applied(round) === true) this.#unstored = null;
  }
}

/** Never written to. */
const NO_CHANGES = new ChangeList();
const NO_PAGES: readonly Page[] = [];

const elementOf = ([fullKey, value]: StoreEntry): Element => [fullKey.slice(COLLECTION_PREFIX_LENGTH), value];
const valueOf = ([, value]: StoreEntry): Bytes => value;

const nameOf = ({ gte, lt, reverse }: ElementRange): string =>
  `${reverse ? "<" : ">"}${gte.length}:${gte}${lt ?? ""}`;

/** Measured; what gathers, and what is not in the store yet, is counted by the committer. */
const ELEMENTS_BYTES = 200;
const READERS_BYTES = 900;

/** Up to so many point reads of one command are done in line. */
const MAX_INLINE_READS = 64;

const NEVER = -Infinity;

/** Who needs elements of a collection that is in memory (HSCAN, scripts) comes again. */
const NEEDED_ROUNDS = 2;

/** Entries behind a page that was kept. */
const READ_ON = 256;
