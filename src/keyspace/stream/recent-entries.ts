import type { Element, ElementRange } from "../../storage/elements.ts";
import type { Bytes } from "../../support/bytes.ts";
import { SortedTable } from "./sorted-table.ts";
import { PART } from "./view.ts";

/**
 * The last entries of a stream that is on disk. Who reads a stream most often reads what came last: it is answered
 * without a walk through LevelDB. From the first key on that it was given, and has not dropped, it has all there are.
 */
export class RecentEntries {
  readonly #table = new SortedTable();
  #from: Bytes | null = null;
  #bytes = 0;

  get memoryBytes(): number {
    return this.#bytes;
  }

  /** An entry behind all others. */
  add(key: Bytes, value: Bytes): void {
    this.#from ??= key;
    this.#table.append(key, value);
    this.#bytes += bytesOf(key, value);
    if (this.#bytes > MAX_BYTES) this.#dropFirst();
  }

  #dropFirst(): void {
    const { keys, values } = this.#table.takeFirst();
    for (let at = 0; at < keys.length; at++) this.#bytes -= bytesOf(keys[at]!, values[at]!);
    // Nothing is between the last one that goes and the first one that stays.
    this.#from = this.#table.range(ALL, 1)[0]?.[0] ?? null;
  }

  delete(key: Bytes): void {
    const value = this.#table.get(key);
    if (value === undefined) return;
    this.#table.delete(key);
    this.#bytes -= bytesOf(key, value);
  }

  /** Null when there may be more of it than is known here. */
  range(range: ElementRange, limit: number): readonly Element[] | null {
    const from = this.#from;
    if (from === null || range.lt === undefined || range.lt > PART.nodes) return null;
    if (range.gte >= from) return this.#table.range(range, limit);
    if (range.reverse !== true) return null;
    const found = this.#table.range(range, limit);
    return found.length === limit ? found : null;
  }
}

const ALL: ElementRange = { gte: "" };

const MAX_BYTES = 256 << 10;

/** Two strings' headers and two slots. */
const ELEMENT_BYTES = 60;

const bytesOf = (key: Bytes, value: Bytes): number => key.length + value.length + ELEMENT_BYTES;
