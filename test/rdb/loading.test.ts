import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { keyOf, length, listpack, rdbFile, str, u64Little } from "./rdb-bytes.ts";
import { SeededInstance } from "./seeded-instance.ts";

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "leveldis-loading-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function load(file: Buffer, ...args: readonly string[]): Promise<SeededInstance> {
  const path = join(folder, "file.rdb");
  writeFileSync(path, file);
  return SeededInstance.start("--rdb", path, ...args);
}

/** More than a loader holds in memory of one collection. */
const MANY = 40_000;

const times = (count: number, nth: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => nth(i)).join("");

const score = (n: number): string => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(n);
  return bytes.latin1Slice();
};

const many = (type: number, element: (i: number) => string): string =>
  keyOf(type, "k") + length(MANY + 1) + times(MANY, element) + element(7);

/** A stream of one entry, 5-0, with what follows of its groups. */
function stream(...groups: readonly string[]): Buffer {
  const block = listpack(1, 0, 1, "f", 0, 2, 0, 0, "v", 4);
  const head = keyOf(15, "s") + length(1) + str(ID) + str(block) + length(1) + length(5) + length(0);
  return rdbFile(9, head + length(groups.length), ...groups);
}
const ID = `${"\0".repeat(7)}\x05${"\0".repeat(8)}`;
const groupHead = (name: string): string => str(name) + length(5) + length(0);
const pending = ID + u64Little(1000) + length(1);
const consumer = (name: string, ...owned: readonly string[]): string =>
  str(name) + u64Little(2000) + length(owned.length) + owned.join("");

describe("nothing is there twice", () => {
  test.each<readonly [string, Buffer, RegExp]>([
    [
      "a key",
      rdbFile(9, keyOf(0, "a") + str("1"), keyOf(0, "b") + str("1"), keyOf(0, "a") + str("2")),
      /the key a is there twice in database 0/,
    ],
    [
      "a key of binary",
      rdbFile(9, keyOf(0, "\n\xff") + str("1"), keyOf(1, "\n\xff") + length(1) + str("1")),
      /the key "\\n\\xff" is there twice/,
    ],
    [
      "a key, far apart",
      rdbFile(
        9,
        times(120_000, (i) => keyOf(0, `${i}`) + str("x")),
        keyOf(0, "5") + str("2"),
      ),
      /the key 5 is there twice/,
    ],
    [
      "a field",
      rdbFile(10, keyOf(16, "k") + str(listpack("f", "1", "f", "2"))),
      /a hash with a field that is there twice/,
    ],
    [
      "a member",
      rdbFile(9, keyOf(2, "k") + length(2) + str("m") + str("m")),
      /a set with a member that is there twice/,
    ],
    [
      "an integer",
      rdbFile(9, keyOf(2, "k") + length(2) + str("7") + "\xc0\x07"),
      /a set with a member that is there twice/,
    ],
    [
      "a member of a sorted set",
      rdbFile(9, keyOf(5, "k") + length(2) + str("m") + score(1) + str("m") + score(2)),
      /a sorted set with a member that is there twice/,
    ],
    [
      "a field of many",
      rdbFile(
        9,
        many(4, (i) => str(`f${i}`) + str("v")),
      ),
      /a hash with a field that is there twice/,
    ],
    [
      "a member of many",
      rdbFile(
        9,
        many(2, (i) => str(`m${i}`)),
      ),
      /a set with a member that is there twice/,
    ],
    [
      "a member of a large sorted set",
      rdbFile(
        9,
        many(5, (i) => str(`m${i}`) + score(i)),
      ),
      /a sorted set with a member that is there twice/,
    ],
    [
      "a group",
      stream(groupHead("g") + length(0) + length(0), groupHead("g") + length(0) + length(0)),
      /two groups of one name/,
    ],
    [
      "a consumer",
      stream(groupHead("g") + length(0) + length(2) + consumer("c") + consumer("c")),
      /two consumers of one name/,
    ],
    [
      "a pending entry",
      stream(groupHead("g") + length(2) + pending + pending),
      /a pending entry that is there twice/,
    ],
    [
      "an owner",
      stream(groupHead("g") + length(1) + pending + length(2) + consumer("c", ID) + consumer("d", ID)),
      /a pending entry that two consumers have/,
    ],
    [
      "but an owner there must be",
      stream(groupHead("g") + length(1) + pending + length(1) + consumer("c")),
      /a pending entry that no consumer has/,
    ],
    [
      "and it owns what is pending",
      stream(groupHead("g") + length(0) + length(1) + consumer("c", ID)),
      /that its group has not/,
    ],
  ])("%s", async (_, file, reason) => {
    await expect(load(file)).rejects.toThrow(reason);
  });

  test("in different databases it may be", async () => {
    await using tested = await load(
      rdbFile(9, keyOf(0, "a") + str("1"), "\xfe\x01", keyOf(0, "a") + str("2")),
    );
    expect(await tested.client.send("GET", "a")).toBe("1");
    await tested.client.send("SELECT", 1);
    expect(await tested.client.send("GET", "a")).toBe("2");
  });
});

test("what has expired is left out, what has not expires", async () => {
  const past = `\xfc${u64Little(1000)}`;
  const soon = `\xfc${u64Little(Date.now() + 1500)}`;
  await using tested = await load(
    rdbFile(
      9,
      past + keyOf(0, "gone") + str("x"),
      past + keyOf(2, "gone too") + length(1) + str("m"),
      `\xfd\x01\0\0\0${keyOf(0, "gone since 1970")}${str("x")}`,
      soon + keyOf(2, "soon") + length(1) + str("m"),
      `\xfc${u64Little(0xffff_ffff_ffff_ffffn)}${keyOf(0, "never")}${str("x")}`,
    ),
  );
  expect(tested.log.at(-1)).toBe("Done loading RDB, keys loaded: 2, keys expired: 3.");
  expect(await tested.client.send("KEYS", "*")).toEqual(["never", "soon"]);
  expect(await tested.client.send("INFO", "keyspace")).toContain("db0:keys=2,expires=1");
  expect(await tested.client.send("TTL", "never")).toBe(-1);
  await expect.poll(() => tested.client.send("DBSIZE"), { timeout: 5000 }).toBe(1);
});

test("keys without elements are left out, with a word", async () => {
  await using tested = await load(rdbFile(9, keyOf(2, "nothing") + length(0), keyOf(0, "a") + str("1")));
  expect(tested.log).toContain("RDB: skipping empty key: nothing");
  expect(tested.log.at(-1)).toBe("Done loading RDB, keys loaded: 1, keys expired: 0, empty keys skipped: 1.");
  expect(await tested.client.send("KEYS", "*")).toEqual(["a"]);
});

test("a database that this server has not", async () => {
  await expect(load(rdbFile(9, "\xfe\x05", keyOf(0, "a") + str("1")), "--databases", "4")).rejects.toThrow(
    "keys of database 5: this server has 4 (--databases)",
  );
});

test("what only later versions write", async () => {
  const block = listpack(1, 0, 1, "f", 0, 2, 0, 0, "v", 4);
  const file = rdbFile(
    12,
    `\xf4${length(7)}${length(1)}${length(0)}`,
    keyOf(20, "set") + str(listpack("a", "b", 7)),
    keyOf(21, "stream") + length(1) + str(ID) + str(block),
    length(1) + length(5) + length(0) + length(5) + length(0) + length(0) + length(0) + length(1),
    length(1) + str("group") + length(5) + length(0) + length(1) + length(1) + pending,
    length(1) + str("consumer") + u64Little(2000) + u64Little(3000) + length(1) + ID,
  );
  await using tested = await load(file);
  const { client } = tested;
  expect((await client.send("SMEMBERS", "set")) as string[]).toEqual(expect.arrayContaining(["a", "b", "7"]));
  expect(await client.send("XRANGE", "stream", "-", "+")).toEqual([["5-0", ["f", "v"]]]);
  expect(await client.send("XPENDING", "stream", "group")).toEqual([1, "5-0", "5-0", [["consumer", "1"]]]);
});

test("what was loaded can be changed like anything else", async () => {
  const set = keyOf(2, "set") + length(MANY) + times(MANY, (i) => str(`m${i}`));
  const list = keyOf(1, "list") + length(MANY) + times(MANY, (i) => str(`e${i}`));
  await using tested = await load(rdbFile(9, set, list, stream().subarray(9, -9).latin1Slice()));
  const { client } = tested;
  expect(await client.send("SADD", "set", "m1", "new")).toBe(1);
  expect(await client.send("SREM", "set", "m2")).toBe(1);
  expect(await client.send("SCARD", "set")).toBe(MANY);
  expect(await client.send("LPUSH", "list", "first")).toBe(MANY + 1);
  expect(await client.send("RPUSH", "list", "last")).toBe(MANY + 2);
  expect(await client.send("LRANGE", "list", -2, -1)).toEqual([`e${MANY - 1}`, "last"]);
  expect(await client.send("XADD", "s", "*", "n", "1")).toMatch(/^\d{13}-0$/);
  expect(await client.send("XLEN", "s")).toBe(2);
  expect(await client.send("RENAME", "set", "renamed")).toBe("OK");
  expect(await client.send("DEL", "renamed", "list")).toBe(2);
});
