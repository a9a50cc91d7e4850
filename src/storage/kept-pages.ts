import type { Bytes } from "../support/bytes.ts";
import type { Page } from "./page.ts";
import type { Undo } from "./undo.ts";

/** What is read again and again is read in few ways: the first and the last elements, a page of a list. */
const MAX_PAGES = 4;
export const MAX_KEPT_ENTRIES = 1000;
const MAX_BYTES = 256 << 10;
/** About what an entry takes beside its bytes. */
const ENTRY_BYTES = 80;
/** Of so many ranges it is known that they were read once. */
const MAX_SEEN = 8;

interface Kept {
  readonly page: Page;
  bytes: number;
}

/**
 * The ranges of a collection on disk that are read again and again, kept true by each write: the head of a list, the
 * first ten of a ranking are read more often than they change. What is read once is not kept.
 */
export class KeptPages {
  /** By what was asked for; the oldest first. */
  readonly #pages = new Map<string, Kept>();
  readonly #seen = new Set<string>();
  #bytes = 0;

  get memoryBytes(): number {
    return this.#bytes;
  }

  get(name: string): Page | undefined {
    return this.#pages.get(name)?.page;
  }

  /** Keeps what was read as one page, the others behind it, when it was read before and is not much. */
  keep(name: string, [first, ...rest]: readonly Page[]): void {
    this.drop(name);
    if (first === undefined || !this.#isSeen(name)) return;
    if (rest.reduce((sum, { size }) => sum + size, first.size) > MAX_KEPT_ENTRIES) return;
    for (const page of rest) first.absorb(page);
    this.#put(name, first);
  }

  /** What follows a page that may still be kept has been read. */
  extend(name: string, page: Page, next: Page): void {
    if (this.get(name) !== page) return;
    this.drop(name);
    page.absorb(next);
    this.#put(name, page);
  }

  #put(name: string, page: Page): void {
    const bytes = bytesOf(page);
    if (bytes > MAX_BYTES) return;
    this.#pages.set(name, { page, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#pages.keys()) {
      if (this.#pages.size <= MAX_PAGES && this.#bytes <= MAX_BYTES) break;
      this.drop(oldest);
    }
  }

  #isSeen(name: string): boolean {
    if (this.#seen.has(name)) return true;
    this.#seen.add(name);
    if (this.#seen.size > MAX_SEEN) this.#seen.delete(this.#seen.keys().next().value!);
    return false;
  }

  drop(name: string): void {
    const kept = this.#pages.get(name);
    if (kept === undefined) return;
    this.#bytes -= kept.bytes;
    this.#pages.delete(name);
  }

  forget(): void {
    this.#pages.clear();
    this.#seen.clear();
    this.#bytes = 0;
  }

  /** A write. */
  overtake(fullKey: Bytes, value: Bytes | null): void {
    if (this.#pages.size === 0) return;
    for (const [name, kept] of this.#pages) {
      if (!kept.page.overtake(fullKey, value)) continue;
      const bytes = bytesOfEntry(fullKey, value ?? "");
      kept.bytes += bytes;
      this.#bytes += bytes;
      if (kept.page.size > MAX_KEPT_ENTRIES || kept.bytes > MAX_BYTES) this.drop(name);
    }
  }

  /** What the transaction changes of them is taken back with it. */
  remember(undo: Undo): void {
    for (const { page } of this.#pages.values()) {
      const state = page.save();
      undo.add(() => page.restore(state));
    }
  }
}

function bytesOf(page: Page): number {
  let bytes = 0;
  for (const [key, value] of page.entries) bytes += bytesOfEntry(key, value);
  return bytes;
}

const bytesOfEntry = (key: Bytes, value: Bytes): number => ENTRY_BYTES + key.length + value.length;
