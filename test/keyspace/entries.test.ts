import { expect, test, vi } from "vitest";
import { MemberMap } from "../../src/keyspace/member-map.ts";
import { openKeyspace, type TestKeyspace } from "./open-keyspace.ts";

/** Keys in the store, of which memory knows nothing. */
async function stored(keys: readonly string[]): Promise<TestKeyspace> {
  const before = await openKeyspace();
  await before.run(() => keys.forEach((key) => before.keyspace.databases[0]!.put(key, `old ${key}`)));
  await before.keyspace.committer.checkpoint();
  return openKeyspace({ store: before.store, recordCacheBytes: 100 });
}

const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `k${i}`);

test("what was read ahead is in memory for commands right behind it, and goes unless it is used again", async () => {
  const { keyspace } = await stored(names(100));
  const { entries } = keyspace.databases[0]!;
  const take = await entries.readAhead([...names(50), "absent"]);
  expect(entries.inMemory("k7")).toBeUndefined();
  take();
  expect(entries.inMemory("k7")!.value).toBe("old k7");
  expect(entries.inMemory("absent")!.value).toBeNull();
  expect(entries.missing(["k7", "k77", "absent"])).toEqual(["k77"]);
  while (keyspace.cache.isFull) keyspace.cache.trim();
  expect(keyspace.cache.bytes).toBeLessThanOrEqual(100);
});

test("what was written since, and has left memory, is not what was read before", async () => {
  const { keyspace, run } = await stored(names(100));
  const db = keyspace.databases[0]!;
  const take = await db.entries.readAhead(["k1", "k2", "k3"]);
  await run(() => {
    db.put("k1", "new");
    db.delete("k2");
  });
  await keyspace.committer.checkpoint();
  // Others take its place.
  for (const key of names(100).slice(10)) await run(() => db.string(key));
  while (keyspace.cache.isFull) keyspace.cache.trim();
  expect(db.entries.missing(["k1", "k2"])).toEqual(["k1", "k2"]);
  take();
  expect(await run(() => [db.string("k1"), db.string("k2"), db.string("k3")])).toEqual([
    "new",
    null,
    "old k3",
  ]);
});

test("what a flush has dropped does not come back", async () => {
  const { keyspace, run } = await stored(names(3));
  const db = keyspace.databases[0]!;
  const take = await db.entries.readAhead(names(3));
  await run(() => db.flush());
  take();
  expect(await run(() => db.string("k1"))).toBeNull();
});

test("when the store cannot read nothing of it remains", async () => {
  const { keyspace, store, run } = await stored(names(100));
  const db = keyspace.databases[0]!;
  const room = keyspace.reading.roomAhead;
  const getMany = store.getMany.bind(store);
  store.getMany = () => Promise.reject(new Error("disk"));
  await expect(db.entries.readAhead(names(70))).rejects.toThrow("disk");
  store.getMany = getMany;
  expect(keyspace.reading.roomAhead).toBe(room);
  (await db.entries.readAhead(names(70)))();
  expect(await run(() => db.string("k5"))).toBe("old k5");
});

test("members of large collections are looked up together: those of one command, and of a turn", async () => {
  const { keyspace, run } = await openKeyspace();
  const db = keyspace.databases[0]!;
  await run(() => names(5000).forEach((member) => db.setToWrite("large").add(member)));
  const touch = vi.spyOn(MemberMap.prototype, "touch");
  try {
    await run(() => db.set("large")!.ready(["k1", "k2"]));
    expect(touch.mock.lastCall).toEqual([["k1", "k2"]]);
    const requests = [
      ["SADD", "large", "k3"],
      ["SISMEMBER", "large", "k4"],
    ];
    db.entries.touchFor(["large", "large"], requests);
    expect(touch.mock.lastCall).toEqual([["k3", "k4"]]);
    await run(() => db.set("large")!.ready(["k1"]));
    expect(touch).toHaveBeenCalledTimes(2);
  } finally {
    touch.mockRestore();
  }
});
