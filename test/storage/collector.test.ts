import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Collector, CollectorOptions } from "../../src/storage/collector/collector.ts";
import { startCollector } from "../../src/storage/collector/start.ts";
import { Sweep } from "../../src/storage/collector/sweep.ts";
import {
  type KeyRange,
  DEAD_RANGE,
  EXPIRY_RANGE,
  collectionPrefix,
  collectionRange,
  deadCollectionKey,
  deadGenerationKey,
  expiryKey,
  recordKey,
  recordRange,
} from "../../src/storage/layout.ts";
import { u32, u64, varint } from "../../src/storage/numbers.ts";
import { RecordFlag } from "../../src/storage/record-header.ts";
import { type Store, openLevelStore, openMemoryStore } from "../../src/storage/store.ts";
import type { Bytes } from "../../src/support/bytes.ts";

const WORKER = new URL("./collector-worker.mjs", import.meta.url);
const FAST: CollectorOptions = {
  intervalMs: 5,
  batchSize: 10_000,
  workerUrl: WORKER,
  onError: (error) => {
    throw error;
  },
};
const OPEN = { cacheSizeBytes: 8 << 20, backendOptions: { writeBufferSize: 1 << 20, compression: false } };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "leveldis-collector-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function put(store: Store, entries: Iterable<readonly [Bytes, Bytes]>): Promise<void> {
  const batch = store.batch();
  for (const [key, value] of entries) batch.put(key, value);
  await batch.write(false);
}

async function fillCollection(store: Store, id: number, count: number, value = "v"): Promise<void> {
  for (let from = 0; from < count; from += 10_000) {
    const size = Math.min(10_000, count - from);
    await put(
      store,
      Array.from({ length: size }, (_, i) => [collectionPrefix(id) + "\0" + u32(from + i), value]),
    );
  }
}

async function count(store: Store, range: KeyRange): Promise<number> {
  const iterator = store.iterate({ ...range, keysOnly: true });
  let found = 0;
  for (let more = await iterator.next(1000); more.length > 0; more = await iterator.next(1000))
    found += more.length;
  await iterator.close();
  return found;
}

const EVERYTHING: KeyRange = { gte: "\0", lt: "\xff" };

async function diskBytes(): Promise<number> {
  const names = await readdir(folder);
  // LevelDB may delete one meanwhile.
  const sizeOf = (name: string): Promise<number> =>
    stat(join(folder, name)).then(
      ({ size }) => size,
      () => 0,
    );
  const sizes = await Promise.all(names.map(sizeOf));
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  await vi.waitFor(async () => expect(await condition()).toBe(true), { timeout: 15_000, interval: 5 });
}

const noRest = async (): Promise<void> => undefined;

/** Type 2, a hash; `collection` null: packed. */
function hashRecord(collection: number | null, expiresAtMs: number): Bytes {
  const flags = (collection === null ? 0 : RecordFlag.ranged) | (expiresAtMs === 0 ? 0 : RecordFlag.expires);
  const payload = collection === null ? "\x01f\x01v" : u64(collection) + varint(5) + varint(50);
  return "\x02" + String.fromCharCode(flags) + (expiresAtMs === 0 ? "" : u64(expiresAtMs)) + payload;
}

const stores: readonly (readonly [string, () => Promise<[Store, string | null]>])[] = [
  ["LevelDB", async () => [await openLevelStore(folder, OPEN), folder]],
  ["memory", async () => [await openMemoryStore(), null]],
];

describe.each(stores)("on %s", (_, open) => {
  let store: Store;
  let place: string | null;
  let collector: Collector;
  beforeEach(async () => {
    [store, place] = await open();
  });
  afterEach(async () => {
    await collector.close();
    await store.close();
  });

  test("a dead collection goes, its neighbours stay", async () => {
    await fillCollection(store, 6, 10);
    await fillCollection(store, 7, 1500);
    await fillCollection(store, 8, 10);
    await put(store, [[deadCollectionKey(7), ""]]);
    collector = await startCollector(store, place, FAST);
    await until(async () => (await count(store, DEAD_RANGE)) === 0);
    expect(await count(store, collectionRange(7))).toBe(0);
    expect(await count(store, EVERYTHING)).toBe(20);
    await until(() => collector.progress.collected === 1);
    expect(collector.progress).toMatchObject({ waiting: 0, deleted: 1501 });
  });

  test("a dropped generation goes with its expiry index and its collections", async () => {
    await put(store, [
      [recordKey(1, "a"), hashRecord(null, 0)],
      [recordKey(1, "b"), hashRecord(11, 0)],
      [recordKey(1, "c"), hashRecord(12, 5000)],
      [recordKey(1, "d"), "\x01\x02" + u64(6000) + "text"],
      [expiryKey(5000, 1, "c"), ""],
      [expiryKey(6000, 1, "d"), ""],
      [deadGenerationKey(1), ""],
      [recordKey(2, "a"), hashRecord(13, 5000)],
      [expiryKey(5000, 2, "a"), ""],
    ]);
    for (const id of [11, 12, 13]) await fillCollection(store, id, 5);
    collector = await startCollector(store, place, FAST);
    await until(async () => (await count(store, DEAD_RANGE)) === 0);
    expect(await count(store, recordRange(1))).toBe(0);
    expect(await count(store, EXPIRY_RANGE)).toBe(1);
    expect(await count(store, recordRange(2))).toBe(1);
    expect(await count(store, collectionRange(13))).toBe(5);
    expect(await count(store, EVERYTHING)).toBe(7);
  });

  test("what comes while it runs is found, in front of what was found before too", async () => {
    collector = await startCollector(store, place, FAST);
    for (const id of [50, 20, 90]) {
      await fillCollection(store, id, 3);
      await put(store, [[deadCollectionKey(id), ""]]);
      await until(async () => (await count(store, EVERYTHING)) === 0);
    }
  });

  test("a round deletes no more than it is told; when something is left the next one may take more", async () => {
    const limits = [
      100, 113, 128, 144, 162, 183, 206, 232, 261, 294, 331, 373, 420, 473, 533, 600, 675, 760, 800, 800,
    ];
    const ofRounds = (rounds: number): number =>
      limits.slice(0, rounds).reduce((sum, limit) => sum + limit, 0);
    await fillCollection(store, 7, 20_000);
    await put(store, [
      [deadCollectionKey(7), ""],
      [deadCollectionKey(8), ""],
    ]);
    collector = await startCollector(store, place, { ...FAST, intervalMs: 40, batchSize: 100 });
    for (const rounds of [2, 19]) {
      await until(() => collector.progress.rounds >= rounds);
      const { progress } = collector;
      if (progress.rounds <= limits.length) expect(progress.deleted).toBe(ofRounds(progress.rounds));
      expect(progress.waiting).toBe(2);
    }
    collector.configure({ intervalMs: 5, batchSize: 100_000 });
    await until(() => collector.progress.collected === 2);
    expect(collector.progress.rounds).toBeLessThan(30);
    expect(await count(store, EVERYTHING)).toBe(0);
  });

  test("a round is as small as it was set once nothing is left", async () => {
    collector = await startCollector(store, place, { ...FAST, intervalMs: 40, batchSize: 100 });
    for (const id of [7, 8]) {
      await fillCollection(store, id, 1000);
      const { rounds, deleted, collected } = collector.progress;
      await put(store, [[deadCollectionKey(id), ""]]);
      await until(() => collector.progress.rounds > rounds);
      if (collector.progress.rounds === rounds + 1) expect(collector.progress.deleted - deleted).toBe(100);
      await until(() => collector.progress.collected > collected);
    }
    expect(await count(store, EVERYTHING)).toBe(0);
  });
});

test("the store can be exchanged while it is paused", async () => {
  let store = await openLevelStore(folder, OPEN);
  await fillCollection(store, 7, 5000);
  await put(store, [[deadCollectionKey(7), ""]]);
  const collector = await startCollector(store, folder, { ...FAST, batchSize: 10 });
  await until(() => collector.progress.rounds >= 2);
  await collector.pause();
  const left = await count(store, collectionRange(7));
  expect(left).toBeGreaterThan(0);
  await store.close();
  store = await openLevelStore(folder, OPEN);
  expect(await count(store, collectionRange(7))).toBe(left);
  await collector.resume(store);
  collector.configure({ intervalMs: 5, batchSize: 10_000 });
  await until(async () => (await count(store, EVERYTHING)) === 0);
  await until(() => collector.progress.collected === 1);
  expect(collector.progress.deleted).toBe(5001);
  await collector.close();
  await store.close();
});

test("a thread that cannot have the database says so", async () => {
  const missing = join(folder, "missing");
  const store = await openMemoryStore();
  await expect(startCollector(store, missing, FAST)).rejects.toThrow("failed to open");
  await store.close();
});

test("it goes on where a crash ended it", async () => {
  const store = await openMemoryStore();
  await fillCollection(store, 7, 1000);
  await put(store, [
    [recordKey(3, "a"), hashRecord(7, 0)],
    [recordKey(3, "b"), hashRecord(null, 0)],
  ]);
  await put(store, [[deadGenerationKey(3), ""]]);
  // A sweep that is forgotten in the middle is what a crash leaves behind.
  for (const limit of [1, 1, 300]) {
    await new Sweep(store).round(limit, noRest);
    // Whatever is left can still be reached from a `g` entry.
    expect(await count(store, DEAD_RANGE)).toBeGreaterThan(0);
  }
  await new Sweep(store).round(10_000, noRest);
  expect(await count(store, EVERYTHING)).toBe(0);
  await store.close();
});

test("a round that failed starts over", async () => {
  const store = await openMemoryStore();
  await fillCollection(store, 7, 1000);
  await put(store, [[deadCollectionKey(7), ""]]);
  const sweep = new Sweep(store);
  let batches = 0;
  const failing = Object.create(store) as Store;
  failing.batch = () => {
    const batch = store.batch();
    if (++batches === 2) batch.write = async () => Promise.reject(new Error("disk full"));
    return batch;
  };
  failing.iterate = (range) => store.iterate(range);
  failing.approximateBytes = async () => 0;
  sweep.restart(failing);
  await expect(sweep.round(10_000, noRest)).rejects.toThrow("disk full");
  expect(await count(store, collectionRange(7))).toBe(744);
  await sweep.round(10_000, noRest);
  expect(await count(store, EVERYTHING)).toBe(0);
  await store.close();
});

describe("disk space", () => {
  const MB = 1 << 20;

  test("a large collection gives it back", async () => {
    const store = await openLevelStore(folder, OPEN);
    await fillCollection(store, 1, 10_000, "x".repeat(500));
    await fillCollection(store, 2, 40_000, "x".repeat(500));
    const full = await diskBytes();
    expect(full).toBeGreaterThan(20 * MB);
    await put(store, [[deadCollectionKey(2), ""]]);
    const collector = await startCollector(store, folder, { ...FAST, batchSize: 1_000_000 });
    await until(() => collector.progress.compactions > 0);
    await collector.close();
    expect(await count(store, collectionRange(1))).toBe(10_000);
    await store.close();
    expect(await diskBytes()).toBeLessThan(8 * MB);
  });

  test("many small ones do so together, once they are a good part of what is there", async () => {
    const store = await openLevelStore(folder, OPEN);
    for (let id = 1; id <= 200; id++) await fillCollection(store, id, 100, "x".repeat(1000));
    expect(await diskBytes()).toBeGreaterThan(18 * MB);
    const collector = await startCollector(store, folder, { ...FAST, batchSize: 1_000_000 });
    await put(
      store,
      Array.from({ length: 50 }, (_, i) => [deadCollectionKey(1 + i * 4), ""] as const),
    );
    await until(() => collector.progress.collected === 50);
    await put(
      store,
      Array.from({ length: 50 }, (_, i) => [deadCollectionKey(2 + i * 4), ""] as const),
    );
    await until(() => collector.progress.collected === 100);
    await until(() => collector.progress.compactions > 0);
    await collector.close();
    await store.close();
    expect(await diskBytes()).toBeLessThan(14 * MB);
  });
});
