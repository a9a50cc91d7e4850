import fc from "fast-check";
import { expect, test } from "vitest";
import { ChangeList } from "../../src/storage/change-list.ts";
import type { WriteBatch } from "../../src/storage/store.ts";

type Written = readonly [key: string, value: string | null, isNew: boolean];

function writtenBy(list: ChangeList): Written[] {
  const written: Written[] = [];
  const batch: WriteBatch = {
    put: (key, value, isNew = false) => void written.push([key, value, isNew]),
    putJoined: () => expect.unreachable(),
    delete: (key) => void written.push([key, null, false]),
  };
  list.writeTo(batch);
  return written;
}

const LARGE = "large".repeat(100);
const step = fc.record({
  key: fc.nat(12).map((n) => `key ${n}`),
  value: fc.option(
    fc.oneof(
      fc.string({ maxLength: 3 }),
      fc.nat(9).map((n) => `${LARGE}${n}`),
    ),
  ),
});
const steps = fc.array(step, { maxLength: 60 });

/** In its order, of which the last change of each key counts. */
function holds(list: ChangeList, expected: ReadonlyMap<string, string | null>): void {
  expect(new Map(writtenBy(list).map(([key, value]) => [key, value]))).toEqual(expected);
  expect(new Map(list)).toEqual(expected);
  for (let n = 0; n <= 12; n++) expect(list.get(`key ${n}`)).toBe(expected.get(`key ${n}`));
}

test("has the last change of each key, also after some were taken back", () => {
  fc.assert(
    fc.property(steps, steps, steps, fc.boolean(), (first, second, third, looks) => {
      const list = new ChangeList();
      const model = new Map<string, string | null>();
      const add = (some: readonly { key: string; value: string | null }[], to: typeof model): void => {
        for (const { key, value } of some) {
          list.add(key, value, false);
          to.set(key, value);
          if (looks) expect(list.get(key)).toBe(value);
        }
      };
      add(first, model);
      const outer = list.mark();
      const within = new Map(model);
      add(second, within);
      const inner = list.mark();
      add(third, new Map(within));
      list.takeBack(inner);
      holds(list, within);
      list.takeBack(outer);
      holds(list, model);
      add(third, model);
      holds(list, model);
    }),
  );
});

test("a large value takes the place of its last one, and remains new; a small one does not", () => {
  const list = new ChangeList();
  list.add("node", `${LARGE}1`, true);
  list.add("other", `${LARGE}1`, false);
  list.add("small", "1", true);
  list.add("node", `${LARGE}2`, false);
  list.add("small", "2", false);
  expect(writtenBy(list)).toEqual([
    ["node", `${LARGE}2`, true],
    ["other", `${LARGE}1`, false],
    ["small", "1", true],
    ["small", "2", false],
  ]);
});
