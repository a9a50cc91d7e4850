import { expect, test } from "vitest";
import type { Database } from "../../src/keyspace/database.ts";
import { Entry } from "../../src/keyspace/entry.ts";
import { EntryTable } from "../../src/keyspace/entry-table.ts";
import type { ValueObject } from "../../src/keyspace/value.ts";

const entryOf = (key: string): Entry => new Entry({} as Database, key);

test("entries by key", () => {
  const table = new EntryTable();
  const entries = ["a", "b", "c"].map(entryOf);
  for (const entry of entries) table.add(entry);
  table.delete("b");
  expect([table.get("a"), table.get("b"), table.has("c"), table.size]).toEqual([
    entries[0],
    undefined,
    true,
    2,
  ]);
  expect([...table.values()]).toEqual([entries[0], entries[2]]);
});

test("what was touched: objects are shown, also of a few, and what is missing is counted of many", () => {
  const table = new EntryTable();
  const add = (from: number, to: number): string[] => {
    const keys: string[] = [];
    for (let n = from; n < to; n++) keys.push(`key:${n}`);
    for (const key of keys) table.add(entryOf(key));
    return keys;
  };
  const objects = new Map<string, ValueObject>();
  const hold = (key: string): void => {
    const object = { type: "set" } as unknown as ValueObject;
    table.get(key)!.hold(object);
    objects.set(key, object);
  };
  const visited = (keys: readonly string[]): unknown => {
    const shown = new Map<string, ValueObject>();
    const missing = table.touchToWrite(keys, (object, place) => {
      // Another's may be shown where slots are shared.
      if (objects.get(keys[place]!) === object) shown.set(keys[place]!, object);
    });
    expect(table.touch(keys)).toBe(missing);
    return { missing, shown: shown.size };
  };
  const few = add(0, 10);
  // The first has its own slot: others may be in the next one.
  hold("key:0");
  expect(visited([...few, "none"])).toEqual({ missing: 0, shown: 1 });

  const many = add(10, 5000);
  for (const key of many) table.get(key)!.hold("string");
  for (let n = 1000; n < 1100; n++) hold(`key:${n}`);
  const result = visited([...few, ...many]) as { shown: number };
  // A key whose first slot is another's is not seen.
  expect(result).toMatchObject({ missing: 0 });
  expect(result.shown).toBeGreaterThan(50);
  const absent = Array.from({ length: 200 }, (_, n) => `absent:${n}`);
  expect((visited(absent) as { missing: number }).missing).toBeGreaterThan(80);
});
