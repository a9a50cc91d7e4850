import type { Bytes } from "../support/bytes.ts";
import { BytesTable, wasRead } from "../support/bytes-table.ts";
import type { Entry } from "./entry.ts";
import type { ValueObject } from "./value.ts";

/** So few entries are in the processor's cache anyway. */
const FEW_ENTRIES = 1000;

/** Takes an object that a key holds, and the key's place among those that were touched. */
export type ObjectVisitor = (object: ValueObject, place: number) => void;

/** Entries by key, many of which can be looked for at the same time. */
export class EntryTable {
  readonly #table = new BytesTable<Entry>();

  get size(): number {
    return this.#table.size;
  }

  get(key: Bytes): Entry | undefined {
    return this.#table.get(key);
  }

  has(key: Bytes): boolean {
    return this.#table.has(key);
  }

  /** Of a key that is not there. */
  add(entry: Entry): void {
    this.#table.add(entry.key, entry);
  }

  delete(key: Bytes): void {
    this.#table.delete(key);
  }

  *values(): IterableIterator<Entry> {
    for (const [, entry] of this.#table) yield entry;
  }

  /**
   * Brings what lookups of these keys will need into the processor's cache, and what is read of a value that is a string.
   * Gives how many of them are surely not there; not all, and while there are few entries none.
   */
  touch(keys: readonly Bytes[]): number {
    if (this.size < FEW_ENTRIES) return 0;
    return this.#table.touch(keys, (_, count) => {
      this.#touchEntries(count);
      let read = 0;
      for (let i = 0; i < count; i++) {
        const value = this.#table.touched(i)?.value;
        if (typeof value === "string") read += value.length;
      }
      wasRead(read);
    });
  }

  /**
   * The same for keys whose strings will be replaced, not read: to bring those near would be a waste. What is no string
   * is shown to `visit`, also while there are few entries.
   */
  touchToWrite(keys: readonly Bytes[], visit: ObjectVisitor | null = null): number {
    const isSmall = this.size < FEW_ENTRIES;
    if (isSmall && visit === null) return 0;
    const missing = this.#table.touch(keys, (begin, count) => {
      this.#touchEntries(count);
      for (let i = 0; visit !== null && i < count; i++) {
        const object = this.#table.touched(i)?.object;
        if (object !== null && object !== undefined) visit(object, begin + i);
      }
    });
    return isSmall ? 0 : missing;
  }

  #touchEntries(count: number): void {
    let read = 0;
    for (let i = 0; i < count; i++) read += this.#table.touched(i)?.newest ?? 0;
    wasRead(read);
  }
}
