import fc from "fast-check";
import { expect, test } from "vitest";
import { sortFirst } from "../../src/support/partial-sort.ts";

test("the first ones are those of a whole sort, the others follow", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(50), { maxLength: 300, size: "max" }), fc.nat(320), (items, count) => {
      const sorted = items.toSorted((a, b) => a - b);
      const found = [...items];
      sortFirst(found, count, (a, b) => a - b);
      expect(found.slice(0, count)).toEqual(sorted.slice(0, count));
      expect(found.toSorted((a, b) => a - b)).toEqual(sorted);
    }),
  );
});
