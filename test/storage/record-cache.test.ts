import { expect, test } from "vitest";
import { type CacheNode, RecordCache } from "../../src/storage/record-cache.ts";

class Node implements CacheNode {
  visited = false;
  costBytes = 0;
  newer: CacheNode | null = null;
  older: CacheNode | null = null;
  readonly memoryBytes = 1;
  isPinned: boolean;

  constructor(isPinned: boolean) {
    this.isPinned = isPinned;
  }
}

/** Oldest first. */
function cacheOf(limit: number, ...runs: readonly (readonly [count: number, isPinned: boolean])[]) {
  const evicted: Node[] = [];
  const cache = new RecordCache<Node>(limit, (node) => evicted.push(node));
  for (const [count, isPinned] of runs) for (let i = 0; i < count; i++) cache.add(new Node(isPinned));
  return { cache, evicted };
}

test("a long run of pinned nodes is passed by, and what is behind it evicted", () => {
  const { cache, evicted } = cacheOf(150_000, [100_000, true], [100_000, false]);
  let calls = 0;
  while (cache.isFull && calls++ < 100) expect(cache.trim()).toBe(true);
  expect(evicted).toHaveLength(50_000);
  expect(cache.bytes).toBe(150_000);
});

test("when all are pinned it is stuck after the hand has come by all of them, until some may go", () => {
  const { cache, evicted } = cacheOf(10, [100_000, true]);
  let calls = 1;
  while (cache.trim() && calls < 100) calls++;
  expect(calls).toBeGreaterThanOrEqual(5);
  expect(calls).toBeLessThan(15);
  expect(cache.isFull).toBe(false);
  cache.unpinned();
  expect(cache.isFull).toBe(true);
  expect(evicted).toEqual([]);
});

test("what was used is spared once", () => {
  const { cache, evicted } = cacheOf(2, [3, false]);
  const used = new Node(false);
  used.visited = true;
  cache.add(used);
  expect(cache.trim()).toBe(true);
  expect(evicted).toHaveLength(2);
  expect(evicted).not.toContain(used);
});
