import fc from "fast-check";
import { expect, test } from "vitest";
import { BytesTable } from "../../src/support/bytes-table.ts";

test("holds what a Map holds, whatever is set and removed", () => {
  // Few keys, so that most of what is done meets what was done before.
  const key = fc.integer({ min: 0, max: 200 }).map((n) => "k".repeat(n % 7) + n);
  const step = fc.record({ key, value: fc.option(fc.integer()) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 600 }), (steps) => {
      const table = new BytesTable<number>();
      const model = new Map<string, number>();
      for (const { key, value } of steps) {
        if (value === null) expect(table.delete(key)).toBe(model.delete(key));
        else {
          table.set(key, value);
          model.set(key, value);
        }
        expect(table.get(key)).toBe(model.get(key));
        expect(table.size).toBe(model.size);
      }
      for (let n = 0; n <= 200; n++) {
        const key = "k".repeat(n % 7) + n;
        expect(table.get(key)).toBe(model.get(key));
        expect(table.has(key)).toBe(model.has(key));
      }
      expect(new Map(table)).toEqual(model);
    }),
  );
});

test("finds each of many keys, those that differ in one byte and the empty one included", () => {
  const table = new BytesTable<string>();
  const keys = ["", "\0", "\0\0", "ÿ", "\0\0\0\0", "\0\0\0ÿ", "ÿ\0\0\0"];
  for (let n = 0; n < 50_000; n++) keys.push(`key:${n}`);
  for (const key of keys) table.add(key, `of ${key}`);
  expect(keys.filter((key) => table.get(key) !== `of ${key}`)).toEqual([]);
  expect(table.has("key:50000")).toBe(false);
  for (const key of keys) if (key.endsWith("7")) table.delete(key);
  expect(keys.filter((key) => table.has(key) === key.endsWith("7"))).toEqual([]);
  expect(table.size).toBe(keys.filter((key) => !key.endsWith("7")).length);
});

test("what has become small is whole, and can grow again", () => {
  const table = new BytesTable<number>();
  const model = new Map<string, number>();
  for (const [from, to] of [
    [0, 20_000],
    [30_000, 60_000],
  ] as const) {
    for (let n = from; n < to; n++) {
      table.set(`key:${n}`, n);
      model.set(`key:${n}`, n);
    }
    for (let n = from; n < to; n++) {
      if (n % 100 === 0) continue;
      expect(table.delete(`key:${n}`)).toBe(true);
      model.delete(`key:${n}`);
    }
    expect(new Map(table)).toEqual(model);
    for (const [key, value] of model) expect(table.get(key)).toBe(value);
  }
});

test("touched keys give their values, except where a slot is another's", () => {
  const table = new BytesTable<number>();
  const keys = Array.from({ length: 5000 }, (_, n) => `key:${n}`);
  keys.forEach((key, n) => table.add(key, n));
  const visited: number[] = [];
  let found = 0;
  const missing = table.touch(keys, (begin, count) => {
    for (let i = 0; i < count; i++) {
      visited.push(begin + i);
      if (table.touched(i) === begin + i) found++;
    }
  });
  expect(missing).toBe(0);
  expect(visited).toEqual(keys.map((_, n) => n));
  expect(found).toBeGreaterThan(keys.length / 2);
  let none: number | undefined;
  expect(table.touch(["none"], () => (none = table.touched(0)))).toBe(none === undefined ? 1 : 0);
});
