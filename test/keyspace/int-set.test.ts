import fc from "fast-check";
import { expect, test } from "vitest";
import { IntSet } from "../../src/keyspace/int-set.ts";
import { ByteReader } from "../../src/storage/numbers.ts";
import { INT64_MAX, INT64_MIN, type Int64, narrowInteger, parseInteger } from "../../src/support/integers.ts";

const int64 = fc.oneof(
  fc.integer({ min: -100, max: 100 }),
  fc.integer(),
  fc.bigInt({ min: INT64_MIN, max: INT64_MAX }).map(narrowInteger),
);

const inOrder = (values: Iterable<Int64>): Int64[] =>
  [...values].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));

test("packs as the format says", () => {
  const packed = new IntSet([-1, 2]).pack();
  expect(packed).toBe("\x02\x02\xff\xff\x00\x02");
  expect(IntSet.unpack(new ByteReader(packed)).values).toEqual([-1, 2]);
});

test.each([
  ["-32768 32767", 2],
  ["32768", 4],
  ["-32769", 4],
  ["-2147483648 2147483647", 4],
  ["2147483648", 8],
  ["-9223372036854775808 9007199254740993 9223372036854775807", 8],
])("%s: %i bytes each", (numbers, width) => {
  const values = numbers.split(" ").map((number) => parseInteger(number)!);
  const packed = new IntSet(values).pack();
  expect(packed.length).toBe(2 + values.length * width);
  expect(IntSet.unpack(new ByteReader(packed)).values).toEqual(values);
});

test("keeps what a set keeps, in order, and comes back from its record", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom("add", "delete"), int64)), (steps) => {
      const ints = new IntSet();
      const model = new Set<Int64>();
      for (const [what, value] of steps) {
        if (what === "add") {
          expect(ints.add(value)).toBe(!model.has(value));
          model.add(value);
        } else {
          expect(ints.delete(value)).toBe(model.delete(value));
        }
        expect(ints.has(value)).toBe(model.has(value));
      }
      expect(ints.values).toEqual(inOrder(model));
      expect(IntSet.unpack(new ByteReader(ints.pack())).values).toEqual(ints.values);
    }),
  );
});

test("a damaged record is refused", () => {
  for (const packed of ["\x02\x03aabbcc", "\x02\x02abc", "\x02", "\xff\xff\xff\x7f\x08abc"]) {
    expect(() => IntSet.unpack(new ByteReader(packed))).toThrow(/damaged record/);
  }
});
