import type { Bytes } from "../support/bytes.ts";
import type { Reply } from "./reply.ts";

/** By version of the protocol; null until it is first written. */
export interface KeptText {
  2: Bytes | null;
  3: Bytes | null;
}

const texts = new WeakMap<readonly Reply[], KeptText>();

/**
 * A copy of the elements, to be given as a reply, or in one, again and again: its text is written once. Null when that would not
 * pay, or take too much memory.
 */
export function withKeptText(elements: readonly Reply[]): readonly Reply[] | null {
  if (elements.length < FEWEST_ELEMENTS || elements.length > MOST_ELEMENTS) return null;
  let bytes = 0;
  for (const element of elements) bytes += bytesOf(element);
  if (bytes > MOST_BYTES) return null;
  // The array may be a part of what was read.
  const kept = elements.slice();
  texts.set(kept, { 2: null, 3: null });
  return kept;
}

export function keptText(elements: readonly Reply[]): KeptText | undefined {
  return elements.length < FEWEST_ELEMENTS ? undefined : texts.get(elements);
}

function bytesOf(reply: Reply): number {
  // The writer sends a long string by itself.
  if (typeof reply === "string") return reply.length > LONGEST_STRING ? Infinity : HEAD_BYTES + reply.length;
  if (!Array.isArray(reply)) return NUMBER_BYTES;
  let bytes = HEAD_BYTES;
  for (const element of reply) bytes += bytesOf(element);
  return bytes;
}

const FEWEST_ELEMENTS = 8;
const MOST_ELEMENTS = 4096;
const MOST_BYTES = 64 << 10;
const LONGEST_STRING = 8 << 10;
/** About what stands before and behind it. */
const HEAD_BYTES = 7;
const NUMBER_BYTES = 20;
