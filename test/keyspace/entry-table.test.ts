import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Database } from "../../src/keyspace/database.ts";
import { Entry } from "../../src/keyspace/entry.ts";
import { EntryTable } from "../../src/keyspace/entry-table.ts";

const entryOf = (key: string): Entry => new Entry({} as Database, key);

describe("EntryTable", () => {
  it("holds what a Map holds, whatever is added and removed", () => {
    // Few keys, so that most of what is done meets what was done before.
    const key = fc.integer({ min: 0, max: 200 }).map((n) => "k".repeat(n % 7) + n);
    const step = fc.record({ key, isAdded: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 600 }), (steps) => {
        const table = new EntryTable();
        const model = new Map<string, Entry>();
        for (const { key, isAdded } of steps) {
          if (!isAdded) {
            table.delete(key);
            model.delete(key);
          } else if (!model.has(key)) {
            const entry = entryOf(key);
            table.add(entry);
            model.set(key, entry);
          }
          expect(table.get(key)).toBe(model.get(key));
          expect(table.size).toBe(model.size);
        }
        for (let n = 0; n <= 200; n++) {
          const key = "k".repeat(n % 7) + n;
          expect(table.get(key)).toBe(model.get(key));
          expect(table.has(key)).toBe(model.has(key));
        }
        expect([...table.values()].map((entry) => entry.key).sort()).toEqual([...model.keys()].sort());
      }),
    );
  });

  it("finds each of many keys, those that differ in one byte and the empty one included", () => {
    const table = new EntryTable();
    const keys = ["", "\0", "\0\0", "ÿ"];
    for (let n = 0; n < 50_000; n++) keys.push(`key:${n}`);
    for (const key of keys) table.add(entryOf(key));
    table.touch(keys, false);
    table.touch(keys, true);
    expect(keys.filter((key) => table.get(key)?.key !== key)).toEqual([]);
    expect(table.has("key:50000")).toBe(false);
    for (const key of keys) if (key.endsWith("7")) table.delete(key);
    expect(keys.filter((key) => table.has(key) === key.endsWith("7"))).toEqual([]);
    expect(table.size).toBe(keys.filter((key) => !key.endsWith("7")).length);
  });
});
