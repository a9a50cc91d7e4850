import type { Element, ElementRange } from "../../storage/elements.ts";
import type { Bytes } from "../../support/bytes.ts";
import { entryIdOf, entryKey } from "./entries.ts";
import { nextId } from "./id.ts";
import { SortedTable } from "./sorted-table.ts";

/**
 * Entries of a stream that is on disk, a few more than were asked for: consumers of a group, and who reads page by page,
 * go on where the last one ended. Without it each of them waits for a read of its own, behind which the others have
 * gone on, so that what it read is no use to it.
 */
export class ReadAhead {
  /** All entries from `#from` up to, not including, `#behind`. */
  #table = new SortedTable();
  #from: Bytes = "";
  #behind: Bytes = "";
  /** The last entry that was read. */
  #last: Bytes | null = null;
  #bytes = 0;

  get memoryBytes(): number {
    return this.#bytes;
  }

  /** As `fetch`, which may fault, gives it. `most`: so many entries may be read at once. */
  range(
    range: ElementRange,
    limit: number,
    most: number,
    fetch: (range: ElementRange, limit: number) => readonly Element[],
  ): readonly Element[] {
    const found = this.#known(range, limit) ?? this.#read(range, limit, most, fetch);
    this.#last = found.at(-1)?.[0] ?? this.#last;
    return found;
  }

  #known(range: ElementRange, limit: number): readonly Element[] | null {
    if (range.gte < this.#from || range.gte >= this.#behind) return null;
    const found = this.#table.range(range, limit);
    return found.length === limit || (range.lt !== undefined && range.lt <= this.#behind) ? found : null;
  }

  #read(
    range: ElementRange,
    limit: number,
    most: number,
    fetch: (range: ElementRange, limit: number) => readonly Element[],
  ): readonly Element[] {
    if (limit >= most || !this.#goesOn(range.gte)) return fetch(range, limit);
    const found = fetch(range, most);
    this.#table = SortedTable.of(found);
    this.#from = range.gte;
    this.#behind = found.length === 0 ? "" : `${found.at(-1)![0]}\0`;
    this.#bytes = found.reduce((bytes, [key, value]) => bytes + key.length + value.length, 0);
    return found.slice(0, limit);
  }

  #goesOn(from: Bytes): boolean {
    if (this.#last === null) return false;
    const next = nextId(entryIdOf(this.#last));
    return next !== null && from === entryKey(next);
  }

  delete(key: Bytes): void {
    this.#table.delete(key);
  }

  /** Most come behind all that is known here. After XSETID, of a stream that lost its last entries, one may come in between. */
  added(key: Bytes): void {
    if (key < this.#behind) this.#behind = "";
  }
}
