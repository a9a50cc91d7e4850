import fc from "fast-check";
import { expect, test } from "vitest";
import { MAX_BLOCK, OrderBlocks } from "../../src/keyspace/order-blocks.ts";

/** What blocks know, by a sorted array. */
function expectAll(blocks: OrderBlocks, keys: readonly string[]): void {
  for (let rank = 0; rank < keys.length; rank += 1 + (keys.length >> 6)) {
    const key = keys[rank]!;
    for (const block of [blocks.atRank(rank), blocks.holding(key)]) {
      expect(block.first <= key && (block.next === undefined || key < block.next)).toBe(true);
      expect(block.start).toBe(keys.filter((other) => other < block.first).length);
      const inside = keys.filter(
        (other) => other >= block.first && (block.next === undefined || other < block.next),
      );
      expect(block.count).toBe(inside.length);
    }
  }
}

const name = (n: number): string => `k${String(n).padStart(6, "0")}`;

test("any additions, removals and splits", () => {
  const step = fc.record({
    from: fc.integer({ min: 0, max: 5000 }),
    length: fc.integer({ min: 1, max: 700 }),
    kind: fc.constantFrom("add", "add backwards", "remove", "split"),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 14 }), (steps) => {
      const blocks = new OrderBlocks("k");
      const keys = new Set<string>();
      for (const { from, length, kind } of steps) {
        const numbers = Array.from({ length }, (_, i) => from + i);
        if (kind === "add backwards") numbers.reverse();
        for (const key of numbers.map(name)) {
          if (kind === "remove" && keys.delete(key)) blocks.remove(key);
          if (kind.startsWith("add") && !keys.has(key)) {
            keys.add(key);
            blocks.add(key);
          }
        }
        const sorted = [...keys].sort();
        if (kind === "split" && sorted.length > 0) {
          const block = blocks.atRank(from % sorted.length);
          blocks.split(block, sorted.slice(block.start, block.start + block.count));
        }
        expectAll(blocks, sorted);
      }
    }),
    { numRuns: 60 },
  );
});

test("an order that grows at either end has no block that must be split", () => {
  for (const direction of [1, -1]) {
    const blocks = new OrderBlocks("k");
    const size = 200_000;
    for (let i = 0; i < size; i++) blocks.add(name(500_000 + direction * i));
    for (let rank = 0; rank < size; rank += 997) {
      expect(blocks.atRank(rank).count).toBeLessThanOrEqual(MAX_BLOCK);
    }
    expect(blocks.holding(name(500_000 + direction * 123_456)).start).toBeGreaterThan(0);
  }
});

test("many splits leave every rank where it was", () => {
  const blocks = new OrderBlocks("k");
  const keys = Array.from({ length: 300_000 }, (_, i) => name(i));
  // The first and the last, and then all that are between them: one block.
  blocks.add(keys[0]!);
  blocks.add(keys.at(-1)!);
  for (const key of keys.slice(1, -1)) blocks.add(key);
  blocks.split(blocks.atRank(0), keys);
  for (let rank = 0; rank < keys.length; rank += 1013) {
    const { first, start, count } = blocks.holding(keys[rank]!);
    expect(first === "k" || first === keys[start]).toBe(true);
    expect(rank - start).toBeLessThan(count);
    expect(blocks.atRank(rank).start).toBe(start);
  }
});
