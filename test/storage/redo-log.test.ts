import { appendFile, mkdtemp, readFile, readdir, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Applier } from "../../src/storage/redo/applier.ts";
import { ChangeWalk, RecordBuilder, changeAt, wholeRecords } from "../../src/storage/redo/format.ts";
import { RedoLog, redoFiles } from "../../src/storage/redo/redo-log.ts";
import { type Store, openLevelStore } from "../../src/storage/store.ts";

const WORKER = new URL("./redo-worker.mjs", import.meta.url);
const OPEN = { cacheSizeBytes: 1 << 20, backendOptions: {} };

const bytes = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) });
const change = fc.tuple(bytes, fc.option(bytes));

function recordOf(changes: readonly (readonly [string, string | null])[]): Buffer {
  const builder = new RecordBuilder(16);
  for (const [i, [key, value]] of changes.entries()) {
    if (value === null) builder.delete(key);
    // Whether it is new is nothing that is read with it.
    else builder.put(key.slice(0, 2), key.slice(2), value.slice(0, 1), value.slice(1), i % 2 === 1);
  }
  return Buffer.from(builder.take());
}

describe("records", () => {
  test("are read as they were written", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(change, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 4 }),
        (batches) => {
          const log = Buffer.concat(batches.map(recordOf));
          expect(wholeRecords(log, log.length)).toBe(log.length);
          const found: [string, string | null][] = [];
          const walk = new ChangeWalk(log);
          while (!walk.isAtEnd) {
            walk.take(2, (at, keyBegin, keyEnd) => {
              const { key, value } = changeAt(log, at);
              expect(log.latin1Slice(keyBegin, keyEnd)).toBe(key.latin1Slice());
              found.push([key.latin1Slice(), value?.latin1Slice() ?? null]);
            });
          }
          expect(walk.position).toBe(log.length);
          expect(found).toEqual(batches.flat());
        },
      ),
    );
  });

  test("that are cut off or damaged are not taken, those before them are", () => {
    const first = recordOf([["key", "value"]]);
    const second = recordOf([["other", null]]);
    const log = Buffer.concat([first, second]);
    for (let end = first.length; end < log.length; end++) {
      expect(wholeRecords(log.subarray(0, end), end)).toBe(first.length);
    }
    for (let at = 0; at < log.length; at++) {
      const damaged = Buffer.from(log);
      damaged[at]! ^= 0x40;
      const whole = wholeRecords(damaged, damaged.length);
      expect(whole).toBe(at < first.length ? 0 : first.length);
    }
  });

  test("tell how much must be read to have one whole", () => {
    const record = recordOf([["key", "v".repeat(1000)]]);
    expect(wholeRecords(record.subarray(0, 3), record.length)).toBe(8);
    expect(wholeRecords(record.subarray(0, 100), record.length)).toBe(record.length);
    // A length that reaches behind the end of the file.
    expect(wholeRecords(record.subarray(0, 100), record.length - 1)).toBe(0);
  });
});

describe("a log", () => {
  let folder: string;
  let store: Store;
  const lastFile = (): string => join(folder, redoFiles(folder).at(-1)!.name);

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "leveldis-redo-"));
    store = await openLevelStore(folder, OPEN);
  });
  afterEach(async () => {
    await store.close();
    await rm(folder, { recursive: true });
  });

  function write(log: RedoLog, ...changes: [string, string | null][]): void {
    for (const [key, value] of changes) {
      if (value === null) log.delete(key);
      else log.put(key, value);
    }
    log.append();
  }

  test("brings back what a crash has left in it, and not half of a batch", async () => {
    const log = await RedoLog.open(folder, store);
    write(log, ["a", "1"], ["b", "1"]);
    write(log, ["a", "2"], ["b", null]);
    write(log, ["a", "3"], ["c", "3"]);
    const path = lastFile();
    await truncate(path, (await stat(path)).size - 1);
    const again = await RedoLog.open(folder, store);
    expect(await store.getMany(["a", "b", "c"])).toEqual(["2", undefined, undefined]);
    expect(redoFiles(folder).map(({ bytes: size }) => size)).toEqual([0]);
    await again.close();
    await log.close();
  });

  test("between two batches for the store there is a rest, and none behind the last", async () => {
    const log = await RedoLog.open(folder, store);
    const value = "v".repeat(100 << 10);
    write(log, ...["a", "b", "c", "d", "e", "f", "g"].map((key): [string, string] => [key, value]));
    const done: number[] = [];
    const part = { path: lastFile(), from: 0, to: (await stat(lastFile())).size, isFirstTime: true };
    const rest = async (): Promise<void> => {
      // What was made before is in the store.
      const made = await store.getMany(["a", "b", "c", "d", "e", "f", "g"]);
      expect(made.filter((found) => found === value)).toHaveLength(3 * done.length);
    };
    let rests = 0;
    const counted = (): Promise<void> => {
      rests++;
      return rest();
    };
    const applier = new Applier(store, { done: (made) => done.push(made), rest: counted });
    await applier.take(part);
    expect([rests, done.length]).toEqual([0, 0]);
    await applier.flush();
    expect([rests, done.length]).toEqual([2, 3]);
    expect(await store.getMany(["g"])).toEqual([value]);
    await log.close();
  });

  test("several files come back in their order; damage before the last record is told", async () => {
    const names = ["redo-0000000007", "redo-0000000008"].map((name) => join(folder, name));
    await writeFile(names[0]!, Buffer.concat([recordOf([["a", "1"]]), recordOf([["b", "1"]])]));
    await writeFile(names[1]!, recordOf([["a", "2"]]));
    const whole = await readFile(names[0]!);
    const damaged = Buffer.from(whole);
    damaged[damaged.length - 1]! ^= 1;
    await writeFile(names[0]!, damaged);
    await expect(RedoLog.open(folder, store)).rejects.toThrow(/redo-0000000007 is damaged at offset \d+/);
    await writeFile(names[0]!, whole);
    const log = await RedoLog.open(folder, store);
    expect(await store.getMany(["a", "b"])).toEqual(["2", "1"]);
    expect((await readdir(folder)).filter((name) => name.startsWith("redo"))).toEqual(["redo-0000000009"]);
    await log.close();
  });

  test("what was put on nothing and deleted is made by who makes it again: it may be there", async () => {
    const log = await RedoLog.open(folder, store);
    log.put("a", "1", true);
    log.append();
    // A round has brought it into the store, and the crash came before the file was deleted.
    const reached = store.batch();
    reached.put("a", "1");
    await reached.write(false);
    write(log, ["a", null], ["b", "1"]);
    await log.close();
    const again = await RedoLog.open(folder, store);
    expect(await store.getMany(["a", "b"])).toEqual([undefined, "1"]);
    await again.close();
  });

  test("what is not applied can be read from it", async () => {
    const log = await RedoLog.open(folder, store);
    write(log, ["a", "1"], ["b", "1"]);
    write(log, ["a", "2"], ["b", null]);
    const overlay = log.unapplied();
    expect(overlay.range("", "z")).toEqual([
      ["a", "2"],
      ["b", null],
    ]);
    await log.close();
  });

  test("nothing is appended behind what could not be mended", async () => {
    const log = await RedoLog.open(folder, store);
    write(log, ["a", "1"]);
    // As if the crash had come between two writes of one record.
    await appendFile(lastFile(), recordOf([["b", "1"]]).subarray(0, 9));
    await log.close();
    const again = await RedoLog.open(folder, store);
    expect(await store.getMany(["a", "b"])).toEqual(["1", undefined]);
    await again.close();
  });

  describe("with its thread", () => {
    const KEYS = ["a", "b", "c"];
    let log: RedoLog;

    beforeEach(async () => {
      log = await RedoLog.open(folder, store);
      await log.start(WORKER);
    });
    afterEach(() => log.close());

    /** Every file is left behind. */
    const apply = (mayHold: boolean): Promise<boolean> =>
      log.apply({
        maxFileBytes: 0,
        handedOver: () => mayHold,
        progress: () => undefined,
        mayRest: () => false,
      });
    const fileCount = (): number => redoFiles(folder).length;

    test("brings into the store what is in it", async () => {
      write(log, ["a", "1"], ["b", "1"]);
      write(log, ["a", "2"], ["b", null]);
      expect(await apply(false)).toBe(false);
      expect(await store.getMany(KEYS)).toEqual(["2", undefined, undefined]);
      expect([log.unappliedBytes, fileCount()]).toEqual([0, 1]);
    });

    test("what is held back gets there with the next, unless it has changed again there", async () => {
      log.put("a", "1", true);
      write(log, ["b", "1"]);
      expect(await apply(true)).toBe(true);
      expect(await store.getMany(KEYS)).toEqual([undefined, undefined, undefined]);
      const heldBytes = log.unappliedBytes;
      expect([heldBytes > 0, fileCount()]).toEqual([true, 2]);
      write(log, ["a", "2"], ["c", "1"]);
      expect(await apply(true)).toBe(true);
      expect(await store.getMany(KEYS)).toEqual([undefined, "1", undefined]);
      expect(log.unapplied().range("", "z")).toEqual([
        ["a", "2"],
        ["c", "1"],
      ]);
      expect([log.unappliedBytes, fileCount()]).toEqual([heldBytes, 2]);
      write(log, ["a", null]);
      expect(await apply(true)).toBe(true);
      expect(await store.getMany(KEYS)).toEqual([undefined, "1", "1"]);
      // Nothing new: nothing can change again.
      expect(await apply(true)).toBe(false);
      expect(await store.getMany(KEYS)).toEqual([undefined, "1", "1"]);
      expect([log.unappliedBytes, fileCount()]).toEqual([0, 1]);
    });

    test("what is held back survives a crash", async () => {
      write(log, ["a", "1"], ["b", "1"]);
      await apply(true);
      write(log, ["a", "2"], ["c", "1"]);
      await apply(true);
      write(log, ["c", null]);
      const again = await RedoLog.open(folder, store);
      expect(await store.getMany(KEYS)).toEqual(["2", "1", undefined]);
      await again.close();
    });

    test("what is held back when it is closed is there at the next start", async () => {
      write(log, ["a", "1"]);
      await apply(true);
      await log.close();
      log = await RedoLog.open(folder, store);
      expect(await store.getMany(["a"])).toEqual(["1"]);
    });

    test("what a thread held back is given to the next one", async () => {
      write(log, ["a", "1"], ["b", "1"]);
      await apply(true);
      await log.stop();
      await log.start(WORKER);
      write(log, ["b", null], ["c", "1"]);
      expect(await apply(true)).toBe(true);
      expect(await store.getMany(KEYS)).toEqual(["1", undefined, undefined]);
      await apply(false);
      expect(await store.getMany(KEYS)).toEqual(["1", undefined, "1"]);
    });

    test("after a failure all of it is taken again", async () => {
      write(log, ["a", "1"], ["b", "1"]);
      await apply(true);
      write(log, ["b", "2"], ["c", "1"]);
      const path = lastFile();
      const whole = await readFile(path);
      await writeFile(path, Buffer.from(whole.map((byte) => byte ^ 1)));
      await expect(apply(true)).rejects.toThrow(/is damaged/);
      await writeFile(path, whole);
      write(log, ["c", "2"]);
      await apply(true);
      expect(await store.getMany(KEYS)).toEqual(["1", "2", undefined]);
      // As if LevelDB had lost it.
      const lost = store.batch();
      lost.delete("a");
      await lost.write(false);
      log.rewind();
      await apply(false);
      expect(await store.getMany(KEYS)).toEqual([undefined, "2", "2"]);
    });
  });

  test("what is ordered of the thread", async () => {
    const log = await RedoLog.open(folder, store);
    await log.start(new URL("./failing-redo-worker.mjs", import.meta.url));
    const apply = async (maxFileBytes: number): Promise<unknown> => {
      await log.apply({
        maxFileBytes,
        handedOver: () => true,
        progress: () => undefined,
        mayRest: () => false,
      });
      const orders = await readFile(join(folder, "orders"), "utf8");
      const { order: _, ...last } = JSON.parse(orders.trim().split("\n").at(-1)!);
      return last;
    };
    const path = lastFile();
    write(log, ["a", "1"]);
    const first = { path, from: 0, to: (await stat(path)).size };
    expect(await apply(1 << 20)).toEqual({
      parts: [{ ...first, isFirstTime: true }],
      goesOn: false,
      holdsLast: true,
      durably: false,
    });
    write(log, ["b", "1"]);
    const second = { path, from: first.to, to: (await stat(path)).size };
    await expect(apply(1 << 20)).rejects.toThrow("the disk is full");
    // Some of it may have been made.
    const both = [
      { ...first, isFirstTime: false },
      { ...second, isFirstTime: false },
    ];
    expect(await apply(0)).toEqual({ parts: both, goesOn: false, holdsLast: false, durably: true });
    // The file is not needed any more when all that it had is on the disk itself.
    expect(lastFile()).not.toBe(path);
    write(log, ["c", "1"]);
    const third = { path: lastFile(), from: 0, to: (await stat(lastFile())).size, isFirstTime: true };
    expect(await apply(0)).toEqual({ parts: [third], goesOn: false, holdsLast: true, durably: false });
    write(log, ["d", "1"]);
    const fourth = { path: lastFile(), from: 0, to: (await stat(lastFile())).size, isFirstTime: true };
    expect(await apply(0)).toEqual({ parts: [fourth], goesOn: true, holdsLast: true, durably: true });
    await log.close();
  });
});
