import fc from "fast-check";
import { expect, test } from "vitest";
import { entryKey, entryRange } from "../../src/keyspace/stream/entries.ts";
import { ReadAhead } from "../../src/keyspace/stream/read-ahead.ts";
import type { Element, ElementRange } from "../../src/storage/elements.ts";
import { u64 } from "../../src/storage/numbers.ts";
import type { Bytes } from "../../src/support/bytes.ts";

const IDS = 200;
const MOST = 20;
/** One follows the other. */
const id = (number: number): Bytes => u64(1) + u64(number);

/** Entries, every other id of them, and how often they had to be fetched. */
class Scene {
  readonly ahead = new ReadAhead();
  readonly entries = new Map(
    Array.from({ length: IDS / 2 }, (_, i): Element => [entryKey(id(2 * i)), "held"]),
  );
  fetches = 0;

  #range({ gte, lt }: ElementRange, limit: number): Element[] {
    const all = [...this.entries].filter(([key]) => key >= gte && key < lt!);
    return all.sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, limit);
  }

  /** Reads from `from`, and says where the next read goes on. */
  check(from: number, to: number, limit: number): number {
    const range = entryRange({ from: id(from), to: id(to) });
    const expected = this.#range(range, limit);
    const found = this.ahead.range(range, limit, MOST, (wanted, count) => {
      this.fetches++;
      return this.#range(wanted, count);
    });
    expect(found).toEqual(expected);
    for (let next = from; next < IDS; next++) if (found.at(-1)?.[0] === entryKey(id(next))) return next + 1;
    return from;
  }

  add(number: number): void {
    const key = entryKey(id(number));
    if (this.entries.has(key)) return;
    this.entries.set(key, "added");
    this.ahead.added(key);
  }

  delete(number: number): void {
    this.entries.delete(entryKey(id(number)));
    this.ahead.delete(entryKey(id(number)));
  }
}

test("what was read ahead is as it is now, whatever was deleted of it and came into it", () => {
  const number = fc.nat(IDS - 1);
  const limit = fc.integer({ min: 1, max: MOST + 5 });
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ goOn: limit, to: number }) },
    { weight: 1, arbitrary: fc.record({ from: number, to: number, limit }) },
    { weight: 2, arbitrary: fc.record({ deleted: number }) },
    { weight: 1, arbitrary: fc.record({ added: number }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80, size: "max" }), (steps) => {
      const scene = new Scene();
      let next = 0;
      for (const one of steps) {
        if ("goOn" in one) next = scene.check(next, Math.max(next, one.to), one.goOn);
        else if ("from" in one) next = scene.check(one.from, Math.max(one.from, one.to), one.limit);
        else if ("deleted" in one) scene.delete(one.deleted);
        else scene.add(one.added);
      }
    }),
    { numRuns: 500 },
  );
});

test("who goes on where the last one ended finds it there; who does not, reads what it asks for", () => {
  const scene = new Scene();
  let next = 0;
  for (let i = 0; i < 80; i++) next = scene.check(next, IDS, 1);
  expect(next).toBe(159);
  expect(scene.fetches).toBeLessThan(8);
  expect(scene.ahead.memoryBytes).toBeGreaterThan(0);
  const before = scene.fetches;
  for (const from of [10, 100, 30, 180]) scene.check(from, IDS, 1);
  expect(scene.fetches - before).toBe(4);
});
