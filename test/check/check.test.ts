import { createHash } from "node:crypto";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { collectionPrefix, databaseKey, expiryKey, recordKey } from "../../src/storage/layout.ts";
import { checkFolder } from "../../src/check/folder.ts";
import { checkRdb } from "../../src/check/rdb-file.ts";
import { Report } from "../../src/check/report.ts";
import { copyFolder } from "../../src/storage/folder-copy.ts";
import { u32, u64 } from "../../src/storage/numbers.ts";
import { type Store, openLevelStore } from "../../src/storage/store.ts";
import { everyEncoding } from "../support/payloads.ts";
import { runCheck } from "../support/run-check.ts";
import { TestServer } from "../support/server.ts";

const samples = join(import.meta.dirname, "..", "rdb", "samples");
let folder: string;
let server: TestServer;

/** Of everything, small and large, with garbage between. */
async function fill(): Promise<void> {
  await using client = await server.connect();
  await client.pipeline(everyEncoding);
  for (let i = 0; i < 40; i++) {
    const members = Array.from({ length: 40 }, (_, n) => `member ${i * 7 + n}`);
    await client.pipeline([
      ["SADD", "S", ...members],
      ["ZADD", "Z", ...members.flatMap((member, n) => [n % 5 === 0 ? "-0" : n * i, member])],
      ["HSET", "H", ...members.flatMap((member) => [member, `value ${i}`])],
      ["RPUSH", "L", ...members],
      ["LREM", "L", 3, "member 20"],
      ["LTRIM", "L", 5, -3],
      ["ZREM", "Z", ...members.slice(0, 5)],
      ["SREM", "S", ...members.slice(10, 20)],
      ["SETEX", `expires${i}`, 1000, i],
      ["XADD", "X", "*", "n", i],
      ["SETRANGE", "R", i * 30_000, "chunk"],
      ["SADD", `gone${i}`, ...members],
      ["DEL", `gone${i}`],
    ]);
  }
  await client.send("EXPIRE", "L", 5000);
  await client.send("SELECT", 3);
  await client.send("SET", "k", "v");
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "leveldis-check-"));
  server = new TestServer({
    kind: "leveldis",
    variant: "normal",
    args: [
      ...[
        "--hash-max-listpack-entries",
        "5",
        "--zset-max-listpack-entries",
        "5",
        "--set-max-listpack-entries",
        "5",
      ],
      ...["--list-max-listpack-size", "8", "--stream-max-packed-bytes", "100"],
      ...["--backend-option", "writeBufferSize=65536", "--gc-interval", "20"],
    ],
  });
  await server.start();
  await fill();
}, 60_000);
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

describe("leveldis check DATA-FOLDER", () => {
  test("of a running server", async () => {
    const { code, text } = await runCheck(server.dir);
    expect(text).toContain("No damage found.");
    expect(code).toBe(0);
    expect(text).toMatch(/Database 0: \d+ keys, 41 of them expire\nDatabase 3: 1 keys, 0 of them expire\n/);
    // All of it may still be in the redo log: "0 tables, 0 bytes".
    expect(text).toMatch(/LevelDB: \d+ tables, [\d.]+ (?:bytes|[KM]B)\n/);
    expect(text).toMatch(/\nzset: 5, \d of them large, with \d+ elements\n/);
    expect((await readdir(server.dir)).filter((name) => name.startsWith("check-"))).toEqual([]);
  });

  test("after a crash", async () => {
    await server.crash();
    const names = (await readdir(server.dir)).toSorted();
    const { code, text } = await runCheck(server.dir);
    expect([code, text.trimEnd().split("\n").at(-1)]).toEqual([0, "No damage found."]);
    // It opens a copy.
    expect((await readdir(server.dir)).toSorted()).toEqual(names);
    await server.start();
  });

  test("what is not there, or none", async () => {
    expect((await runCheck(join(folder, "nothing"))).error).toMatch(
      /cannot read .*No such file or directory/,
    );
    const outcome = await runCheck(folder);
    expect(outcome.error).toMatch(/holds no data of leveldis/);
    expect(outcome.code).toBe(1);
  });
});

/** Finds generation and collections by the names of keys. */
class Damage {
  readonly store: Store;
  readonly generation = 1;
  constructor(store: Store) {
    this.store = store;
  }
  record(key: string): string {
    return this.store.getSync(recordKey(this.generation, key))!;
  }
  /** Of a ranged one that does not expire. */
  prefix(key: string): string {
    return `c${this.record(key).slice(2, 10)}`;
  }
  async first(key: string, part = "\0"): Promise<[string, string]> {
    const gte = this.prefix(key) + part;
    const iterator = this.store.iterate({ gte, lt: `${gte}\xff` });
    const [entry] = await iterator.next(1);
    await iterator.close();
    return entry as [string, string];
  }
  async change(puts: readonly (readonly [string, string])[], deletes: readonly string[] = []): Promise<void> {
    const batch = this.store.batch();
    for (const [key, value] of puts) batch.put(key, value);
    for (const key of deletes) batch.delete(key);
    await batch.write(true);
  }
}

describe("finds", () => {
  /** Everything is in LevelDB: nobody works on it. */
  let base: string;
  let copies = 0;
  beforeAll(async () => {
    base = join(folder, "base");
    await using client = await server.connect();
    await client.send("BACKUP", base);
    const once = new TestServer({ kind: "leveldis", dir: base, variant: "normal" });
    await once.start();
    await once.stop();
  });

  async function copyOfBase(): Promise<string> {
    const dir = join(folder, `copy${copies++}`);
    await copyFolder(base, dir);
    return dir;
  }

  async function reportOn(dir: string): Promise<string> {
    const report = new Report(() => undefined);
    await checkFolder(dir, report);
    expect(report.problems > 0).toBe(!/No damage found/.test(report.lines().join()));
    return report.lines().join("\n");
  }

  test("nothing where nothing is wrong, and says 1 else", async () => {
    const dir = await copyOfBase();
    expect(await reportOn(dir)).toMatch(/^LevelDB: [1-9]\d* tables, [\d.]+ [KM]B\n[^]*\nNo damage found\.$/);
    await writeFile(join(dir, "CURRENT"), "MANIFEST-999999\n");
    expect(await runCheck(dir)).toMatchObject({
      code: 1,
      text: expect.stringMatching(/1 problem found\.\n$/),
    });
  });

  const kinds: readonly [string, (damage: Damage) => Promise<void>, RegExp][] = [
    [
      "a lost member of a set",
      async (d) => d.change([], [(await d.first("S"))[0]]),
      /"S": \d+ elements, and it says \d+/,
    ],
    [
      "a score that differs from the order",
      async (d) => d.change([[(await d.first("Z"))[0], "\xc0\0\0\0\0\0\0\x01"]]),
      /"Z": a member that is not in the order/,
    ],
    [
      "a lost place in the order",
      async (d) => d.change([], [(await d.first("Z", "\x01"))[0]]),
      /"Z": (?:a member|\d+ members)/,
    ],
    [
      "a value of another length",
      async (d) => d.change([[(await d.first("H"))[0], "x".repeat(100)]]),
      /"H": \d+ bytes, and it says \d+/,
    ],
    [
      "a gap in a stream",
      async (d) => d.change([], [(await d.first("X"))[0]]),
      /"X": \d+ entries, and it says \d+/,
    ],
    [
      "a chunk behind the end",
      async (d) => d.change([[`${d.prefix("R")}\0${u32(900)}`, "x"]]),
      /"R": a chunk behind its end/,
    ],
    [
      "a member under a wrong checksum",
      async (d) => {
        const [key, value] = await d.first("S");
        await d.change([[`${key.slice(0, 11)}\x01\x02\x03${key.slice(14)}`, value]], [key]);
      },
      /"S": an element under a wrong key/,
    ],
    ["a place in no history", async (d) => d.change([["!replication", "f".repeat(80)]]), /"!replication"/],
    [
      "a history without a name",
      async (d) => d.change([["!replication", `${"g".repeat(40)}${"0".repeat(40)}${"\0".repeat(19)}`]]),
      /damaged record: "!replication"/,
    ],
    [
      "a record that is cut off",
      async (d) => d.change([[recordKey(1, "hash:small"), d.record("hash:small").slice(0, -3)]]),
      /"hash:small": damaged record: it ends too early/,
    ],
    [
      "a record of no type",
      async (d) => d.change([[recordKey(1, "text"), "\x40\0text"]]),
      /"text": damaged record: unknown type/,
    ],
    [
      "two keys with one collection",
      async (d) => d.change([[recordKey(1, "also"), d.record("S")]]),
      /collection \d+, which another key has as well/,
    ],
    [
      "a collection that was never given out",
      async (d) => d.change([[recordKey(1, "also"), `\x03\x01${u64(2 ** 40)}\x01\x01`]]),
      /collection 1099511627776, which was never given out/,
    ],
    [
      "an orphan",
      async (d) => d.change([[`${collectionPrefix(2 ** 40)}\0abcd`, ""]]),
      /orphan: collection 1099511627776, which no key has/,
    ],
    [
      "a live collection among the dead",
      async (d) => d.change([[`gc${d.prefix("S").slice(1)}`, ""]]),
      /"S": collection \d+ waits for the collector/,
    ],
    [
      "a key of no database",
      async (d) => d.change([[recordKey(777, "lost"), "\x01\0v"]]),
      /orphan: key "lost" of generation 777/,
    ],
    [
      "an expiry that no key has",
      async (d) => d.change([[expiryKey(2e12, 1, "text"), ""]]),
      /expiry index: "text" of generation 1 does not expire at 2000000000000/,
    ],
    [
      "a key that is not in the expiry index",
      async (d) => {
        const iterator = d.store.iterate({ gte: "e", lt: "f" });
        const [entry] = await iterator.next(1);
        await iterator.close();
        await d.change([], [entry![0]]);
      },
      /expiry index: database 0, "\w+" is not in it/,
    ],
    [
      "wrong counts",
      async (d) => d.change([[databaseKey(0), u32(1) + u64(5) + u64(3)]]),
      /counts: database 0 has \d+ keys, and says 5/,
    ],
    ["lost counters", async (d) => d.change([], ["!ids"]), /counters: there are none/],
  ];

  test.each(kinds)("%s", async (_, damage, expected) => {
    const dir = await copyOfBase();
    const store = await openLevelStore(dir, { cacheSizeBytes: 1 << 20, backendOptions: {} });
    await damage(new Damage(store));
    await store.close();
    const text = await reportOn(dir);
    expect(text).toMatch(expected);
    expect(text).toMatch(/problems? found\.$/);
  });

  test("a byte that is another, anywhere in a table", async () => {
    const dir = await copyOfBase();
    const names = (await readdir(dir)).filter((name) => name.endsWith(".ldb"));
    expect(names.length).toBeGreaterThan(0);
    for (const name of names.slice(0, 3)) {
      // Not in the original: it is the same file.
      const bytes = await readFile(join(dir, name));
      await rm(join(dir, name));
      for (const at of [0, 100, bytes.length >> 1, bytes.length - 60, bytes.length - 1]) {
        bytes[at]! ^= 0x10;
        await writeFile(join(dir, name), bytes);
        expect([at, await reportOn(dir)]).toEqual([
          at,
          expect.stringMatching(new RegExp(`The keys were not read: [^]*damaged file: ${name}: `)),
        ]);
        bytes[at]! ^= 0x10;
      }
      await rm(join(dir, name));
      expect(await reportOn(dir)).toMatch(/missing file: table/);
      await writeFile(join(dir, name), bytes);
    }
    expect(await reportOn(dir)).toMatch(/No damage found\.$/);
  }, 60_000);

  test("a damaged manifest, and CURRENT", async () => {
    const dir = await copyOfBase();
    const name = (await readdir(dir)).find((file) => file.startsWith("MANIFEST"))!;
    const bytes = await readFile(join(dir, name));
    bytes[20]! ^= 1;
    await writeFile(join(dir, name), bytes);
    expect(await reportOn(dir)).toMatch(
      /damaged file: MANIFEST-\d+: the record at byte 0 has another checksum/,
    );
    await writeFile(join(dir, "CURRENT"), "MANIFEST-999999\n");
    expect(await reportOn(dir)).toMatch(/CURRENT names MANIFEST-999999, which is not there/);
  });
});

describe("leveldis check RDB-FILE", () => {
  test("a sound one, and what is in it", async () => {
    const names = (await readdir(samples, { recursive: true })).filter((file) => file.endsWith(".rdb"));
    expect(names.length).toBeGreaterThan(20);
    const damaged: string[] = [];
    for (const name of names) {
      const report = new Report(() => undefined);
      await checkRdb(join(samples, name), report);
      if (report.problems > 0) damaged.push(name);
    }
    expect(damaged).toEqual(["redis/corrupt_ziplist.rdb"]);
    const { code, text } = await runCheck(join(samples, "redis", "encodings.rdb"));
    expect([code, text]).toEqual([0, expect.stringMatching(/^RDB file, .*\nNo damage found\.\n$/s)]);
  }, 30_000);

  test("one that ends too early, or where a byte is another", async () => {
    const path = join(folder, "damaged.rdb");
    const redis = new TestServer({ kind: "redis" });
    await redis.start();
    await using client = await redis.connect();
    await client.pipeline(everyEncoding);
    await client.send("SAVE");
    const bytes = await readFile(join(redis.dir, "dump.rdb"));
    await redis.close();
    await writeFile(path, bytes);
    const sound = await runCheck(path);
    expect(sound.text).toMatch(
      /Written by: redis-ver=7\.0\.15.*Database 0: \d+ keys.*hash: 3\n.*No damage found/s,
    );
    await writeFile(path, bytes.subarray(0, bytes.length - 20));
    expect(await runCheck(path)).toMatchObject({
      code: 1,
      text: expect.stringMatching(/DAMAGE RDB file: at byte \d+: unexpected end/),
    });
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(path, bytes);
    expect(await runCheck(path)).toMatchObject({
      code: 1,
      text: expect.stringMatching(/DAMAGE RDB file: at byte \d+: /),
    });
    await writeFile(path, createHash("sha512").update("noise").digest());
    expect((await runCheck(path)).text).toMatch(/at byte 0: not an RDB file/);
  }, 30_000);
});
