import type { Bytes } from "../support/bytes.ts";
import type { Elements } from "../storage/elements.ts";
import { readU32, u32 } from "../storage/numbers.ts";

export interface ScanPage<Item> {
  /** Where the next step begins; 0: the scan is complete. */
  readonly cursor: number;
  readonly items: readonly Item[];
}

/**
 * Cursors of HSCAN, SSCAN and ZSCAN are numbers that need no memory on the server: elements are sorted by the
 * crc32 of the member first, a cursor is one more than the crc32 at which the next step begins, 0 begins and
 * ends. All members of one crc32 come in one step, so none is passed over.
 */
export function crcOfCursor(cursor: number): number {
  return cursor === 0 ? 0 : Math.min(cursor - 1, 0xffff_ffff);
}

/** One step: at least `count` elements of `part` (if there are) from the given crc32 on. */
export function scanElements<Item>(
  elements: Elements,
  part: Bytes,
  fromCrc: number,
  count: number,
  itemOf: (key: Bytes, value: Bytes) => Item,
): ScanPage<Item> {
  const range = { gte: part + u32(fromCrc), lt: String.fromCharCode(part.charCodeAt(0) + 1) };
  // One more than asked, to know where the next step begins; twice as many, while the last crc32 goes on: whoever chooses
  // the members can have as many of one as there are.
  for (let wanted = count + 1; ; wanted *= 2) {
    const found = elements.range(range, wanted);
    if (found.length < wanted) return { cursor: 0, items: found.map(([key, value]) => itemOf(key, value)) };
    const nextCrc = readU32(found[found.length - 1]![0], part.length);
    let end = found.length - 1;
    while (end > 0 && readU32(found[end - 1]![0], part.length) === nextCrc) end--;
    if (end > 0) {
      return { cursor: nextCrc + 1, items: found.slice(0, end).map(([key, value]) => itemOf(key, value)) };
    }
  }
}
