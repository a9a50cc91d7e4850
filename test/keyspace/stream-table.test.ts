import fc from "fast-check";
import { expect, test } from "vitest";
import { SortedTable } from "../../src/keyspace/stream/sorted-table.ts";
import { u16 } from "../../src/storage/numbers.ts";
import type { Bytes } from "../../src/support/bytes.ts";

/** Parts of a stream, more keys of each than a chunk holds. */
const key: fc.Arbitrary<Bytes> = fc
  .tuple(fc.constantFrom("\0", "\x01", "\x02"), fc.nat(500))
  .map(([part, number]) => part + u16(number));

/** A run of keys, as entries that are added, or deletions. */
const step = fc.record({
  first: key,
  count: fc.integer({ min: 1, max: 200 }),
  isDeleted: fc.boolean(),
});

test("a table answers as a sorted list does, whatever part grows", () => {
  let largest = 0;
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 1, maxLength: 30, size: "max" }),
      fc.array(fc.tuple(key, key, fc.integer({ min: 1, max: 300 }), fc.boolean()), { maxLength: 20 }),
      (steps, ranges) => {
        const table = new SortedTable();
        const expected = new Map<Bytes, Bytes>();
        for (const { first, count, isDeleted } of steps) {
          const number = (first.charCodeAt(1) << 8) | first.charCodeAt(2);
          for (let i = 0; i < count; i++) {
            const at = first.charAt(0) + u16(number + i);
            if (isDeleted) {
              table.delete(at);
              expected.delete(at);
            } else {
              table.set(at, `${count}`);
              expected.set(at, `${count}`);
            }
          }
        }
        const sorted = [...expected].sort(([a], [b]) => (a < b ? -1 : 1));
        largest = Math.max(largest, sorted.length);
        expect(table.size).toBe(sorted.length);
        expect([...table]).toEqual(sorted);
        expect([...SortedTable.of(sorted)]).toEqual(sorted);
        for (const [gte, lt, limit, reverse] of ranges) {
          const within = sorted.filter(([at]) => at >= gte && at < lt);
          if (reverse) within.reverse();
          expect(table.range({ gte, lt, reverse }, limit)).toEqual(within.slice(0, limit));
          expect(table.get(gte)).toBe(expected.get(gte));
        }
      },
    ),
  );
  expect(largest).toBeGreaterThan(500);
});
