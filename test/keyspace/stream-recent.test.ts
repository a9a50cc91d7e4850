import fc from "fast-check";
import { expect, test } from "vitest";
import { entryKey, entryRange } from "../../src/keyspace/stream/entries.ts";
import { RecentEntries } from "../../src/keyspace/stream/recent-entries.ts";
import { u64 } from "../../src/storage/numbers.ts";
import type { Bytes } from "../../src/support/bytes.ts";

const ENTRIES = 1200;
const VALUE = "v".repeat(1000);
const id = (number: number): Bytes => u64(1) + u64(number);

const asked = fc.record({
  from: fc.nat(ENTRIES),
  to: fc.nat(ENTRIES),
  limit: fc.integer({ min: 1, max: 400 }),
  reverse: fc.boolean(),
});

test("the last entries are told as they are, those before them not at all", () => {
  let known = 0;
  let unknown = 0;
  fc.assert(
    fc.property(
      fc.array(fc.nat(ENTRIES), { maxLength: 300, size: "max" }),
      fc.array(asked, { minLength: 20, maxLength: 40, size: "max" }),
      (deletedAt, ranges) => {
        const recent = new RecentEntries();
        const expected = new Map<Bytes, Bytes>();
        for (let number = 0; number < ENTRIES; number++) {
          recent.add(entryKey(id(number)), VALUE);
          expected.set(entryKey(id(number)), VALUE);
          const deleted = deletedAt[number];
          if (deleted === undefined) continue;
          recent.delete(entryKey(id(deleted)));
          expected.delete(entryKey(id(deleted)));
        }
        expect(recent.memoryBytes).toBeLessThan(300_000);
        for (const { from, to, limit, reverse } of ranges) {
          const range = entryRange({ from: id(from), to: id(to) }, reverse);
          const found = recent.range(range, limit);
          if (found === null) {
            unknown++;
            continue;
          }
          known++;
          const within = [...expected].filter(([key]) => key >= range.gte && key < range.lt!);
          if (reverse) within.reverse();
          expect(found).toEqual(within.slice(0, limit));
        }
        const last = recent.range(entryRange({ from: id(0), to: id(ENTRIES) }, true), 20);
        expect(last).toEqual([...expected].slice(-20).reverse());
        expect(recent.range({ gte: "\x01", lt: "\x02" }, 1)).toBeNull();
      },
    ),
    { numRuns: 40 },
  );
  expect(known).toBeGreaterThan(50);
  expect(unknown).toBeGreaterThan(50);
});
