import type { Bytes } from "../support/bytes.ts";
import type { KeyRange } from "./layout.ts";
import { type Overlay, mergeChanges, sortChanges } from "./overlay.ts";
import type { Store, StoreEntry } from "./store.ts";
import { turnEnd } from "../support/turn-end.ts";

export interface PageBounds extends KeyRange {
  readonly reverse: boolean;
  /** How many entries at the most; Infinity for the whole range. */
  readonly limit: number;
  /** What to keep of an entry that was read; null to leave it out. Absent: all of it. */
  readonly keep?: (entry: StoreEntry) => StoreEntry | null;
}

/** Entries are replaced, never changed, once they are read. */
export interface PageState {
  readonly entries: StoreEntry[];
  readonly overtaken: ReadonlyMap<Bytes, Bytes | null>;
}

/**
 * A run of entries read from the store, kept true by the writes that overtake it.
 *
 * The read starts from a snapshot; what was not yet written then, and every write since, is laid over it:
 * so a page is right at any later moment, however long the read took and however often its range is
 * written meanwhile. No fetch is ever thrown away, so nothing starves.
 */
export class Page {
  readonly #bounds: PageBounds;
  // Looked at for each write, of all pages that are being read; the bounds come as objects of many shapes.
  readonly #gte: Bytes;
  readonly #lt: Bytes;
  readonly #reverse: boolean;
  readonly #overtaken = new Map<Bytes, Bytes | null>();
  #entries: StoreEntry[] = [];
  /** The last key (in reading order) that the page says anything about; null when it covers its whole range. */
  #end: Bytes | null = null;

  /**
   * `layers`, and then `pending`: what is in memory and not yet in the store, the later ones count. Of a layer, which may
   * hold millions, no more is looked at than the page can hold, and the page ends there.
   */
  constructor(
    bounds: PageBounds,
    layers: readonly Overlay[],
    pending: Iterable<readonly [Bytes, Bytes | null]>,
  ) {
    this.#bounds = bounds;
    this.#gte = bounds.gte;
    this.#lt = bounds.lt;
    this.#reverse = bounds.reverse;
    for (const layer of layers) {
      const { changes, isCut } = layer.run(bounds);
      for (const [key, value] of changes) this.#overtaken.set(key, value);
      if (isCut) this.#endAt(changes.at(-1)![0]);
    }
    for (const [key, value] of pending) this.overtake(key, value);
  }

  #endAt(key: Bytes): void {
    if (this.#end === null || (this.#reverse ? key > this.#end : key < this.#end)) this.#end = key;
  }

  /** A write to the owner of the range; `null` deletes. Whether the page says anything about the key. */
  overtake(key: Bytes, value: Bytes | null): boolean {
    if (key < this.#gte || key >= this.#lt || !this.#isCovered(key)) return false;
    this.#overtaken.set(key, value);
    return true;
  }

  #isCovered(key: Bytes): boolean {
    const end = this.#end;
    return end === null || (this.#reverse ? key >= end : key <= end);
  }

  /** What a transaction changes of the page, to be given back to `restore`; not while the page is being read. */
  save(): PageState {
    return { entries: this.#entries, overtaken: new Map(this.#overtaken) };
  }

  restore({ entries, overtaken }: PageState): void {
    this.#entries = entries;
    this.#overtaken.clear();
    for (const [key, value] of overtaken) this.#overtaken.set(key, value);
  }

  /** Reads from a snapshot of the moment of the call. */
  async read(store: Store): Promise<void> {
    const { limit, keep } = this.#bounds;
    const iterator = store.iterate(this.#covered());
    try {
      await turnEnd();
      const entries = this.#entries;
      for (;;) {
        // The last one read bounds what the page covers: never read beyond the limit.
        const more = await iterator.next(Math.min(limit - entries.length, READ_STEP));
        if (more.length === 0) return;
        for (const entry of more) {
          const kept = keep === undefined ? entry : keep(entry);
          if (kept !== null) entries.push(kept);
        }
        if (entries.length >= limit) {
          this.#endAt(entries[entries.length - 1]![0]);
          return;
        }
      }
    } finally {
      await iterator.close();
    }
  }

  #covered(): PageBounds {
    const end = this.#end;
    if (end === null) return this.#bounds;
    return this.#reverse ? { ...this.#bounds, gte: end } : { ...this.#bounds, lt: end + "\0" };
  }

  /** The entries, as of now, in reading order; possibly a few more or less than the limit. */
  get entries(): readonly StoreEntry[] {
    if (this.#overtaken.size > 0) this.#layOver();
    return this.#entries;
  }

  /** Whether there can be more entries in the range than the page holds. */
  get isComplete(): boolean {
    return this.#end === null;
  }

  /** About how many entries it holds, those included that are to be laid over it. */
  get size(): number {
    return this.#entries.length + this.#overtaken.size;
  }

  /** Becomes one with the page that follows it. */
  absorb(next: Page): void {
    this.#entries = [...this.entries, ...next.entries];
    this.#end = next.#end;
  }

  /** The bounds of what follows. */
  rest(limit: number): PageBounds {
    const end = this.#end!;
    return this.#reverse ? { ...this.#bounds, limit, lt: end } : { ...this.#bounds, limit, gte: end + "\0" };
  }

  #layOver(): void {
    const reverse = this.#reverse;
    const covered: [Bytes, Bytes | null][] = [];
    for (const change of this.#overtaken) if (this.#isCovered(change[0])) covered.push(change);
    this.#overtaken.clear();
    if (covered.length > 0)
      this.#entries = mergeChanges(this.#entries, sortChanges(covered, reverse), reverse);
  }
}

/** Entries of one nextv call. */
const READ_STEP = 2000;
