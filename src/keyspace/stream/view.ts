import type { Element, ElementRange } from "../../storage/elements.ts";
import type { Bytes } from "../../support/bytes.ts";
import type { StreamHeader } from "./header.ts";

/**
 * The parts of a stream's elements. Packed, they stand in the record in the same order.
 *
 *   part 0: id                                     ⇒ fields and values
 *   part 1: first id of a node                     ⇒ node (all but the last one, which is in the header)
 *   part 2: group's name                           ⇒ group
 *   part 3: group's number u32, consumer's name    ⇒ consumer
 *   part 4: group's number u32, id                 ⇒ pending entry
 *   part 5: group's number u32, length of the consumer's name varint, name, id    ⇒ nothing
 */
export const PART = {
  entries: "\0",
  nodes: "\x01",
  groups: "\x02",
  consumers: "\x03",
  pending: "\x04",
  owned: "\x05",
} as const;

/** A stream as it is, or as a command is about to leave it. Reads may fault. */
export interface StreamView {
  readonly header: StreamHeader;
  get(key: Bytes): Bytes | null;
  /** After this `get` of these keys does not fault. */
  ready(keys: readonly Bytes[]): void;
  range(range: ElementRange, limit: number): readonly Element[];
}
