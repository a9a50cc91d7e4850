import { describe, expect, test } from "vitest";
import type { Database } from "../../src/keyspace/database.ts";
import { Random } from "../../src/support/random.ts";
import { type TestKeyspace, openKeyspace } from "./open-keyspace.ts";

async function counts(open: TestKeyspace, db: Database, draws: number): Promise<Map<string, number>> {
  const random = new Random(42);
  const drawn = new Map<string, number>();
  for (let n = 0; n < draws; n++) {
    // As the executor does: what is run again draws the same numbers.
    random.mark();
    const key = await open.run(() => {
      random.rewind();
      return db.randomKey.draw(random);
    });
    drawn.set(key!, (drawn.get(key!) ?? 0) + 1);
  }
  return drawn;
}

/** Chi-square of equal odds, in standard deviations from what chance makes of it. */
function deviation(drawn: ReadonlyMap<string, number>, keys: readonly string[], draws: number): number {
  const expected = draws / keys.length;
  let chiSquare = 0;
  for (const key of keys) chiSquare += ((drawn.get(key) ?? 0) - expected) ** 2 / expected;
  const freedom = keys.length - 1;
  return (chiSquare - freedom) / Math.sqrt(2 * freedom);
}

async function put(open: TestKeyspace, keys: readonly string[]): Promise<void> {
  await open.run(() => {
    for (const key of keys) open.keyspace.databases[0]!.put(key, "v");
  });
  await open.keyspace.committer.settle();
}

/** Names as people give them: a few prefixes, numbers of unequal length, a few that stand alone. */
const skewed = [
  "!first",
  "zzz",
  "\xff\xff",
  ...Array.from({ length: 700 }, (_, n) => `user:${n}`),
  ...Array.from({ length: 80 }, (_, n) => `session:${n * 7919}`),
];

describe("a random key", () => {
  test.each([1, 2, 5, 63, 64, 65, 200])("is any of %i keys with the same odds", async (count) => {
    const open = await openKeyspace();
    const keys = Array.from({ length: count }, (_, n) => `user:${n}`);
    await put(open, keys);
    const draws = count * 40;
    const drawn = await counts(open, open.keyspace.databases[0]!, draws);
    expect([...drawn.keys()].every((key) => keys.includes(key))).toBe(true);
    if (count > 1) expect(deviation(drawn, keys, draws)).toBeLessThan(4);
  });

  test("has the same odds whatever the names look like", async () => {
    const open = await openKeyspace();
    await put(open, skewed);
    const drawn = await counts(open, open.keyspace.databases[0]!, 5_000);
    expect(deviation(drawn, skewed, 5_000)).toBeLessThan(4);
  });

  test("has the same odds after keys came and went", async () => {
    const open = await openKeyspace();
    const db = open.keyspace.databases[0]!;
    await put(open, skewed);
    await counts(open, db, 1);
    const added = Array.from({ length: 60 }, (_, n) => `user:300:${n}`);
    await put(open, added);
    const gone = Array.from({ length: 300 }, (_, n) => `user:${400 + n}`);
    await open.run(() => {
      for (const key of gone) db.delete(key);
    });
    const keys = [...skewed, ...added].filter((key) => !gone.includes(key));
    const drawn = await counts(open, db, 4_000);
    expect([...drawn.keys()].filter((key) => gone.includes(key))).toEqual([]);
    expect(deviation(drawn, keys, 4_000)).toBeLessThan(4);
  });

  test("is found soon in a stretch that has outgrown its places", async () => {
    const open = await openKeyspace();
    const db = open.keyspace.databases[0]!;
    await put(
      open,
      Array.from({ length: 300 }, (_, n) => `a:${n}`),
    );
    await counts(open, db, 1);
    const many = Array.from({ length: 3000 }, (_, n) => `z:${n}`);
    await put(open, many);
    const drawn = await counts(open, db, 2000);
    const ofMany = [...drawn]
      .filter(([key]) => key.startsWith("z:"))
      .reduce((sum, [, times]) => sum + times, 0);
    expect(ofMany / 2000).toBeGreaterThan(0.88);
    expect(ofMany / 2000).toBeLessThan(0.93);
  });

  test("is not one that has expired", async () => {
    const open = await openKeyspace();
    const db = open.keyspace.databases[0]!;
    const now = Date.now();
    await open.run(() => {
      for (let n = 0; n < 100; n++) db.put(`gone:${n}`, "v", now + 10);
      db.put("stays", "v");
    }, now);
    const random = new Random(1);
    expect(await open.run(() => db.randomKey.draw(random), now + 11)).toBe("stays");
  });

  test("there is none where all have expired, or none was", async () => {
    const open = await openKeyspace();
    const [db, empty] = open.keyspace.databases;
    const now = Date.now();
    await open.run(() => {
      for (let n = 0; n < 100; n++) db!.put(`gone:${n}`, "v", now + 10);
    }, now);
    const random = new Random(1);
    expect(await open.run(() => db!.randomKey.draw(random), now + 11)).toBeNull();
    expect(await open.run(() => empty!.randomKey.draw(random))).toBeNull();
  });

  test("after a flush comes from the new keys", async () => {
    const open = await openKeyspace();
    const db = open.keyspace.databases[0]!;
    await put(open, skewed);
    await counts(open, db, 1);
    await open.run(() => {
      db.flush();
      db.put("new", "v");
    });
    expect(await counts(open, db, 20)).toEqual(new Map([["new", 20]]));
  });
});
