import { describe, expect, test, vi } from "vitest";
import type { Database } from "../../src/keyspace/database.ts";
import { Attempt } from "../../src/storage/attempt.ts";
import { EXPIRY_RANGE } from "../../src/storage/layout.ts";
import { Undo } from "../../src/storage/undo.ts";
import { type TestKeyspace, openKeyspace } from "./open-keyspace.ts";

const NOW = 1_800_000_000_000;

/** What the walk does: reads what is due, and looks at it. Returns what was due. */
async function walk({ keyspace, run }: TestKeyspace, nowMs: number): Promise<string[]> {
  const due = await keyspace.expiry.due(nowMs);
  for (const db of keyspace.databases) {
    const keys = due.filter(({ generation }) => generation === db.generation).map(({ key }) => key);
    await run(() => {
      db.ready(keys);
      for (const key of keys) db.peek(key);
    }, nowMs);
  }
  return due.map(({ key }) => key);
}

async function put(
  open: TestKeyspace,
  db: Database,
  keys: readonly (readonly [string, number])[],
): Promise<void> {
  await open.run(() => {
    for (const [key, expiresAtMs] of keys) db.put(key, "v", expiresAtMs);
  }, NOW);
  await open.keyspace.committer.settle();
}

async function indexEntries({ store, keyspace }: TestKeyspace): Promise<number> {
  await keyspace.committer.settle();
  const iterator = store.iterate({ ...EXPIRY_RANGE, keysOnly: true });
  const entries = await iterator.next(100_000);
  await iterator.close();
  return entries.length;
}

describe("what is due", () => {
  test("is found in time order, exactly to the millisecond", async () => {
    const open = await openKeyspace();
    const db = open.keyspace.databases[0]!;
    await put(open, db, [
      ["c", NOW + 30],
      ["a", NOW + 10],
      ["b", NOW + 20],
      ["never", 0],
    ]);
    expect(await walk(open, NOW + 10)).toEqual([]);
    expect(open.keyspace.expiry.nextDueMs).toBe(NOW + 11);
    expect(await walk(open, NOW + 21)).toEqual(["a", "b"]);
    expect(open.keyspace.expiry.nextDueMs).toBe(NOW + 31);
    expect(db.keyCount).toBe(2);
    expect(db.expiryCount).toBe(1);
    expect(await walk(open, NOW + 31)).toEqual(["c"]);
    expect(open.keyspace.expiry.nextDueMs).toBe(Infinity);
    expect(open.keyspace.expiry.expiredKeys).toBe(3);
    expect(await indexEntries(open)).toBe(0);
  });

  test("is known after a restart", async () => {
    const first = await openKeyspace();
    await put(first, first.keyspace.databases[0]!, [
      ["a", NOW + 10],
      ["b", NOW + 20],
    ]);
    const open = await openKeyspace({ store: first.store });
    expect(await walk(open, NOW + 11)).toEqual(["a"]);
    expect(open.keyspace.databases[0]!.keyCount).toBe(1);
    expect(open.keyspace.expiry.nextDueMs).toBe(NOW + 21);
  });

  test("comes in steps when it is much", async () => {
    const open = await openKeyspace();
    const db = open.keyspace.databases[0]!;
    await put(
      open,
      db,
      Array.from({ length: 1200 }, (_, n) => [`key ${n}`, NOW + 1] as const),
    );
    const steps: number[] = [];
    while (open.keyspace.expiry.nextDueMs <= NOW + 2) steps.push((await walk(open, NOW + 2)).length);
    expect(steps).toEqual([500, 500, 200]);
    expect(db.keyCount).toBe(0);
  });

  test("is not hidden by what a dropped database left behind", async () => {
    const open = await openKeyspace();
    const [db, dropped] = open.keyspace.databases;
    await put(
      open,
      dropped!,
      Array.from({ length: 1200 }, (_, n) => [`key ${n}`, NOW + 1] as const),
    );
    await put(open, db!, [["mine", NOW + 2]]);
    await open.run(() => dropped!.flush(), NOW);
    const due: string[] = [];
    for (let steps = 0; steps < 4; steps++) due.push(...(await walk(open, NOW + 3)));
    expect(due).toEqual(["mine"]);
    expect(await indexEntries(open)).toBe(0);
    expect(open.keyspace.expiry.nextDueMs).toBe(Infinity);
  });

  test.each([
    ["before it was looked for", false],
    ["after", true],
  ])("does not count a key that was given more time, or written anew, %s", async (_, isKnown) => {
    const open = await openKeyspace();
    const db = open.keyspace.databases[0]!;
    if (isKnown) await walk(open, NOW);
    await put(open, db, [
      ["longer", NOW + 10],
      ["for ever", NOW + 10],
      ["anew", NOW + 10],
      ["renamed", NOW + 10],
    ]);
    await open.run(() => {
      db.setExpiry(db.find("longer")!, NOW + 100);
      db.setExpiry(db.find("for ever")!, 0);
      db.put("anew", "other");
      db.put("elsewhere", db.take(db.find("renamed")!), NOW + 10);
    }, NOW);
    expect(await walk(open, NOW + 11)).toEqual(["elsewhere"]);
    expect(open.keyspace.expiry.nextDueMs).toBe(NOW + 101);
    expect(await indexEntries(open)).toBe(1);
    expect(db.keyCount).toBe(3);
    expect(db.expiryCount).toBe(1);
  });

  test("a time that is set while the index is read is not missed", async () => {
    const open = await openKeyspace();
    const db = open.keyspace.databases[0]!;
    await put(open, db, [["a", NOW + 100]]);
    const reading = open.keyspace.expiry.due(NOW);
    await open.run(() => db.put("b", "v", NOW + 50), NOW);
    await reading;
    expect(open.keyspace.expiry.nextDueMs).toBe(NOW + 51);
  });
});

describe("what is known of the next seconds", () => {
  const SOON = NOW + 5000;

  /** With some keys, which expire soon, and that known. */
  async function openWith(...keys: string[]): Promise<TestKeyspace> {
    const open = await openKeyspace();
    await walk(open, NOW);
    await put(
      open,
      open.keyspace.databases[0]!,
      keys.map((key) => [key, SOON] as const),
    );
    return open;
  }

  test("needs nothing of the store", async () => {
    const open = await openWith("a");
    const checkpoint = vi.spyOn(open.keyspace.committer, "checkpoint");
    for (let i = 0; i < 50; i++) {
      await put(open, open.keyspace.databases[1]!, [[`key ${i}`, NOW + 100 * i]]);
      await walk(open, NOW + 100 * i + 1);
    }
    expect(open.keyspace.databases[1]!.keyCount).toBe(0);
    expect(await walk(open, SOON + 1)).toEqual(["a"]);
    expect(checkpoint).not.toHaveBeenCalled();
  });

  test("goes with the keys of a database", async () => {
    const open = await openWith("a", "b");
    const { keyspace } = open;
    await open.run(() => keyspace.swap(0, 1), NOW);
    await put(open, keyspace.databases[0]!, [["a", SOON + 1]]);
    expect(await walk(open, SOON + 1)).toEqual(["a", "b"]);
    expect(keyspace.databases.map((db) => db.keyCount)).toEqual([1, 0, 0, 0]);
    await open.run(() => keyspace.flushAll(), NOW);
    await put(open, keyspace.databases[0]!, [["new", SOON + 1]]);
    expect(await walk(open, SOON + 2)).toEqual(["new"]);
  });

  test("follows what a transaction takes back", async () => {
    const open = await openWith("later", "never", "deleted", "other");
    const { keyspace } = open;
    const db = keyspace.databases[0]!;
    const attempt = new Attempt();
    const undo = (attempt.undo = new Undo());
    undo.mayWrite = true;
    keyspace.reading.attempt = attempt;
    keyspace.setTime(NOW);
    db.setExpiry(db.find("later")!, NOW + 100_000);
    db.setExpiry(db.find("never")!, 0);
    db.delete("deleted");
    db.setExpiry(db.find("other")!, SOON - 1000);
    undo.rollBack();
    attempt.release();
    expect((await walk(open, SOON + 1)).toSorted()).toEqual(["deleted", "later", "never", "other"]);
    expect(db.keyCount).toBe(0);
  });

  test("is looked up again when memory was set back", async () => {
    const open = await openWith("a", "b");
    const { keyspace } = open;
    keyspace.expiry.reset();
    expect(keyspace.expiry.nextDueMs).toBeLessThan(NOW);
    expect((await walk(open, SOON + 1)).toSorted()).toEqual(["a", "b"]);
    // While it is being looked up, too.
    await put(open, keyspace.databases[0]!, [["c", SOON + 20_000]]);
    const reading = keyspace.expiry.due(SOON + 19_000);
    keyspace.expiry.reset();
    expect(await reading).toEqual([]);
    expect(keyspace.expiry.nextDueMs).toBeLessThan(NOW);
    expect(await walk(open, SOON + 20_001)).toEqual(["c"]);
  });
});

describe("a key whose time is over", () => {
  test("is gone for whoever looks, and then from the count", async () => {
    const open = await openKeyspace();
    const db = open.keyspace.databases[0]!;
    await put(open, db, [["a", NOW + 10]]);
    expect(await open.run(() => db.find("a") !== null, NOW + 10)).toBe(true);
    expect(await open.run(() => [db.find("a"), db.delete("a"), db.keyCount], NOW + 11)).toEqual([
      null,
      false,
      1,
    ]);
    expect([db.keyCount, db.expiryCount]).toEqual([0, 0]);
  });

  test("is counted out once, when it left memory and came back before it was removed", async () => {
    const open = await openKeyspace();
    const db = open.keyspace.databases[0]!;
    await put(open, db, [
      ["a", NOW + 10],
      ["b", 0],
    ]);
    const { keyspace } = open;
    const look = (): void => {
      keyspace.setTime(NOW + 11);
      expect(db.peek("a")).toBeNull();
    };
    look();
    // What a command met that then waited for something else: the cache lets go of it meanwhile.
    db.entries.evicted(db.entries.inMemory("a")!);
    look();
    const before = keyspace.expiry.expiredKeys;
    keyspace.removeExpired(true);
    expect(keyspace.expiry.expiredKeys - before).toBe(1);
    expect(db.keyCount).toBe(1);
    await keyspace.committer.settle();
    const again = await openKeyspace({ store: open.store });
    expect(again.keyspace.databases[0]!.keyCount).toBe(1);
    expect(await again.run(() => again.keyspace.databases[0]!.find("a"), NOW)).toBeNull();
  });

  test("can be written anew by the command that met it", async () => {
    const open = await openKeyspace();
    const db = open.keyspace.databases[0]!;
    await put(open, db, [["a", NOW + 10]]);
    await open.run(() => {
      expect(db.find("a")).toBeNull();
      db.put("a", "new");
    }, NOW + 11);
    expect(await open.run(() => db.find("a")?.value, NOW + 11)).toBe("new");
    expect([db.keyCount, db.expiryCount]).toEqual([1, 0]);
    expect(await indexEntries(open)).toBe(0);
  });
});
