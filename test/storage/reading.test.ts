import { expect, test } from "vitest";
import { Reading } from "../../src/storage/reading.ts";
import type { Store } from "../../src/storage/store.ts";

/** A store whose reads in line take so long. */
function readingOf(disk: { slowMs: number }): Reading {
  const getSync = (): undefined => {
    const end = performance.now() + disk.slowMs;
    while (performance.now() < end);
  };
  return new Reading({ getSync } as unknown as Store);
}

function read(reading: Reading, times: number): void {
  for (let i = 0; i < times; i++) reading.readInline("k");
}

test("it is trusted to be fast after many reads, and no more once some were slow", () => {
  const disk = { slowMs: 0 };
  const reading = readingOf(disk);
  expect(reading.isFast).toBe(false);
  read(reading, 100);
  expect(reading.isFast).toBe(false);
  read(reading, 200);
  expect(reading.isFast).toBe(true);
  disk.slowMs = 1;
  read(reading, 5);
  expect(reading.isFast).toBe(false);
  expect(reading.mustFault).toBe(true);
  disk.slowMs = 0;
  while (reading.mustFault);
  read(reading, 100);
  expect(reading.isFast).toBe(false);
  read(reading, 200);
  expect(reading.isFast).toBe(true);
});

test("where every read is to fault none is made ahead", () => {
  const reading = readingOf({ slowMs: 0 });
  read(reading, 1000);
  reading.faultEveryRead = true;
  expect(reading.isFast).toBe(false);
});

test("not more is read ahead than there is room for, and less of what is large", () => {
  const reading = readingOf({ slowMs: 0 });
  const most = reading.roomAhead;
  expect(most).toBeGreaterThan(800);
  const ended = reading.beginAhead(100);
  expect(reading.roomAhead).toBe(most - 100);
  ended(100 * 100);
  expect(reading.roomAhead).toBe(most);
  for (let i = 0; i < 100; i++) reading.beginAhead(64)(64 * 200_000);
  expect(reading.roomAhead).toBeLessThan(100);
  // Too little for any: what is read in line tells when records are small again.
  read(reading, 200);
  expect(reading.roomAhead).toBe(most);
});
