import { expect, test } from "vitest";
import { type LoadOptions, type RdbInput, loadRdb } from "../../src/rdb/load/load.ts";
import { Sweep } from "../../src/storage/collector/sweep.ts";
import { type TestKeyspace, openKeyspace } from "../keyspace/open-keyspace.ts";
import { keyOf, length, rdbFile, str } from "./rdb-bytes.ts";

/** A load leaves the live data alone until it is complete, and all of it to the collector then; or nothing of itself. */

const MANY = 40_000;

const file = rdbFile(
  9,
  keyOf(0, "both") + str("loaded"),
  keyOf(2, "set") + length(MANY) + Array.from({ length: MANY }, (_, i) => str(`m${i}`)).join(""),
  `\xfe\x01${keyOf(0, "loaded")}${str("1")}`,
);

/** Gives the file in pieces; `between` happens before each of them. */
function input(bytes: Buffer, between: () => Promise<void>): RdbInput {
  let at = 0;
  return {
    expectedEnd: null,
    totalBytes: bytes.length,
    async read(buffer) {
      await between();
      const copied = bytes.copy(buffer, 0, at, at + 20_000);
      at += copied;
      return copied;
    },
    close: async () => {},
  };
}

const optionsFor = ({ keyspace }: TestKeyspace): LoadOptions => ({
  keyspace,
  onlyDatabase: null,
  nowMs: Date.now(),
  skipModules: false,
  checksum: true,
  onNotice: () => {},
  onProgress: () => {},
});

async function withLiveData(): Promise<TestKeyspace> {
  const open = await openKeyspace();
  await open.run(() => {
    const db = open.keyspace.databases[0]!;
    db.put("both", "live");
    const hash = db.hashToWrite("hash");
    for (let n = 0; n < 20; n++) hash.set(`field ${n}`, `value ${n}`);
  });
  await open.keyspace.committer.settle();
  return open;
}

/** Uses the live data, and changes it: a new key and a new collection each time. */
function liveWork(open: TestKeyspace): { readonly work: () => Promise<void>; readonly rounds: () => number } {
  let rounds = 0;
  return {
    rounds: () => rounds,
    work: () =>
      open.run(() => {
        const db = open.keyspace.databases[0]!;
        expect(db.string("both")).toBe("live");
        expect(db.hash("hash")!.get("field 7")).toBe("value 7");
        expect(db.set("set")).toBeNull();
        db.put(`live:${rounds}`, "x", rounds % 2 === 0 ? 0 : Date.now() + 1);
        const hash = db.hashToWrite(`hash:${rounds++}`);
        for (let n = 0; n < 20; n++) hash.set(`field ${n}`, "x");
      }),
  };
}

async function stored({ store, keyspace }: TestKeyspace): Promise<string[]> {
  await keyspace.committer.settle();
  const sweep = new Sweep(store);
  for (let round = 0; round < 30; round++) await sweep.round(10_000, async () => {});
  const iterator = store.iterate({ gte: '"', lt: "\xff", keysOnly: true });
  const found = await iterator.next(200_000);
  await iterator.close();
  return found.map(([key]) => key);
}

test("live data is served and changed while other data is loaded, and exchanged at once", async () => {
  const open = await withLiveData();
  const { keyspace, run } = open;
  const live = liveWork(open);
  const result = await loadRdb(input(file, live.work), optionsFor(open));
  expect(live.rounds()).toBeGreaterThan(10);
  await live.work();
  // What is to expire of the data that is loaded is not the walk's affair yet.
  await keyspace.expiry.due(Date.now() + 1000);
  await run(() => keyspace.adopt(result.databases));
  await keyspace.committer.settle();
  await run(() => {
    const [db, second] = keyspace.databases;
    expect(db!.string("both")).toBe("loaded");
    expect(db!.hash("hash")).toBeNull();
    expect(db!.set("set")!.count).toBe(MANY);
    expect(db!.set("set")!.has("m39999")).toBe(true);
    expect([db!.keyCount, db!.expiryCount, second!.keyCount]).toEqual([2, 0, 1]);
    // Ids that the load took are not given again.
    db!.hashToWrite("new").set("field", "x".repeat(100));
    expect(db!.set("set")!.count).toBe(MANY);
  });
  // Three records, their elements, and nothing of what was.
  expect(await stored(open)).toHaveLength(3 + MANY + 1 + 1);
  const again = await openKeyspace({ store: open.store });
  expect(await again.run(() => again.keyspace.databases[0]!.string("both"))).toBe("loaded");
  expect(open.store.getSync("!loading")).toBeUndefined();
});

test("a load that fails leaves the live data as it is, and nothing else", async () => {
  const open = await withLiveData();
  const before = await stored(open);
  const damaged = Buffer.from(file);
  damaged[damaged.length - 1]! ^= 1;
  for (const bytes of [damaged, file.subarray(0, file.length >> 1)]) {
    await expect(
      loadRdb(
        input(bytes, async () => {}),
        optionsFor(open),
      ),
    ).rejects.toThrow(/at byte \d+/);
    expect(await stored(open)).toEqual(before);
    expect(open.store.getSync("!loading")).toBeUndefined();
  }
  const result = await loadRdb(
    input(file, async () => {}),
    optionsFor(open),
  );
  expect(result.keys).toBe(3);
});

test("a load can be given up", async () => {
  const open = await withLiveData();
  const before = await stored(open);
  const abort = new AbortController();
  let reads = 0;
  const between = async (): Promise<void> => void (++reads === 10 && abort.abort(new Error("given up")));
  await expect(loadRdb(input(file, between), optionsFor(open), abort.signal)).rejects.toThrow("given up");
  expect(await stored(open)).toEqual(before);
});

test("what a process that was killed has left goes at the next start", async () => {
  const open = await withLiveData();
  const before = await stored(open);
  await loadRdb(
    input(file, async () => {}),
    optionsFor(open),
  );
  // Loaded, and not adopted.
  expect(open.store.getSync("!loading")).toBeDefined();
  const again = await openKeyspace({ store: open.store });
  expect(await stored(again)).toEqual(before);
});
