import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import { TestServer } from "../support/server.ts";
import { useServer } from "../support/use-server.ts";
import { storedEntries } from "./stored-entries.ts";
import { fillWithEverything } from "./every-encoding.ts";
import { FakeMaster, beforeMarkedRdb, beforeRdb } from "./fake-master.ts";
import { differences } from "./same-data.ts";
import { SeededInstance } from "./seeded-instance.ts";

/** What a redis-server holds comes over whole: by its file, and from the running server. */

const redis = useServer({ kind: "redis", args: ["--enable-debug-command", "yes"], variant: "normal" });
let expected: Client;
let folder: string;
let rdb: string;
const LIBRARY = `#!lua name=greetings
redis.register_function('greet', function(keys, args) return 'hello ' .. args[1] end)`;
const SAME = ["--set-max-listpack-entries", "0"];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "leveldis-seeding-"));
  expected = await redis.connect();
  await fillWithEverything(expected);
  await expected.send("FUNCTION", "LOAD", LIBRARY);
  expect(await expected.send("SAVE")).toBe("OK");
  rdb = join(folder, "dump.rdb");
  copyFileSync(join(redis.dir, "dump.rdb"), rdb);
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A process of its own. */
const onDisk = (dir: string, ...args: string[]): TestServer =>
  new TestServer({
    kind: "leveldis",
    variant: "normal",
    dir,
    args: [...args, ...SAME, "--enable-debug-command", "yes"],
  });

const seed = (...args: string[]): Promise<SeededInstance> => SeededInstance.start(...args, ...SAME);

describe("--rdb", () => {
  test.each([
    ["as it is", []],
    ["with all collections unpacked", ["--hash-max-listpack-entries", "0", "--list-max-listpack-size", "1"]],
  ])("%s", async (_, args) => {
    await using tested = await seed("--rdb", rdb, ...args, "--stream-max-packed-bytes", "0");
    expect(await differences(expected, tested.client, { ignoreEncodings: args.length > 0 })).toEqual([]);
  });

  test("on disk, where it is found again after a crash", async () => {
    const dir = join(folder, "data");
    await using tested = onDisk(dir, "--rdb", rdb);
    await tested.start();
    await tested.crash();
    // It holds data now.
    await expect(tested.start()).rejects.toThrow(
      /the data folder .*data holds \d+ keys: --rdb is for an empty one \(choose another --dir/,
    );
    await using again = onDisk(dir);
    await again.start();
    const client = await again.connect();
    expect(await differences(expected, client)).toEqual([]);
    expect(await client.send("FCALL", "greet", 0, "world")).toBe("hello world");
    await again.stop();
    await using other = onDisk(dir, "--flushall", "--rdb", "test/rdb/samples/redis/hash-zipmap.rdb");
    await other.start();
    expect(await (await other.connect()).send("KEYS", "*")).toEqual(["hash"]);
  }, 30_000);

  test("a file that is not there", async () => {
    await expect(seed("--rdb", join(folder, "nowhere.rdb"))).rejects.toThrow(
      /can't open the RDB file .*nowhere/,
    );
  });

  test("what ends too early leaves nothing behind", async () => {
    const cut = join(folder, "cut.rdb");
    const bytes = readFileSync(rdb);
    writeFileSync(cut, bytes.subarray(0, bytes.length - 100));
    const dir = join(folder, "cut");
    await using refused = onDisk(dir, "--rdb", cut);
    await expect(refused.start()).rejects.toThrow(
      `at byte ${bytes.length - 100}: unexpected end. Nothing of it was kept`,
    );
    await using tested = onDisk(dir, "--gc-interval", "1");
    await tested.start();
    const client = await tested.connect();
    expect(await client.send("DBSIZE")).toBe(0);
    const collector = async (): Promise<string> => String(await client.send("INFO", "leveldb"));
    await expect.poll(collector).toMatch(/collector_waiting:0[^]*collector_collected:[1-9]/);
    await tested.stop();
    expect(await storedEntries(dir)).toEqual([]);
  }, 30_000);

  test("data behind a preamble of an append-only file is not lost without a word", async () => {
    const source = await redis.connect();
    await source.send("CONFIG", "SET", "appendonly", "yes");
    const preamble = (): string[] =>
      ["appendonlydir/appendonly.aof.1.base.rdb"].filter((file) => existsSync(join(redis.dir, file)));
    await expect.poll(preamble).toHaveLength(1);
    await expect
      .poll(async () => String(await source.send("INFO", "persistence")))
      .toContain("aof_rewrite_in_progress:0");
    const base = readFileSync(join(redis.dir, preamble()[0]!));
    await source.send("CONFIG", "SET", "appendonly", "no");
    const file = join(folder, "appendonly.aof");
    writeFileSync(file, base);
    await using tested = await seed("--rdb", file);
    expect(await tested.client.send("GET", "leading-zero")).toBe("007");
    writeFileSync(file, Buffer.concat([base, Buffer.from("*1\r\n$4\r\nPING\r\n")]));
    await expect(seed("--rdb", file)).rejects.toThrow("an append-only file: commands follow the RDB");
  }, 30_000);
});

describe("--seed-from", () => {
  const from = (rest = ""): string[] => ["--seed-from", `redis://127.0.0.1:${redis.port}${rest}`];

  test.each(["yes", "no"])(
    "with repl-diskless-sync %s",
    async (diskless) => {
      await expected.send("CONFIG", "SET", "repl-diskless-sync", diskless, "repl-diskless-sync-delay", "0");
      await using tested = await seed(...from());
      expect(await differences(expected, tested.client)).toEqual([]);
      expect(await tested.client.send("FCALL", "greet", 0, "you")).toBe("hello you");
    },
    30_000,
  );

  test("one database", async () => {
    await using tested = await seed(...from("/15"));
    expect(await tested.client.send("DBSIZE")).toBe(0);
    await tested.client.send("SELECT", 15);
    expect(await tested.client.send("HGET", "in", "database")).toBe("15");
  });

  test("with user and password", async () => {
    await expected.send("ACL", "SETUSER", "copier", "on", ">p@ss:/word", "+psync", "+replconf", "+ping");
    const url = (user: string, password: string): string =>
      `redis://${user}:${encodeURIComponent(password)}@127.0.0.1:${redis.port}`;
    await using tested = await seed("--seed-from", url("copier", "p@ss:/word"));
    expect(await tested.client.send("GET", "leading-zero")).toBe("007");
    await expect(seed("--seed-from", url("copier", "wrong"))).rejects.toThrow(
      /Unable to AUTH to MASTER: -WRONGPASS .*Nothing of it was kept/,
    );
  });

  test("nobody there", async () => {
    await expect(seed("--seed-from", "redis://127.0.0.1:1")).rejects.toThrow(
      /127\.0\.0\.1:1: connect ECONNREFUSED/,
    );
  });

  test.each([
    ["says nothing", "", /nothing was heard within 1 seconds/],
    ["speaks something else", "HTTP/1.1 400 Bad Request\r\n", /Protocol error, got "H"/],
    [
      "is loading",
      "-LOADING Redis is loading the dataset in memory\r\n",
      /Error reply to PING from master: .-LOADING Redis is loading/,
    ],
    ["hangs up in the middle", `${beforeRdb(100)}REDIS0009`, /closed the connection/],
    [
      "sends another mark",
      `${beforeMarkedRdb("a".repeat(40))}REDIS0003\xff${"b".repeat(40)}`,
      /not the mark/,
    ],
  ])("a server that %s", async (_, says, reason) => {
    await using master = await FakeMaster.start(says, says.includes("$100"));
    await expect(seed("--seed-from", master.url, "--seed-timeout", "1")).rejects.toThrow(reason);
  });

  test.each(["http://127.0.0.1", "redis://", "redis://host/x", "redis://host:99999", "nonsense"])(
    "%s is refused",
    async (url) => {
      await expect(seed("--seed-from", url)).rejects.toThrow(/seed-from/);
    },
  );
});
