/**
 * The items that `read` gives, in growing steps: for a walk that may end early. `read` gives the first `limit` of them;
 * when it gives fewer, there are no more.
 */
export function* inSteps<Item>(first: number, read: (limit: number) => readonly Item[]): Generator<Item> {
  let given = 0;
  for (let limit = Math.min(first, FIRST_STEP); ; limit = Math.max(limit, 4) * GROWTH) {
    const items = read(limit);
    for (; given < items.length; given++) yield items[given]!;
    if (items.length < limit) return;
  }
}

const FIRST_STEP = 1000;
const GROWTH = 4;
