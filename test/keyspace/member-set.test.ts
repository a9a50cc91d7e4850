import fc from "fast-check";
import { expect, test } from "vitest";
import { MemberSet } from "../../src/keyspace/member-set.ts";
import { Random } from "../../src/support/random.ts";

const member = fc.oneof(fc.integer({ min: 0, max: 60 }).map(String), fc.string({ maxLength: 2 }));
const step = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.constant("add"), member) },
  { weight: 3, arbitrary: fc.tuple(fc.constant("delete"), member) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("pop"), fc.constant("")) },
);

test("is a set, with and without index, of integers and of anything", () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 200 }),
      fc.integer({ min: 0, max: 20 }),
      (steps, setMaxIntsetEntries) => {
        const random = new Random(1);
        const set = new MemberSet({ setMaxIntsetEntries });
        const model = new Set<string>();
        let areIntegers = true;
        for (const [what, name] of steps) {
          if (what === "add") {
            expect(set.add(name)).toBe(!model.has(name));
            model.add(name);
            if (!/^(0|-?[1-9]\d*)$/.test(name) || model.size > setMaxIntsetEntries) areIntegers = false;
          } else if (what === "delete") {
            expect(set.delete(name)).toBe(model.delete(name));
          } else if (model.size > 0) {
            expect(model.delete(set.pop(random))).toBe(true);
          }
          expect(set.has(name)).toBe(model.has(name));
          expect(set.size).toBe(model.size);
          expect(set.integers !== null).toBe(areIntegers);
        }
        expect(new Set(set)).toEqual(model);
        expect(set.toArray()).toEqual([...set]);
        for (const count of [1, 5, model.size - 1, model.size + 1]) {
          if (count < 0) continue;
          const drawn = set.drawDistinct(count, random);
          expect(drawn.length).toBe(Math.min(count, model.size));
          expect(new Set(drawn).size).toBe(drawn.length);
          expect(drawn.every((name) => model.has(name))).toBe(true);
        }
        const copy = set.copy();
        expect(copy.toArray()).toEqual(set.toArray());
        copy.add("a new one");
        expect(set.has("a new one")).toBe(false);
      },
    ),
  );
});
