import { beforeEach, expect, test } from "vitest";
import { Committer } from "../../src/storage/committer.ts";
import type { Persistent } from "../../src/storage/persistent.ts";
import type { RedoLog } from "../../src/storage/redo/redo-log.ts";
import type { Store } from "../../src/storage/store.ts";

/** What each batch of the log holds. */
let batches: string[][];
let committer: Committer;

beforeEach(() => {
  batches = [];
  let batch: string[] = [];
  const log = {
    waitingBytes: 0,
    unappliedBytes: 0,
    put: (key: string) => batch.push(key),
    append: () => {
      batches.push(batch);
      batch = [];
    },
  };
  committer = new Committer({
    store: {} as Store,
    log: log as unknown as RedoLog,
    maxLogBytes: () => 1,
    isEager: () => false,
    fsync: () => "no",
    onFailure: () => undefined,
    onApplied: () => undefined,
    onApplyFailure: () => undefined,
  });
});

const change = (name: string): void => {
  const changed: Persistent = { batch: 0, persist: (batch) => batch.put(name, "") };
  committer.mark(changed);
};
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("what changes in a turn is one batch, written when its sockets were read", async () => {
  change("a");
  change("b");
  expect(batches).toEqual([]);
  await nextTurn();
  expect(batches).toEqual([["a", "b"]]);
});

test("what changes in one piece of work is written when that is done, and once", async () => {
  committer.gather(() => {
    change("a");
    change("b");
    expect(batches).toEqual([]);
  });
  expect(batches).toEqual([["a", "b"]]);
  expect(committer.written).toBe(1);
  await nextTurn();
  expect(batches).toHaveLength(1);
  change("c");
  await nextTurn();
  expect(batches).toEqual([["a", "b"], ["c"]]);
});

test("what gathered before the work goes with it; work that changes nothing writes nothing", async () => {
  change("a");
  committer.gather(() => change("b"));
  expect(batches).toEqual([["a", "b"]]);
  committer.gather(() => undefined);
  await nextTurn();
  expect(batches).toHaveLength(1);
});

test("work that ends in an error leaves nothing unwritten", () => {
  expect(() =>
    committer.gather(() => {
      change("a");
      throw new Error("no");
    }),
  ).toThrow("no");
  expect(batches).toEqual([["a"]]);
});

test("while batches are held back nothing is written, and all of it afterwards", async () => {
  committer.hold();
  committer.gather(() => change("a"));
  await nextTurn();
  expect(batches).toEqual([]);
  committer.release();
  await nextTurn();
  expect(batches).toEqual([["a"]]);
});
