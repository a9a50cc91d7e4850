import { expect, test } from "vitest";
import { ScanCursors } from "../../src/keyspace/scan-cursors.ts";

test("a cursor leads back to its key", () => {
  const cursors = new ScanCursors();
  const numbers = Array.from({ length: 10_000 }, (_, n) => cursors.remember(`key ${n}`));
  expect(new Set(numbers).size).toBe(10_000);
  for (const [n, cursor] of numbers.entries()) expect(cursors.key(cursor)).toBe(`key ${n}`);
});

test("cursors are whole numbers that a double holds, and never 0", () => {
  const cursors = new ScanCursors();
  for (let n = 0; n < 1000; n++) {
    const cursor = cursors.remember(`key ${n}`);
    expect(Number.isSafeInteger(cursor) && cursor > 0 && cursor <= 2 ** 52).toBe(true);
  }
});

test("a position has one number, also after a restart", () => {
  const first = new ScanCursors();
  const cursor = first.remember("user:1000");
  expect(first.remember("user:1000")).toBe(cursor);
  expect(new ScanCursors().remember("user:1000")).toBe(cursor);
});

test.each([0, 1, 5, 2 ** 53, 2n ** 64n - 1n])("cursor %s, which nobody was given, starts over", (cursor) => {
  const cursors = new ScanCursors();
  cursors.remember("user:1000");
  expect(cursors.key(cursor)).toBe("");
});

test("the latest positions are remembered, a limited number of bytes", () => {
  const cursors = new ScanCursors();
  const large = (n: number): string => `${n}`.padEnd(1 << 20);
  const numbers = Array.from({ length: 40 }, (_, n) => cursors.remember(large(n)));
  expect(cursors.key(numbers[39]!)).toBe(large(39));
  expect(cursors.key(numbers[30]!)).toBe(large(30));
  expect(cursors.key(numbers[0]!)).toBe("");
  expect(numbers.filter((cursor) => cursors.key(cursor) !== "").length).toBeLessThanOrEqual(16);
});

test("a position larger than all that is kept is kept as long as it is the latest", () => {
  const cursors = new ScanCursors();
  const cursor = cursors.remember("x".repeat(20 << 20));
  expect(cursors.key(cursor)).toHaveLength(20 << 20);
});

test("old positions are forgotten by number, too", () => {
  const cursors = new ScanCursors();
  const first = cursors.remember("first");
  for (let n = 0; n < 16_384; n++) cursors.remember(`key ${n}`);
  expect(cursors.key(first)).toBe("");
});
