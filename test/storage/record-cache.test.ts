import { describe, expect, test } from "vitest";
import { type CacheNode, RecordCache } from "../../src/storage/record-cache.ts";

class Node implements CacheNode {
  key = "";
  visited = false;
  isPassing = false;
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
  const nodes: Node[] = [];
  const cache = new RecordCache<Node>(limit, (node) => evicted.push(node));
  for (const [count, isPinned] of runs) for (let i = 0; i < count; i++) nodes.push(new Node(isPinned));
  for (const node of nodes) cache.add(node);
  return { cache, nodes, evicted };
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

test("what may go after all is looked at from the beginning: that all of it was used ends nothing", () => {
  const { cache, nodes, evicted } = cacheOf(10, [100_000, true]);
  while (cache.trim());
  for (const node of nodes) {
    node.isPinned = false;
    node.visited = true;
  }
  cache.unpinned();
  let calls = 0;
  while (cache.isFull && calls++ < 100) expect(cache.trim()).toBe(true);
  expect(evicted).toHaveLength(99_990);
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

test("where everything was used, some of it goes all the same", () => {
  const { cache, nodes, evicted } = cacheOf(150_000, [200_000, false]);
  for (const node of nodes) node.visited = true;
  let calls = 0;
  while (cache.isFull && calls++ < 100) expect(cache.trim()).toBe(true);
  expect(evicted).toHaveLength(50_000);
});

describe("of what is read when there is no room", () => {
  const full = () => cacheOf(100, [98, false]);
  const read = (cache: RecordCache<Node>, key: string): Node => {
    const node = new Node(false);
    node.key = key;
    cache.admit(node);
    return node;
  };

  test("what is read once goes with the next trim, and pushes out nothing", () => {
    const { cache, evicted } = full();
    const nodes = ["a", "b", "c", "d"].map((key) => read(cache, key));
    expect(cache.isFull).toBe(true);
    cache.trim();
    expect(evicted).toEqual(nodes);
    expect(cache.isFull).toBe(false);
    expect(cache.count).toBe(98);
  });

  test("what is read again stays", () => {
    const { cache, evicted } = full();
    read(cache, "a");
    cache.trim();
    read(cache, "a");
    cache.trim();
    expect(evicted).toHaveLength(1);
    expect(cache.count).toBe(99);
  });

  test("what was changed or is in use meanwhile stays, and what was removed is not evicted", () => {
    const { cache, evicted } = full();
    const [changed, removed] = [read(cache, "a"), read(cache, "b")];
    changed.isPinned = true;
    cache.remove(removed);
    cache.trim();
    expect(evicted).toEqual([]);
    expect(cache.count).toBe(99);
    expect(cache.bytes).toBe(99);
  });

  test("with room again it stays at once", () => {
    const { cache, evicted } = full();
    cache.limitBytes = 1000;
    read(cache, "a");
    cache.trim();
    expect(evicted).toEqual([]);
    expect(cache.count).toBe(99);
  });
});
