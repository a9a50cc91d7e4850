import type { Bytes } from "../support/bytes.ts";
import type { KeyRange } from "./layout.ts";
import { type Change, type Overlay, mergeChanges } from "./overlay.ts";
import type { Scan } from "./scan/run.ts";
import { scanHere } from "./scan/scan-here.ts";
import type { ScanThread } from "./scan/thread.ts";
import type { IterationRange, Store, StoreBatch, StoreEntry, StoreIterator, StoreSnapshot } from "./store.ts";

/**
 * A store for reading, and what is to be believed instead of it. There is such an overlay while what was acknowledged
 * cannot be brought into LevelDB, nor be kept in memory as it was: after a failed write.
 */
export class OverlaidStore implements Store {
  base: Store;
  overlay: Overlay | null = null;
  readonly #scans: ScanThread | null;

  /** `scans`: reads whole ranges of the base. */
  constructor(base: Store, scans: ScanThread | null = null) {
    this.base = base;
    this.#scans = scans;
  }

  getSync(key: Bytes): Bytes | undefined {
    const changed = this.overlay?.get(key);
    return changed === undefined ? this.base.getSync(key) : (changed ?? undefined);
  }

  async getMany(keys: readonly Bytes[]): Promise<(Bytes | undefined)[]> {
    const { overlay } = this;
    const values = await this.base.getMany(keys);
    if (overlay === null) return values;
    return keys.map((key, i) => {
      const changed = overlay.get(key);
      return changed === undefined ? values[i] : (changed ?? undefined);
    });
  }

  iterate(range: IterationRange): StoreIterator {
    return this.#laidOver(this.base.iterate(range), range);
  }

  scan(range: KeyRange): Scan {
    return this.overlay === null && this.#scans !== null
      ? this.#scans.scan(range)
      : scanHere(() => this.iterate(range));
  }

  snapshot(): StoreSnapshot {
    const snapshot = this.base.snapshot();
    return {
      iterate: (range) => this.#laidOver(snapshot.iterate(range), range),
      close: () => snapshot.close(),
    };
  }

  #laidOver(iterator: StoreIterator, range: IterationRange): StoreIterator {
    const changes = this.overlay?.range(range.gte, range.lt) ?? [];
    if (changes.length === 0) return iterator;
    return new OverlaidIterator(
      iterator,
      range.reverse ? changes.reverse() : changes,
      range.reverse ?? false,
    );
  }

  batch(): StoreBatch {
    return this.base.batch();
  }

  async compact(range: KeyRange): Promise<void> {
    await this.base.compact(range);
  }

  async approximateBytes(range: KeyRange): Promise<number> {
    return this.base.approximateBytes(range);
  }

  async startNewLog(): Promise<void> {
    await this.base.startNewLog();
  }

  property(name: string): string | undefined {
    return this.base.property(name);
  }

  async close(): Promise<void> {
    await this.base.close();
  }
}

class OverlaidIterator implements StoreIterator {
  readonly #iterator: StoreIterator;
  readonly #changes: readonly Change[];
  readonly #reverse: boolean;
  #next = 0;
  #waiting: StoreEntry[] = [];
  #isAtEnd = false;

  constructor(iterator: StoreIterator, changes: readonly Change[], reverse: boolean) {
    this.#iterator = iterator;
    this.#changes = changes;
    this.#reverse = reverse;
  }

  async next(limit: number): Promise<StoreEntry[]> {
    while (this.#waiting.length === 0 && !this.#isAtEnd) {
      const entries = await this.#iterator.next(limit);
      const last = entries.at(-1)?.[0];
      this.#isAtEnd = last === undefined;
      const from = this.#next;
      while (this.#next < this.#changes.length && !this.#isBehind(last)) this.#next++;
      this.#waiting = mergeChanges(entries, this.#changes.slice(from, this.#next), this.#reverse);
    }
    const taken = this.#waiting.slice(0, limit);
    this.#waiting = this.#waiting.slice(limit);
    return taken;
  }

  #isBehind(last: Bytes | undefined): boolean {
    if (last === undefined) return false;
    const key = this.#changes[this.#next]![0];
    return this.#reverse ? key < last : key > last;
  }

  async close(): Promise<void> {
    await this.#iterator.close();
  }
}
