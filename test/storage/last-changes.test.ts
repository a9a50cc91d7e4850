import { crc32 } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ChangeWalk, RecordBuilder, changeAt } from "../../src/storage/redo/format.ts";
import { LastChanges } from "../../src/storage/redo/last-changes.ts";

type Change = readonly [key: string, value: string | null];

function recordOf(changes: Iterable<Change>): Buffer {
  const builder = new RecordBuilder(1024);
  for (const [key, value] of changes) {
    if (value === null) builder.delete(key);
    else builder.put("", key, "", value);
  }
  return builder.take();
}

function lastOf(record: Buffer): LastChanges {
  const walk = new ChangeWalk(record);
  const last = new LastChanges(record);
  while (!walk.isAtEnd) last.take(walk, 1000);
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
