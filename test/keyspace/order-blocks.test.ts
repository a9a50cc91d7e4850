import fc from "fast-check";
import { expect, test } from "vitest";
import { MAX_BLOCK, OrderBlocks } from "../../src/keyspace/order-blocks.ts";

/** Ten names have one score. */
const scoreOf = (key: string): number => Number(key.slice(1, 6));

const blocksOf = (maxScoreBytes = Infinity): OrderBlocks =>
  new OrderBlocks({
    lowest: "k",
    scoreOf,
    headOf: (score) => `k${String(score).padStart(5, "0")}`,
    endOf: (score) => `k${String(score).padStart(5, "0")}~`,
    maxScoreBytes,
  });

/** What blocks know, by a sorted array. */
function expectAll(blocks: OrderBlocks, keys: readonly string[], areScoresKept: boolean): void {
  for (let rank = 0; rank < keys.length; rank += 1 + (keys.length >> 6)) {
    const key = keys[rank]!;
    for (const block of [blocks.atRank(rank), blocks.holding(key)]) {
      expect(block.first <= key && (block.next === undefined || key < block.next)).toBe(true);
      expect(block.start).toBe(keys.filter((other) => other < block.first).length);
      const inside = keys.filter(
        (other) => other >= block.first && (block.next === undefined || other < block.next),
      );
      expect(block.count).toBe(inside.length);
      expect(block.scores).toEqual(areScoresKept ? inside.map(scoreOf) : null);
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
    fc.property(fc.array(step, { maxLength: 14 }), fc.constantFrom(Infinity, 900, 0), (steps, maxScores) => {
      const blocks = blocksOf(9 * maxScores);
      const keys = new Set<string>();
      let areScoresKept = maxScores > 0;
      for (const { from, length, kind } of steps) {
        const numbers = Array.from({ length }, (_, i) => from + i);
        if (kind === "add backwards") numbers.reverse();
        for (const key of numbers.map(name)) {
          if (kind === "remove" && keys.delete(key)) blocks.remove(key);
          if (kind.startsWith("add") && !keys.has(key)) {
            keys.add(key);
            blocks.add(key);
            areScoresKept &&= keys.size <= maxScores;
          }
        }
        const sorted = [...keys].sort();
        if (kind === "split" && sorted.length > 0) {
          const block = blocks.atRank(from % sorted.length);
          blocks.split(block, sorted.slice(block.start, block.start + block.count));
        }
        expectAll(blocks, sorted, areScoresKept);
      }
    }),
    { numRuns: 60 },
  );
});

test("an order that grows at either end has no block that must be split", () => {
  for (const direction of [1, -1]) {
    const blocks = blocksOf();
    const size = 200_000;
    for (let i = 0; i < size; i++) blocks.add(name(500_000 + direction * i));
    for (let rank = 0; rank < size; rank += 997) {
      expect(blocks.atRank(rank).count).toBeLessThanOrEqual(MAX_BLOCK);
    }
    expect(blocks.holding(name(500_000 + direction * 123_456)).start).toBeGreaterThan(0);
  }
});

test("a block that grows in its middle is split where its scores differ, and only there", () => {
  for (const names of [(i: number) => name(10 * i), (i: number) => `k000010${String(i).padStart(5, "0")}`]) {
    const blocks = blocksOf();
    const keys = Array.from({ length: 5000 }, (_, i) => names(i));
    blocks.add(keys[0]!);
    blocks.add(keys.at(-1)!);
    for (let i = 1; i < 4999; i++) blocks.add(keys[1 + ((i * 1009) % 4998)]!);
    const counts = keys.map((key) => blocks.holding(key).count);
    if (names(1) === name(10)) expect(Math.max(...counts)).toBeLessThanOrEqual(MAX_BLOCK);
    else expect(new Set(counts)).toEqual(new Set([5000]));
    expectAll(blocks, keys, true);
  }
});

test("where most of a block have the lowest score it is split behind them", () => {
  const blocks = blocksOf();
  const low = Array.from({ length: 2 * MAX_BLOCK }, (_, i) => `k00001${String(i).padStart(5, "0")}`);
  const high = Array.from({ length: 100 }, (_, i) => `k00002${String(i).padStart(5, "0")}`);
  blocks.add(low[0]!);
  blocks.add(high.at(-1)!);
  for (const key of [...high.slice(0, -1), ...low.slice(1)]) blocks.add(key);
  expect(blocks.holding(low[7]!).count).toBe(low.length);
  expect(blocks.holding(high[7]!)).toMatchObject({ first: "k00002", count: high.length });
  expectAll(blocks, [...low, ...high], true);
});

test("many splits leave every rank where it was", () => {
  const blocks = blocksOf(0);
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
