import { expect, test } from "vitest";
import type { Database } from "../../src/keyspace/database.ts";
import { Sweep } from "../../src/storage/collector/sweep.ts";
import { type TestKeyspace, openKeyspace } from "./open-keyspace.ts";

/*
 * Collections that change their place while their old one is dropped: nothing of them may be lost, nothing may
 * stay behind on disk.
 */

const MEMBERS = 20;

async function withLargeHash(): Promise<TestKeyspace> {
  const open = await openKeyspace();
  await open.run(() => {
    const hash = open.keyspace.databases[0]!.hashToWrite("h");
    for (let n = 0; n < MEMBERS; n++) hash.set(`field ${n}`, `value ${n}`);
  });
  await open.keyspace.committer.settle();
  return open;
}

/** As MOVE does. */
function move(from: Database, to: Database, key: string): void {
  const entry = from.find(key)!;
  to.find(key);
  to.put(key, from.take(entry), entry.expiresAtMs);
}

async function collect({ store, keyspace }: TestKeyspace): Promise<void> {
  await keyspace.committer.settle();
  const sweep = new Sweep(store);
  for (let rounds = 0; rounds < 10; rounds++) await sweep.round(1000, async () => {});
}

async function elements({ store }: TestKeyspace): Promise<number> {
  const iterator = store.iterate({ gte: "c", lt: "d", keysOnly: true });
  const found = await iterator.next(10_000);
  await iterator.close();
  return found.length;
}

test("a collection that left a database right before its FLUSHDB stays whole", async () => {
  const open = await withLargeHash();
  const [source, target] = open.keyspace.databases;
  await open.run(() => {
    move(source!, target!, "h");
    source!.flush();
  });
  await collect(open);
  const { keyspace, run } = await openKeyspace({ store: open.store });
  expect(await run(() => keyspace.databases[1]!.hash("h")!.get("field 7"))).toBe("value 7");
  expect(keyspace.databases[0]!.keyCount).toBe(0);
  expect(await elements(open)).toBe(MEMBERS);
});

test("a collection that came to a database right before its FLUSHDB goes", async () => {
  const open = await withLargeHash();
  const [source, target] = open.keyspace.databases;
  await open.run(() => {
    move(source!, target!, "h");
    target!.flush();
  });
  await collect(open);
  expect(await elements(open)).toBe(0);
});

test("a collection that was replaced, or grew, right before FLUSHDB goes", async () => {
  for (const replaced of [true, false]) {
    const open = await withLargeHash();
    const db = open.keyspace.databases[0]!;
    await open.run(() => {
      const hash = db.hash("h")!;
      if (replaced) db.put("h", "string");
      else hash.set("one more", "value");
      db.flush();
    });
    await collect(open);
    expect(await elements(open)).toBe(0);
  }
});

test("what is put into a database after its FLUSHDB, in the same turn, stays", async () => {
  const open = await withLargeHash();
  const db = open.keyspace.databases[0]!;
  await open.run(() => {
    db.put("h", "before");
    db.flush();
    db.put("h", "after");
  });
  await collect(open);
  const { keyspace, run } = await openKeyspace({ store: open.store });
  expect(await run(() => keyspace.databases[0]!.find("h")?.value)).toBe("after");
  expect(keyspace.databases[0]!.keyCount).toBe(1);
});

test("databases keep their keys when they are swapped, also after a restart", async () => {
  const open = await withLargeHash();
  await open.run(() => {
    open.keyspace.databases[1]!.put("s", "string");
    open.keyspace.swap(0, 1);
  });
  await open.keyspace.committer.settle();
  for (const { keyspace, run } of [open, await openKeyspace({ store: open.store })]) {
    const [first, second] = keyspace.databases;
    expect(await run(() => first!.find("s")?.value)).toBe("string");
    expect(await run(() => second!.hash("h")!.count)).toBe(MEMBERS);
    expect([first!.keyCount, second!.keyCount]).toEqual([1, 1]);
  }
});

test("a copy has elements of its own, in the same form", async () => {
  const open = await withLargeHash();
  const db = open.keyspace.databases[0]!;
  await open.run(() => void db.hashToWrite("small").set("f", "v"));
  await open.run(() => {
    for (const key of ["h", "small"]) {
      const { value } = db.find(key)!;
      if (typeof value === "string" || value === null) throw new Error("not a collection");
      db.find(`${key} copy`);
      db.put(`${key} copy`, value.copy());
    }
  });
  await open.run(() => void db.delete("h"));
  await collect(open);
  const { keyspace, run } = await openKeyspace({ store: open.store });
  const again = keyspace.databases[0]!;
  expect(await elements(open)).toBe(MEMBERS);
  expect(await run(() => again.hash("h copy")!.get("field 7"))).toBe("value 7");
  expect(await run(() => again.hash("h copy")!.encoding)).toBe("hashtable");
  expect(await run(() => again.hash("small copy")!.encoding)).toBe("listpack");
  expect(await run(() => again.hash("small copy")!.get("f"))).toBe("v");
});
