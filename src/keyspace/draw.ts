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

/** `count` of `items`, with repetition, each item as likely as the others at each draw. */
export function drawRepeated<Item>(items: readonly Item[], count: number, random: Random): Item[] {
  return Array.from({ length: count }, () => items[random.below(items.length)]!);
}

/** `count` different numbers from 0 to `bound` - 1, in random order; `count` is at most `bound`. */
export function drawNumbers(count: number, bound: number, random: Random): number[] {
  if (count > bound / 2)
    return drawDistinct(
      Array.from({ length: bound }, (_, i) => i),
      count,
      random,
    );
  const drawn = new Set<number>();
  while (drawn.size < count) drawn.add(random.below(bound));
  return [...drawn];
}
