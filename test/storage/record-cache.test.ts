import { describe, expect, test } from "vitest";
import { type CacheNode, RecordCache } from "../../src/storage/record-cache.ts";
import { Random } from "../../src/support/random.ts";

class Node implements CacheNode {
  key = "";
  visited = false;
  isPassing = false;
  costBytes = 0;
  newer: CacheNode | null = null;
  older: CacheNode | null = null;
  memoryBytes = 1;
  isPinned: boolean;

  constructor(isPinned: boolean) {
    this.isPinned = isPinned;
  }
}

/** Oldest first. */
function cacheOf(limit: number, ...runs: readonly (readonly [count: number, isPinned: boolean])[]) {
  const evicted: Node[] = [];
  const nodes: Node[] = [];
  const cache = new RecordCache<Node>({ limitBytes: limit, minBytes: limit }, (node) => evicted.push(node));
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

test("while it is stuck what is read and does not stay goes, and the rest is not looked at again", () => {
  const { cache, evicted } = cacheOf(10, [100_000, true]);
  while (cache.trim());
  const read = new Node(false);
  cache.admit(read);
  expect(cache.isFull).toBe(true);
  expect(cache.trim()).toBe(false);
  expect(evicted).toEqual([read]);
  expect(cache.isFull).toBe(false);
  cache.unpinned();
  expect(cache.isFull).toBe(true);
});

test("another limit is tried at once, also when it was stuck", () => {
  const { cache, nodes } = cacheOf(1600, [2000, true]);
  while (cache.trim());
  expect(cache.isFull).toBe(false);
  for (const node of nodes) node.isPinned = false;
  cache.limits = { limitBytes: 100, minBytes: 100 };
  while (cache.isFull) expect(cache.trim()).toBe(true);
  expect(cache.bytes).toBe(100);
});

test("when it has grown by a part it looks again, though nobody has told that some may go", () => {
  const { cache, nodes, evicted } = cacheOf(1600, [2000, true]);
  while (cache.trim());
  for (const node of nodes) node.isPinned = false;
  for (let i = 0; i < 50; i++) cache.add(new Node(false));
  expect(cache.isFull).toBe(false);
  for (let i = 0; i < 50; i++) cache.add(new Node(false));
  let calls = 0;
  while (cache.isFull && calls++ < 100) expect(cache.trim()).toBe(true);
  expect(evicted).toHaveLength(500);
  expect(cache.bytes).toBe(1600);
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

describe("of small records and large ones", () => {
  const LARGE = 100_000;
  const sized = (memoryBytes: number): Node => Object.assign(new Node(false), { memoryBytes });
  function cacheWith(limitBytes: number, minBytes: number) {
    const evicted = new Set<Node>();
    const cache = new RecordCache<Node>({ limitBytes, minBytes }, (node) => evicted.add(node));
    const add = (...nodes: readonly Node[]): void => {
      for (const node of nodes) {
        cache.add(node);
        while (cache.isFull) cache.trim();
      }
    };
    return { cache, evicted, add };
  }
  const many = (count: number, bytes: number): Node[] => Array.from({ length: count }, () => sized(bytes));

  test("lists that nobody reads again leave the small ones their part, however old those are", () => {
    const { cache, evicted, add } = cacheWith(10 * LARGE, 3 * LARGE);
    const counters = many(3000, 100);
    const lists = many(50, LARGE);
    add(...counters, ...lists);
    expect(counters.some((node) => evicted.has(node))).toBe(false);
    expect(lists.filter((node) => !evicted.has(node))).toEqual(lists.slice(-7));
    expect(cache.bytes).toBe(10 * LARGE);
  });

  test("a list that is used stays, one that is not goes", () => {
    const { evicted, add } = cacheWith(10 * LARGE, 3 * LARGE);
    const used = sized(LARGE);
    add(...many(3000, 100), used);
    for (const list of many(50, LARGE)) {
      used.visited = true;
      add(list);
    }
    expect(evicted.has(used)).toBe(false);
    expect(evicted.size).toBe(44);
  });

  test("what grows large is counted with the large ones, and what shrinks with the small", () => {
    const { cache, evicted, add } = cacheWith(10 * LARGE, 3 * LARGE);
    const grown = sized(100);
    const shrunk = sized(LARGE);
    add(...many(2999, 100), grown, ...many(6, LARGE), shrunk);
    grown.memoryBytes = LARGE;
    cache.reprice(grown);
    shrunk.memoryBytes = 100;
    cache.reprice(shrunk);
    expect(cache.bytes).toBe(2999 * 100 + 7 * LARGE + 100);
    expect(cache.count).toBe(3007);
    add(...many(7, LARGE));
    expect(evicted.has(grown)).toBe(true);
    expect(evicted.has(shrunk)).toBe(false);
    expect(evicted.size).toBe(7);
  });

  test("with room for small ones only, what is read stays at once", () => {
    const { cache, evicted, add } = cacheWith(10 * LARGE, 3 * LARGE);
    add(...many(10, LARGE));
    const read = sized(100);
    cache.admit(read);
    while (cache.isFull) cache.trim();
    expect(evicted.has(read)).toBe(false);
    expect(evicted.size).toBe(1);
  });
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
    cache.limits = { limitBytes: 1000, minBytes: 1000 };
    read(cache, "a");
    cache.trim();
    expect(evicted).toEqual([]);
    expect(cache.count).toBe(99);
  });
});

describe("of more memory than small records have at first", () => {
  /** Reads keys as a server does that keeps what the cache keeps; gives the part that was in memory of the last ones. */
  function readAtRandom(
    cache: RecordCache<Node>,
    keys: number,
    reads: number,
    memory: Map<string, Node>,
  ): number {
    const random = new Random(7);
    let hits = 0;
    for (let i = 0; i < reads; i++) {
      const key = `key:${random.below(keys)}`;
      const known = memory.get(key);
      if (known !== undefined) {
        known.visited = true;
        if (i >= reads / 2) hits++;
        continue;
      }
      const node = new Node(false);
      node.key = key;
      node.memoryBytes = 300;
      memory.set(key, node);
      cache.admit(node);
      while (cache.isFull) cache.trim();
    }
    return hits / (reads / 2);
  }

  const started = () => {
    const memory = new Map<string, Node>();
    const limits = { limitBytes: 3_000_000, minBytes: 600_000 };
    return { memory, cache: new RecordCache<Node>(limits, (node) => memory.delete(node.key)) };
  };

  test("they get it when it answers reads", () => {
    const { cache, memory } = started();
    const part = readAtRandom(cache, 10_000, 1_000_000, memory);
    expect(cache.allowedBytes).toBe(3_000_000);
    expect(part).toBeGreaterThan(0.85);
    expect(cache.bytes).toBeLessThanOrEqual(3_000_000);
  });

  test("they do not where any of many keys may be next", () => {
    const { cache, memory } = started();
    readAtRandom(cache, 500_000, 1_000_000, memory);
    expect(cache.allowedBytes).toBe(600_000);
    expect(cache.bytes).toBeLessThanOrEqual(600_000);
  });

  test("large records do without it, and stay while small ones come and go", () => {
    const { cache, memory } = started();
    const large = new Node(false);
    large.key = "large";
    large.memoryBytes = 2_000_000;
    cache.add(large);
    memory.set("large", large);
    readAtRandom(cache, 500_000, 100_000, memory);
    expect(memory.has("large")).toBe(true);
    expect(cache.bytes).toBeGreaterThan(2_500_000);
    // All together are beyond the limit.
    large.memoryBytes = 2_900_000;
    cache.reprice(large);
    large.visited = false;
    for (let i = 0; i < 10 && cache.isFull; i++) cache.trim();
    expect(cache.bytes).toBeLessThanOrEqual(3_000_000);
  });

  test("what they have more than their part, they share with large ones", () => {
    const { cache, memory } = started();
    readAtRandom(cache, 9500, 1_000_000, memory);
    expect(cache.bytes).toBeGreaterThan(2_500_000);
    for (let i = 0; i < 20; i++) {
      const large = Object.assign(new Node(false), { key: `large ${i}`, memoryBytes: 100_000 });
      memory.set(large.key, large);
      cache.add(large);
    }
    for (const node of memory.values()) node.visited = false;
    while (cache.isFull) cache.trim();
    const large = [...memory.keys()].filter((key) => key.startsWith("large")).length;
    expect(large).toBeGreaterThan(5);
    expect(large).toBeLessThan(18);
    expect(memory.size - large).toBeGreaterThan(4000);
    expect(memory.size - large).toBeLessThan(8000);
  });

  test("another limit begins anew", () => {
    const { cache, memory } = started();
    readAtRandom(cache, 10_000, 300_000, memory);
    expect(cache.allowedBytes).toBeGreaterThan(1_500_000);
    cache.limits = { limitBytes: 2_000_000, minBytes: 500_000 };
    expect(cache.allowedBytes).toBe(500_000);
    while (cache.isFull) cache.trim();
    expect(cache.bytes).toBeLessThanOrEqual(500_000);
    cache.limits = { limitBytes: 400_000, minBytes: 500_000 };
    expect(cache.allowedBytes).toBe(400_000);
  });
});
