import { expect, test } from "vitest";
import { MAX_BLOCK, ScoreBlocks } from "../../src/keyspace/score-blocks.ts";

test("blocks of a queue that moves on use the places of those that went", () => {
  const blocks = new ScoreBlocks();
  blocks.add(0);
  blocks.add(1);
  const page = blocks.pageOf(0);
  for (let turn = 0; turn < 1000; turn++) {
    blocks.insert(1, 0, turn, turn);
    blocks.drop(0, 1);
    blocks.add(blocks.count);
    expect([blocks.count, blocks.pageOf(0), blocks.pageOf(1)]).toEqual([2, page, page]);
    expect([blocks.scoreAt(0, 0), blocks.numberAt(0, 0)]).toEqual([turn, turn]);
  }
});

test("what is in a block stays while others are added before, behind and between, over many pages", () => {
  const blocks = new ScoreBlocks();
  const firsts: number[] = [];
  for (let n = 0; n < 2000; n++) {
    // Anywhere, but always the same.
    const block = (n * 7919) % (n + 1);
    blocks.add(block);
    firsts.splice(block, 0, n);
    for (let i = 0; i < n % 4; i++) blocks.insert(block, i, n, i);
    blocks.insert(block, 0, n, n);
  }
  expect(new Set(firsts.map((_, block) => blocks.pageOf(block))).size).toBe(8);
  expect(firsts.map((_, block) => blocks.scoreAt(block, 0))).toEqual(firsts);
  expect([...blocks.firsts.subarray(0, blocks.count)]).toEqual(firsts);
  expect(firsts.map((_, block) => blocks.lengthOf(block))).toEqual(firsts.map((n) => 1 + (n % 4)));
  let start = 0;
  for (const [block, n] of firsts.entries()) {
    expect([blocks.startOf(block), blocks.blockAt(start)]).toEqual([start, block]);
    start += 1 + (n % 4);
  }
});

test("halves and wholes of blocks are moved as they are", () => {
  const blocks = new ScoreBlocks();
  blocks.add(0);
  for (let i = 0; i < MAX_BLOCK; i++) blocks.insert(0, i, i / 2, i);
  blocks.split(0);
  const half = MAX_BLOCK / 2;
  expect([blocks.count, blocks.lengthOf(0), blocks.lengthOf(1)]).toEqual([2, half, half]);
  expect([blocks.firsts[1], blocks.numberAt(1, 0), blocks.startOf(1)]).toEqual([half / 2, half, half]);
  blocks.join(0);
  expect([blocks.count, blocks.lengthOf(0)]).toEqual([1, MAX_BLOCK]);
  for (let i = 0; i < MAX_BLOCK; i++)
    expect([blocks.scoreAt(0, i), blocks.numberAt(0, i)]).toEqual([i / 2, i]);
});
