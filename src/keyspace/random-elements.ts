import type { Bytes } from "../support/bytes.ts";
import type { Random } from "../support/random.ts";
import type { Element, Elements } from "../storage/elements.ts";
import { u32 } from "../storage/numbers.ts";
import { drawDistinct } from "./draw.ts";

/**
 * Random elements of a collection that is too large for memory, whose elements are sorted by crc32. A seek to a
 * random crc32 alone would favour elements behind a gap, so a window of neighbours is read there and the draw is
 * made among them: the odds of two elements then differ by a quarter, not by a factor.
 */
const MIN_WINDOW = 16;

/** A draw of more elements than this takes several from each window: neighbours have nothing else in common. */
const MAX_SEEKS = 256;

/** `count` different elements of `part`. There should be many times as many. May fault. */
export function randomElements(elements: Elements, part: Bytes, count: number, random: Random): Element[] {
  const perSeek = Math.ceil(count / MAX_SEEKS);
  const drawn = new Map<Bytes, Element>();
  while (drawn.size < count) {
    const window = [...randomWindow(elements, part, perSeek, random)];
    for (const element of drawDistinct(window, Math.min(perSeek, count - drawn.size), random)) {
      drawn.set(element[0], element);
    }
  }
  return [...drawn.values()];
}

/** `count` elements of `part`, any of them more than once. May fault. */
export function randomElementsWithRepeats(
  elements: Elements,
  part: Bytes,
  count: number,
  random: Random,
): Element[] {
  const perSeek = Math.ceil(count / MAX_SEEKS);
  const drawn: Element[] = [];
  while (drawn.length < count) {
    const window = randomWindow(elements, part, perSeek, random);
    for (let i = Math.min(perSeek, count - drawn.length); i > 0; i--)
      drawn.push(window[random.below(window.length)]!);
  }
  return drawn;
}

function randomWindow(elements: Elements, part: Bytes, perSeek: number, random: Random): readonly Element[] {
  const size = Math.max(MIN_WINDOW, 2 * perSeek);
  const end = String.fromCharCode(part.charCodeAt(0) + 1);
  const window = elements.range({ gte: part + u32(random.next32()), lt: end }, size);
  if (window.length === size) return window;
  // Behind the greatest crc32 comes the least.
  return [...window, ...elements.range({ gte: part, lt: end }, size - window.length)];
}
