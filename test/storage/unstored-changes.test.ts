import { expect, test } from "vitest";
import { ChangeList } from "../../src/storage/change-list.ts";
import { UnstoredChanges } from "../../src/storage/unstored-changes.ts";
import { nameOf, type Read, Scene, transaction, useStore, WaitingLog } from "./elements-scene.ts";

const store = useStore();

/** As much as no read: it does not say that elements are needed. */
const NOTHING_READ: Read = { range: { gte: "e" }, limit: 0 };

test("what changed in a round is kept until that round is in the store, and later rounds are on top of it", () => {
  const changes = new UnstoredChanges();
  const add = (round: number, ...values: [key: string, value: string | null][]): number => {
    const list = new ChangeList();
    for (const [key, value] of values) list.add(key, value, false);
    return changes.add(list, round, 10);
  };
  expect(add(1, ["a", "1"], ["b", "1"])).toBe(2);
  expect(add(2, ["a", "2"], ["c", "2"])).toBe(2);
  expect(add(3, ["c", null])).toBe(1);
  expect(["a", "b", "c", "d"].map((key) => changes.get(key))).toEqual(["2", "1", null, undefined]);
  expect(changes.range("a", "z")).toEqual([
    ["a", "2"],
    ["b", "1"],
    ["c", null],
  ]);
  expect(changes.applied(1)).toBe(false);
  expect(["a", "b", "c"].map((key) => changes.get(key))).toEqual(["2", undefined, null]);
  expect(changes.applied(2)).toBe(false);
  expect(changes.range("a", "z")).toEqual([["c", null]]);
  expect(changes.applied(3)).toBe(true);
  expect(changes.layers).toEqual([]);
});

test("many changes of what someone has in memory are not kept, unless somebody reads them here", async () => {
  const log = new WaitingLog(store());
  const scene = new Scene(store(), 1, log, 10);
  const { committer, elements } = scene;
  const writeMany = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n++) {
      await scene.command(() => scene.write(nameOf(n), String(n)));
      await committer.settle();
    }
  };
  // Of each round that many are kept.
  await writeMany(10);
  log.turns = 50;
  committer.applySoon();
  await writeMany(10);
  expect([elements.isComplete, committer.applied]).toEqual([true, 0]);
  await committer.quiet();
  const keptBytes = committer.backlogBytes;
  await writeMany(5);
  expect(elements.isComplete).toBe(false);
  expect(committer.backlogBytes).toBeLessThan(keptBytes);
  const rounds = committer.rounds;
  await scene.check({ gte: nameOf(5) }, 5);
  expect([elements.isComplete, committer.rounds]).toEqual([true, rounds + 1]);
  await writeMany(30);
  expect(elements.isComplete).toBe(true);
  await committer.checkpoint();
  committer.close();
});

test("what was forgotten while a round was applied is not in the store with it", async () => {
  const log = new WaitingLog(store());
  const scene = new Scene(store(), 1, log, 0);
  const { committer, elements } = scene;
  log.turns = 100;
  await scene.command(() => scene.write(nameOf(1), "first"));
  await committer.settle();
  committer.applySoon();
  await scene.command(() => scene.write(nameOf(2), "second"));
  await committer.settle();
  await committer.quiet();
  expect(elements.isComplete).toBe(false);
  committer.applySoon();
  scene.holder.maxKeptChanges = 1;
  await scene.command(() => scene.write(nameOf(3), "third"));
  await committer.settle();
  await committer.quiet();
  expect([elements.isComplete, elements.isBusy]).toEqual([true, true]);
  await scene.check({ gte: "e" }, 10);
  committer.close();
});

test("what is older than what was forgotten is not found in its place", async () => {
  const log = new WaitingLog(store());
  const scene = new Scene(store(), 1, log, 3);
  const { committer } = scene;
  const writeEach = async (value: string): Promise<void> => {
    for (let n = 0; n < 3; n++) {
      await scene.command(() => scene.write(nameOf(n), value));
      await committer.settle();
    }
  };
  await writeEach("kept");
  log.turns = 100;
  committer.applySoon();
  await writeEach("kept, and forgotten");
  await scene.command(() => scene.write(nameOf(3), "too many"));
  await committer.settle();
  expect([scene.elements.isComplete, committer.applied]).toEqual([false, 0]);
  await scene.checkPoints([nameOf(0), nameOf(1)], null);
  await scene.checkPoints([nameOf(2)], () => undefined);
  committer.close();
});

test("what transactions write to is kept: it is needed when one is taken back", async () => {
  const scene = new Scene(store(), 1, new WaitingLog(store()), 0);
  const { committer, elements } = scene;
  await transaction(scene, NOTHING_READ, [{ key: nameOf(1), value: "first" }], NOTHING_READ, false);
  for (let n = 0; n < 5; n++) {
    await scene.command(() => scene.write(nameOf(n), "kept"));
    await committer.settle();
  }
  expect(elements.isComplete).toBe(true);
  for (let round = 0; round < 3; round++) {
    await scene.passRound();
    await scene.command(() => scene.write(nameOf(round), "later"));
  }
  await committer.settle();
  expect(elements.isComplete).toBe(false);
  await scene.passRound();
  committer.close();
});
