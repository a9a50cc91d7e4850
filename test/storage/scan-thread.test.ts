import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { OverlaidStore } from "../../src/storage/overlaid-store.ts";
import { Overlay } from "../../src/storage/overlay.ts";
import { type Run, type Scan, RUN_ENTRIES } from "../../src/storage/scan/run.ts";
import { scanHere } from "../../src/storage/scan/scan-here.ts";
import { ScanThread } from "../../src/storage/scan/thread.ts";
import { type Store, openLevelStore } from "../../src/storage/store.ts";

const WORKER = new URL("./scan-worker.mjs", import.meta.url);
const OPEN = { cacheSizeBytes: 8 << 20, backendOptions: {} };
/** More runs than are asked for ahead, and a part of one. */
const COUNT = 7 * RUN_ENTRIES + 5;
const ALL = { gte: "k", lt: "l" };

let folder: string;
let store: Store;
let scans: ScanThread;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "leveldis-scan-"));
  store = await openLevelStore(folder, OPEN);
  scans = new ScanThread(folder, WORKER);
});
afterEach(async () => {
  await scans.pause();
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

const keyOf = (i: number): string => `k\xff${String(i).padStart(6, "0")}`;
const valueOf = (i: number): string => (i % 3 === 0 ? "" : `\x00value\xe9 ${i}`);

async function fill(): Promise<void> {
  const batch = store.batch();
  for (let i = 0; i < COUNT; i++) batch.put(keyOf(i), valueOf(i));
  batch.put("j", "before");
  batch.put("l", "behind");
  await batch.write(false);
}

function entriesOf(run: Run, from = 0, headLength = 0): string[][] {
  const entries: string[][] = [];
  run.forEach(from, headLength, (...entry) => entries.push(entry));
  return entries;
}

async function read(scan: Scan): Promise<string[][]> {
  const entries: string[][] = [];
  for await (const run of scan) entries.push(...entriesOf(run));
  return entries;
}

const expected = Array.from({ length: COUNT }, (_, i) => ["", keyOf(i), valueOf(i)]);

test("all of a range, of several scans at a time, as the store itself reads it", async () => {
  await fill();
  const found = await Promise.all([scans.scan(ALL), scans.scan(ALL), store.scan(ALL)].map(read));
  for (const entries of found) expect(entries).toEqual(expected);
  expect(await read(scans.scan({ gte: "x", lt: "y" }))).toEqual([]);
});

test("keys are cut where it is said, of both kinds of runs", async () => {
  await fill();
  for (const scan of [scans.scan(ALL), store.scan(ALL)]) {
    const { value } = await scan.next();
    expect(entriesOf(value as Run, 1, 3)[1]).toEqual(["\xff00", "0001", valueOf(1)]);
    await scan.return();
  }
});

test("a scan that is given up is over in the thread as well", async () => {
  await fill();
  for await (const run of scans.scan(ALL)) {
    expect(entriesOf(run)).toHaveLength(RUN_ENTRIES);
    break;
  }
  // LevelDB closes when its iterators are.
  await scans.pause();
  scans.resume();
  expect(await read(scans.scan(ALL))).toHaveLength(COUNT);
});

test("a pause ends what is being read, and lets go of the folder", async () => {
  await fill();
  const scan = scans.scan(ALL);
  await scan.next();
  await scans.pause();
  const rest = async (): Promise<void> => {
    for await (const _ of scan);
  };
  await expect(rest()).rejects.toThrow("being closed");
  await expect(scans.scan(ALL).next()).rejects.toThrow("being closed");
  await store.close();
  store = await openLevelStore(folder, OPEN);
  scans.resume();
  expect(await read(scans.scan(ALL))).toEqual(expected);
});

test("who pauses while the thread starts waits until it has gone", async () => {
  await fill();
  const first = scans.scan(ALL).next();
  await Promise.all([scans.pause(), expect(first).rejects.toThrow("being closed")]);
  await store.close();
  store = await openLevelStore(folder, OPEN);
});

test("an iterator that cannot read is closed", async () => {
  const broken = {
    closed: 0,
    next: () => Promise.reject(new Error("a bad block")),
    close: async () => {
      broken.closed++;
    },
  };
  const opened = scanHere(() => broken);
  await expect(opened.next()).rejects.toThrow("a bad block");
  expect(broken.closed).toBe(1);
});

test("a thread that cannot open the folder is tried again", async () => {
  const missing = new ScanThread(join(folder, "missing"), WORKER);
  for (let i = 0; i < 2; i++) await expect(missing.scan(ALL).next()).rejects.toThrow("failed to open");
  await missing.pause();
});

test("what could not be brought into the store is laid over what is read of it", async () => {
  await fill();
  const overlaid = new OverlaidStore(store, scans);
  expect(await read(overlaid.scan(ALL))).toEqual(expected);
  const overlay = new Overlay();
  overlay.add({ keys: [keyOf(1), keyOf(2), keyOf(COUNT), "l"], values: [null, "other", "new", "outside"] });
  overlaid.overlay = overlay;
  const changed = expected.filter((_, i) => i !== 1);
  changed[1] = ["", keyOf(2), "other"];
  expect(await read(overlaid.scan(ALL))).toEqual([...changed, ["", keyOf(COUNT), "new"]]);
  overlaid.overlay = null;
  expect(await read(overlaid.scan(ALL))).toEqual(expected);
});
