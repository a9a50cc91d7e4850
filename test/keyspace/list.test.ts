import fc from "fast-check";
import { expect, test } from "vitest";
import type { End, List } from "../../src/keyspace/list.ts";
import { DEAD_RANGE } from "../../src/storage/layout.ts";
import { type TestKeyspace, openKeyspace } from "./open-keyspace.ts";

/** No collection fits its share of this. */
const TINY_CACHE_BYTES = 1000;

const element = fc.oneof(
  fc.nat(9).map((i) => `e${i}`),
  fc.constantFrom("", "\0\xff", "x".repeat(300)),
);
const end = fc.constantFrom<End>("head", "tail");
const place = fc.double({ min: 0, max: 1, noNaN: true });

/** What a command does to a list, and the same to an array; both give the answer. */
interface Step {
  readonly list: (list: List) => unknown;
  readonly array: (array: string[]) => unknown;
}

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(fc.array(element, { minLength: 1, maxLength: 30 }), end).map(([values, at]): Step => ({
    list: (list) => list.push(values, at),
    array: (array) => void (at === "tail" ? array.push(...values) : array.unshift(...values.toReversed())),
  })),
  fc.tuple(fc.integer({ min: 1, max: 8 }), end).map(([count, from]): Step => ({
    list: (list) => list.pop(count, from),
    array: (array) => (from === "head" ? array.splice(0, count) : array.splice(-count, count).toReversed()),
  })),
  fc.tuple(end, end).map(([from, to]): Step => ({
    list: (list) => list.rotate(from, to),
    array: (array) => {
      const value = from === "head" ? array.shift()! : array.pop()!;
      if (to === "head") array.unshift(value);
      else array.push(value);
      return value;
    },
  })),
  fc.tuple(place, element).map(([at, value]): Step => ({
    list: (list) => list.set(Math.floor(at * (list.count - 1)), value),
    array: (array) => void (array[Math.floor(at * (array.length - 1))] = value),
  })),
  fc.tuple(place, element).map(([at, value]): Step => ({
    list: (list) => list.insert(Math.floor(at * list.count), value),
    array: (array) => void array.splice(Math.floor(at * array.length), 0, value),
  })),
  fc.tuple(element, end, fc.constantFrom(1, 2, Infinity)).map(([value, from, limit]): Step => ({
    list: (list) => {
      const found = list.find(value, { from, span: Infinity, limit });
      if (found.length > 0) list.remove(from === "head" ? found : found.toReversed(), value.length);
      return found.length;
    },
    array: (array) => {
      const all = array.flatMap((held, i) => (held === value ? [i] : []));
      const found = (from === "head" ? all : all.toReversed()).slice(0, limit);
      for (const i of found.toSorted((a, b) => b - a)) array.splice(i, 1);
      return found.length;
    },
  })),
  fc.tuple(place, place).map(([a, b]): Step => ({
    list: (list) => list.trim(Math.floor(a * list.count * 0.45), Math.ceil(list.count * (1 - b * 0.45))),
    array: (array) => {
      const last = Math.ceil(array.length * (1 - b * 0.45));
      array.splice(0, array.length, ...array.slice(Math.floor(a * array.length * 0.45), last));
    },
  })),
  fc.tuple(place, place).map(([a, b]): Step => ({
    list: (list) => [
      list.at(Math.floor(a * (list.count - 1))),
      list.slice(Math.floor(a * list.count), Math.ceil(b * list.count)),
    ],
    array: (array) => [
      array[Math.floor(a * (array.length - 1))],
      array.slice(Math.floor(a * array.length), Math.ceil(b * array.length)),
    ],
  })),
);

function onList<Result>({ keyspace, run }: TestKeyspace, work: (list: List) => Result): Promise<Result> {
  return run(() => work(keyspace.databases[0]!.listToWrite("l")));
}

async function expectSame(keyspace: TestKeyspace, array: readonly string[]): Promise<void> {
  await onList(keyspace, (list) => {
    expect(list.values()).toEqual(array);
    expect(list.count).toBe(array.length);
    expect(list.contentBytes).toBe(array.join("").length);
  });
}

const forms = {
  "in memory": { recordCacheBytes: 64 << 20, faults: false },
  "on disk": { recordCacheBytes: TINY_CACHE_BYTES, faults: false },
  "on disk, every read faulting": { recordCacheBytes: TINY_CACHE_BYTES, faults: true },
  "in memory, every read faulting": { recordCacheBytes: 64 << 20, faults: true },
} as const;

test.each(Object.entries(forms))("%s it is what an array is", async (_, { recordCacheBytes, faults }) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40, size: "max" }), async (steps) => {
      const opened = await openKeyspace({ recordCacheBytes });
      opened.keyspace.reading.faultEveryRead = faults;
      const array: string[] = [];
      for (const { list: work, array: model } of steps) {
        if (array.length === 0) {
          array.push("a", "b", "c");
          await onList(opened, (list) => list.push(["a", "b", "c"], "tail"));
        }
        expect(await onList(opened, work)).toEqual(model(array));
        // From here on nothing of it is answered by what waits to be written.
        await opened.keyspace.committer.settle();
      }
      await expectSame(opened, array);
      const again = await openKeyspace({ store: opened.store, recordCacheBytes });
      await expectSame(again, array);
    }),
    { numRuns: 60 },
  );
});

test("a copy is a list of its own", async () => {
  const opened = await openKeyspace({ recordCacheBytes: TINY_CACHE_BYTES });
  const values = Array.from({ length: 100 }, (_, i) => `e${i}`);
  await onList(opened, (list) => list.push(values, "tail"));
  await opened.keyspace.committer.settle();
  await opened.run(() => {
    const db = opened.keyspace.databases[0]!;
    db.ready(["l", "copy"]);
    db.put("copy", db.list("l")!.copy());
  });
  await onList(opened, (list) => list.pop(50, "head"));
  await opened.keyspace.committer.settle();
  expect(await opened.run(() => opened.keyspace.databases[0]!.list("copy")!.values())).toEqual(values);
});

test("a long one on disk is searched from either end, and only as far as told", async () => {
  const opened = await openKeyspace({ recordCacheBytes: TINY_CACHE_BYTES });
  const SIZE = 10_000;
  const array = Array.from({ length: SIZE }, (_, i) => (i % 1111 === 5 ? "x" : `e${i}`));
  await onList(opened, (list) => list.push(array.slice(0, SIZE / 2), "tail"));
  await onList(opened, (list) => list.push(array.slice(SIZE / 2), "tail"));
  await opened.keyspace.committer.settle();
  const places = array.flatMap((value, i) => (value === "x" ? [i] : []));
  for (const from of ["head", "tail"] as const) {
    const inOrder = from === "head" ? places : places.toReversed();
    const distance = (i: number): number => (from === "head" ? i : SIZE - 1 - i);
    for (const limit of [1, 2, Infinity]) {
      for (const span of [1, 6, 1000, 1024, 1025, 5000, SIZE, Infinity]) {
        const found = await onList(opened, (list) => list.find("x", { from, span, limit }));
        expect(found).toEqual(inOrder.filter((i) => distance(i) < span).slice(0, limit));
      }
    }
  }
  expect(
    await onList(opened, (list) => list.find("none", { from: "head", span: Infinity, limit: 1 })),
  ).toEqual([]);
});

test("what is pushed, popped and set while it is searched and read is seen", async () => {
  const opened = await openKeyspace({ recordCacheBytes: TINY_CACHE_BYTES });
  const array = Array.from({ length: 5000 }, (_, i) => `e${i}`);
  await onList(opened, (list) => list.push(array, "tail"));
  await opened.keyspace.committer.settle();
  const search = onList(opened, (list) => [
    list.find("x", { from: "head", span: Infinity, limit: Infinity }),
    list.slice(2000, 2003),
  ]);
  await onList(opened, (list) => {
    list.push(["x", "y"], "head");
    list.set(4000, "x");
    list.push(["x"], "tail");
  });
  await onList(opened, (list) => list.pop(1, "head"));
  expect(await search).toEqual([
    [0, 3999, 5001],
    ["e1999", "e2000", "e2001"],
  ]);
});

test("what a trim leaves behind goes to the collector at once", async () => {
  const opened = await openKeyspace({ recordCacheBytes: TINY_CACHE_BYTES });
  await onList(opened, (list) =>
    list.push(
      Array.from({ length: 100 }, (_, i) => `e${i}`),
      "tail",
    ),
  );
  await opened.keyspace.committer.settle();
  await onList(opened, (list) => list.trim(50, 60));
  await opened.keyspace.committer.settle();
  const graves = opened.store.iterate(DEAD_RANGE);
  expect(await graves.next(10)).toHaveLength(1);
  await graves.close();
  await expectSame(
    opened,
    Array.from({ length: 10 }, (_, i) => `e${50 + i}`),
  );
});

test("one that is read much comes into memory, and stays", async () => {
  const opened = await openKeyspace();
  const values = Array.from({ length: 200 }, (_, i) => `e${i}`);
  await onList(opened, (list) => list.push(values, "tail"));
  await opened.keyspace.committer.settle();
  const again = await openKeyspace({ store: opened.store });
  expect(await onList(again, (list) => [list.at(100), list.isResident])).toEqual(["e100", false]);
  for (let i = 0; i < 200; i++) await onList(again, (list) => list.at(i));
  expect(await onList(again, (list) => list.isResident)).toBe(true);
});
