import type { Random } from "../support/random.ts";

/** `count` different ones of `items`, in random order (all of them when there are not more). Shuffles `items`. */
export function drawDistinct<Item>(items: Item[], count: number, random: Random): Item[] {
  const wanted = Math.min(count, items.length);
  for (let i = 0; i < wanted; i++) {
    const j = i + random.below(items.length - i);
    const drawn = items[j]!;
    items[j] = items[i]!;
    items[i] = drawn;
  }
  items.length = wanted;
  return items;
}
