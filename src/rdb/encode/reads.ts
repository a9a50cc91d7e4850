import type { Element, ElementRange } from "../../storage/elements.ts";
import type { Bytes } from "../../support/bytes.ts";

/** The next run of the range that was asked for last. */
export const MORE = "more";

/**
 * How a value is written whose elements are not in its record: it asks for ranges of them and is given runs, an empty
 * one at the end of a range. Whoever drives it reads from memory, with faults, or from a snapshot, and takes the output
 * in between.
 */
export type Reads = Generator<ElementRange | typeof MORE, void, readonly Element[]>;

/** Visits the elements of a range, one after the other. */
export function* forEach(range: ElementRange, visit: (key: Bytes, value: Bytes) => void): Reads {
  for (let run = yield range; run.length > 0; run = yield MORE) {
    for (const [key, value] of run) visit(key, value);
  }
}

/** Drives it with whole ranges at once. */
export function readAtOnce(reads: Reads, read: (range: ElementRange) => readonly Element[]): void {
  for (let step = reads.next(); step.done !== true;) {
    step = reads.next(step.value === MORE ? [] : read(step.value));
  }
}
