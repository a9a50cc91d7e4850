import { expect, test } from "vitest";
import { type Loader, load } from "../../src/keyspace/loader.ts";
import type { Follower } from "../../src/storage/element-readers.ts";
import type { Elements } from "../../src/storage/elements.ts";
import { collectionPrefix } from "../../src/storage/layout.ts";
import { StringRun } from "../../src/storage/scan/run.ts";

type Told = (readonly [what: string, keyHead: string, keyTail: string, value: string | null])[];

/** What a loader of heads of two bytes is told, of elements that are stored in these runs. */
async function toldOf(
  runs: readonly (readonly (readonly [key: string, value: string])[])[],
  unstored: readonly (readonly [key: string, value: string | null])[],
  beforeRun: (run: number, write: Follower) => void = () => undefined,
): Promise<{ told: Told; isFollowed: boolean }> {
  const followers = new Set<Follower>();
  const told: Told = [];
  const loader: Loader<null> = {
    headLength: 2,
    add: (head, tail, value) => told.push(["add", head, tail, value]),
    change: (head, tail, value) => told.push(["change", head, tail, value]),
    finish: () => null,
  };
  let isComplete = false;
  const elements: Pick<Elements, "complete" | "follow" | "unstored" | "scan"> = {
    async complete() {
      await Promise.resolve();
      isComplete = true;
    },
    follow(follower) {
      followers.add(follower);
      return () => followers.delete(follower);
    },
    unstored: () => {
      expect(isComplete).toBe(true);
      return unstored.map(([key, value]) => [key, value]);
    },
    async *scan() {
      for (const [i, run] of runs.entries()) {
        beforeRun(i, (key, value) => followers.forEach((follower) => follower(key, value)));
        yield new StringRun(run.map(([key, value]) => [collectionPrefix(7) + key, value]));
      }
    },
  };
  await load(elements as Elements, "", loader, () => told.push(["loaded", "", "", null]));
  return { told, isFollowed: followers.size > 0 };
}

test("elements are told of in order, their keys in two parts", async () => {
  const { told, isFollowed } = await toldOf([[["aa1", "x"]], [["aa", "y"]]], []);
  expect(told).toEqual([
    ["add", "aa", "1", "x"],
    ["add", "aa", "", "y"],
    ["loaded", "", "", null],
  ]);
  expect(isFollowed).toBe(false);
});

test("what is not in the store yet, or there by halves, counts as it was written", async () => {
  // A member whose score changed: its old place has not gone yet, the new one is there.
  const stored = [["aa:m", ""] as const, ["bb:m", ""] as const, ["cc:n", ""] as const];
  const { told } = await toldOf(
    [stored],
    [
      ["bb:m", ""],
      ["aa:m", null],
    ],
  );
  expect(told).toEqual([
    ["add", "cc", ":n", ""],
    ["change", "aa", ":m", null],
    ["change", "bb", ":m", ""],
    ["loaded", "", "", null],
  ]);
});

test("what is written between runs counts, whether they show it or not", async () => {
  const { told } = await toldOf([[["aa1", "old"]], [["bb1", "old"]]], [["cc1", "unstored"]], (run, write) => {
    if (run !== 1) return;
    write("aa1", null);
    write("bb1", "new");
    write("cc1", "newer");
    write("dd1", "new");
    write("dd1", null);
  });
  expect(told).toEqual([
    ["add", "aa", "1", "old"],
    ["change", "aa", "1", null],
    ["change", "dd", "1", null],
    ["change", "cc", "1", "newer"],
    ["change", "bb", "1", "new"],
    ["loaded", "", "", null],
  ]);
});
