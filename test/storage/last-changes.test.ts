import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ChangeWalk, RecordBuilder, changeAt } from "../../src/storage/redo/format.ts";
import { LastChanges } from "../../src/storage/redo/last-changes.ts";

type Change = readonly [key: string, value: string | null];

function recordOf(changes: Iterable<Change>): Buffer {
  const builder = new RecordBuilder(1024);
  for (const [key, value] of changes) {
    if (value === null) builder.delete(key);
    else builder.put("", key, "", value, false);
  }
  return builder.take();
}

function lastOf(record: Buffer, isFirstTime = true, before: LastChanges | null = null): LastChanges {
  const walk = new ChangeWalk(record);
  const last = new LastChanges(record, isFirstTime);
  while (!walk.isAtEnd) last.take(walk, 1000, before);
  return last;
}

/** What the store holds after these are made in their order. */
function made(record: Buffer, last: LastChanges): Map<string, string | null> {
  const result = new Map<string, string | null>();
  for (const at of last.positions()) {
    const { key, value } = changeAt(record, at);
    result.set(key.latin1Slice(), value?.latin1Slice() ?? null);
  }
  return result;
}

/** What is in a store after that. */
function apply(held: ReadonlyMap<string, string>, record: Buffer, last: LastChanges): Map<string, string> {
  const after = new Map(held);
  for (const [key, value] of made(record, last)) {
    if (value === null) after.delete(key);
    else after.set(key, value);
  }
  return after;
}

// Short ones are hashed and compared byte by byte, longer ones not.
const someKey = fc.integer({ min: 0, max: 40 }).map((n) => "k".repeat([0, 1, 20, 40, 70][n % 5]!) + n);
const change = fc.tuple(someKey, fc.option(fc.string({ maxLength: 3 })));

test("of each key the last change stays, once", () => {
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 200 }), (changes) => {
      const record = recordOf(changes);
      const last = lastOf(record);
      const expected = new Map(changes);
      expect(made(record, last)).toEqual(expected);
      expect(last.size).toBe(expected.size);
      expect([...last.positions()].length).toBe(expected.size);
    }),
  );
});

test("also when the table has to grow, and when it holds little but what was replaced", () => {
  const changes: Change[] = [];
  for (let i = 0; i < 30_000; i++) changes.push([`key:${i % 9000}`, `${i}`]);
  for (let i = 0; i < 30_000; i++) changes.push([`few:${i % 3}`, i % 2 === 0 ? null : `${i}`]);
  const record = recordOf(changes);
  const last = lastOf(record);
  expect(made(record, last)).toEqual(new Map(changes));
  // A few may have found no place in the table.
  expect(last.size).toBeLessThan(9003 * 1.02);
});

test("short keys of one hash are told apart: among so many there are about eighteen pairs", () => {
  const count = 400_000;
  const builder = new RecordBuilder(1024);
  for (let i = 0; i < count; i++) {
    const key = createHash("sha1").update(`${i}`).digest().latin1Slice(0, 12);
    builder.put("", key, "", "", false);
  }
  expect(lastOf(builder.take()).size).toBe(count);
});

/** Keys of one length and one crc32, whatever it starts from: the sums of shifted generator polynomials. */
function collidingKeys(bits: number): string[] {
  const length = 80;
  const shifted = Array.from({ length: bits }, (_, shift) => {
    const pattern = Buffer.alloc(length);
    for (let i = 0; i <= 32; i++) {
      const isSet = i === 0 || ((0x04c1_1db7 >>> (32 - i)) & 1) === 1;
      if (isSet) pattern[(shift + i) >> 3]! |= 1 << ((shift + i) & 7);
    }
    return pattern;
  });
  const keys = [Buffer.alloc(length, "k")];
  for (const pattern of shifted) {
    for (const key of [...keys]) keys.push(Buffer.from(key.map((byte, i) => byte ^ pattern[i]!)));
  }
  return keys.map((key) => key.latin1Slice());
}

test("keys of one hash take no more time than others, and come out right", () => {
  const colliding = collidingKeys(14);
  expect(new Set(colliding).size).toBe(1 << 14);
  expect(new Set(colliding.map((key) => crc32(Buffer.from(key, "latin1"), 7))).size).toBe(1);
  const changes = [1, 2, 3].flatMap((round) => colliding.map((key, i): Change => [key, `${round}:${i}`]));
  const record = recordOf(changes);
  const before = process.cpuUsage();
  const last = lastOf(record);
  // To compare each with all before takes half a minute.
  expect(process.cpuUsage(before).user).toBeLessThan(3e6);
  expect(made(record, last)).toEqual(new Map(changes));
}, 60_000);

const steps = fc.array(
  fc.record({ key: fc.nat(12).map((n) => `k${n}`), deletes: fc.boolean(), tells: fc.boolean() }),
  { minLength: 1, maxLength: 300 },
);

let valuesMade = 0;

/** The changes in a record, each of which tells, or not, when it is the first on nothing; and what there is at the end. */
function played(
  held: ReadonlyMap<string, string>,
  all: readonly { key: string; deletes: boolean; tells: boolean }[],
): { record: Buffer; after: Map<string, string> } {
  const after = new Map(held);
  const builder = new RecordBuilder(1024);
  all.forEach(({ key, deletes, tells }) => {
    if (deletes) {
      builder.delete(key);
      after.delete(key);
    } else {
      const value = `${valuesMade++}`;
      builder.put("", key, "", value, tells && !after.has(key));
      after.set(key, value);
    }
  });
  return { record: Buffer.from(builder.take()), after };
}

describe("what was put on nothing and deleted again", () => {
  const names = fc.array(fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 2 }), { maxLength: 9 });
  test("whatever is left out, the outcome is the same", () => {
    fc.assert(
      fc.property(names, steps, (there, all) => {
        const held = new Map(there.map((key) => [`k${key.length}`, "held"]));
        const { record, after } = played(held, all);
        const last = lastOf(record);
        expect(apply(held, record, last)).toEqual(after);
        expect([...last.positions()]).toHaveLength(last.size);
        // When it is made again, the store may hold anything of it.
        const dirty = new Map([...held, ...all.map(({ key }) => [key, "anything"] as const)]);
        const touched = new Set(all.map(({ key }) => key));
        const again = apply(dirty, record, lastOf(record, false));
        for (const key of touched) expect(again.get(key)).toBe(after.get(key));
      }),
      { numRuns: 500 },
    );
  });

  test("the store does not learn of it, however much it is", () => {
    const builder = new RecordBuilder(1024);
    // A queue: what is pushed is popped a little later.
    for (let i = 0; i < 50_000; i++) {
      builder.put("", `queue:${i}`, "", "job", true);
      if (i >= 100) builder.delete(`queue:${i - 100}`);
    }
    const record = builder.take();
    const last = lastOf(record);
    const kept = [...made(record, last)].filter(([, value]) => value !== null);
    expect(kept).toHaveLength(100);
    // A few may have found no place in the table, or have been left behind when it grew.
    expect(last.size).toBeLessThan(1000);
    expect(lastOf(record, false).size).toBeGreaterThan(49_000);
  });
});

test("a deletion is made when what it deletes had no place in the table, and may have one later", () => {
  const keys = collidingKeys(8);
  const key = keys.pop()!;
  const others = fc.nat(keys.length);
  fc.assert(
    fc.property(others, (count) => {
      const colliding = keys.slice(0, count);
      const builder = new RecordBuilder(1024);
      for (const other of colliding) builder.put("", other, "", "v", true);
      builder.put("", key, "", "1", true);
      builder.put("", key, "", "2", false);
      // Now there are places; they are found when the table is made anew for more.
      for (const other of colliding) builder.delete(other);
      for (let i = 0; i < 5000; i++) builder.put("", `${i}`, "", "v", true);
      builder.delete(key);
      const record = builder.take();
      const after = apply(new Map(), record, lastOf(record));
      expect(after.get(key)).toBeUndefined();
      expect(after.size).toBe(5000);
    }),
    { examples: [[24], [64]], numRuns: 20 },
  );
});

describe("what is left of the block before", () => {
  const blocks = fc.array(fc.record({ all: steps, isFirstTime: fc.boolean() }), {
    minLength: 2,
    maxLength: 5,
  });

  test("is made without what changed again, and the outcome is the same", () => {
    fc.assert(
      fc.property(fc.subarray(["k0", "k1", "k2", "k3"]), blocks, (there, parts) => {
        let logical: ReadonlyMap<string, string> = new Map(there.map((key) => [key, "there"]));
        let store = logical;
        let held: { record: Buffer; last: LastChanges } | null = null;
        for (const { all, isFirstTime } of parts) {
          const { record, after } = played(logical, all);
          logical = after;
          const last = lastOf(record, isFirstTime, held?.last);
          if (held !== null) {
            expect([...held.last.positions()]).toHaveLength(held.last.size);
            store = apply(store, held.record, held.last);
            const again = new Set(all.map(({ key }) => key));
            // A deletion may be made before what comes on nothing.
            for (const [key, value] of made(held.record, held.last)) {
              if (value !== null) expect(again.has(key)).toBe(false);
            }
          }
          held = { record, last };
        }
        store = apply(store, held!.record, held!.last);
        expect(store).toEqual(logical);
      }),
      { numRuns: 1000 },
    );
  });

  test("need not be made at all when it came on nothing and is deleted", () => {
    const names = Array.from({ length: 3000 }, (_, i) => `job:${i}`);
    const [puts, deletions] = [new RecordBuilder(1024), new RecordBuilder(1024)];
    for (const name of names) puts.put("", name, "", "job", true);
    for (const name of names.slice(1)) deletions.delete(name);
    const [first, second] = [puts.take(), deletions.take()];
    const before = lastOf(first);
    const last = lastOf(second, true, before);
    expect([before.size, last.size]).toEqual([1, 0]);
    expect([...made(first, before).keys()]).toEqual(["job:0"]);
  });
});
