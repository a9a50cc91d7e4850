import { existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { SeededInstance } from "../rdb/seeded-instance.ts";
import type { Client } from "../support/client.ts";
import { error } from "../support/plain.ts";
import { TestServer } from "../support/server.ts";
import { useServer } from "../support/use-server.ts";

const server = useServer({ args: ["--enable-debug-command", "yes"] });
let client: Client;

beforeEach(async () => {
  client = await server.connect();
  await config({ save: "", "rdb-key-save-delay": "0" });
  await client.send("FLUSHALL");
});
afterEach(() => client.close());

const file = (): string => join(server.dir, "dump.rdb");

async function config(values: Record<string, string>): Promise<void> {
  expect(await client.send("CONFIG", "SET", ...Object.entries(values).flat())).toBe("OK");
}

async function info(name: string, of = client): Promise<string> {
  const text = String(await of.send("INFO", "persistence"));
  return new RegExp(`^${name}:(.*)\r$`, "m").exec(text)?.[1] ?? `no ${name}`;
}

/** Looks again and again: what is waited for comes by itself. */
async function until(isThere: () => Promise<boolean>): Promise<void> {
  const startedAt = Date.now();
  while (!(await isThere())) {
    if (Date.now() - startedAt > 10_000) throw new Error("it did not come");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const saved = (): Promise<void> => until(async () => (await info("rdb_bgsave_in_progress")) === "0");

const fill = async (count: number, value: string): Promise<void> => {
  const pairs = Array.from({ length: count }, (_, i) => [`key:${i}`, value]).flat();
  expect(await client.send("MSET", ...pairs)).toBe("OK");
};

describe("SAVE", () => {
  test("writes a file, and tells of it", async () => {
    await fill(10, "value");
    expect(Number(await info("rdb_changes_since_last_save"))).toBeGreaterThan(0);
    const saves = Number(await info("rdb_saves"));
    expect(await client.send("SAVE")).toBe("OK");
    expect(readFileSync(file()).subarray(0, 9).toString()).toBe("REDIS0007");
    expect(await info("rdb_changes_since_last_save")).toBe("0");
    expect(await info("rdb_saves")).toBe(String(saves + 1));
    const lastSave = Number(await client.send("LASTSAVE"));
    expect(Math.abs(lastSave - Date.now() / 1000)).toBeLessThan(5);
    expect(await info("rdb_last_save_time")).toBe(String(lastSave));
    expect(readdirSync(server.dir).filter((name) => name.startsWith("temp-"))).toEqual([]);
  });

  test("not in a transaction", async () => {
    await client.send("MULTI");
    expect(await client.send("SAVE")).toEqual(error("ERR Command not allowed inside a transaction"));
    await client.send("DISCARD");
  });

  test("that fails leaves the old file", async () => {
    const blocked = new TestServer();
    await blocked.start();
    const other = await blocked.connect();
    mkdirSync(join(blocked.dir, "dump.rdb"));
    expect(await other.send("SAVE")).toEqual(error("ERR"));
    expect(blocked.log).toContain("Write error saving DB on disk");
    expect(statSync(join(blocked.dir, "dump.rdb")).isDirectory()).toBe(true);
    expect(readdirSync(blocked.dir).filter((name) => name.startsWith("temp-"))).toEqual([]);
    expect(await other.send("SHUTDOWN", "SAVE")).toEqual(error("ERR Errors trying to SHUTDOWN. Check logs."));
    expect(await other.send("PING")).toBe("PONG");
    await other.close();
    await blocked.close();
  });
});

describe("BGSAVE", () => {
  test("is one at a time", async () => {
    await fill(200, "value");
    await config({ "rdb-key-save-delay": "2000" });
    expect(await client.send("BGSAVE")).toBe("Background saving started");
    expect(await info("rdb_bgsave_in_progress")).toBe("1");
    expect(await info("current_save_keys_total")).toBe("200");
    expect(await client.send("BGSAVE")).toEqual(error("ERR Background save already in progress"));
    expect(await client.send("BGSAVE", "SCHEDULE")).toEqual(error("ERR Background save already in progress"));
    expect(await client.send("SAVE")).toEqual(error("ERR Background save already in progress"));
    expect(await client.send("BGREWRITEAOF")).toBe("Background append only file rewriting scheduled");
    expect(await info("aof_rewrite_scheduled")).toBe("1");
    await until(async () => Number(await info("current_save_keys_processed")) > 0);
    expect(Number(await info("current_fork_perc"))).toBeGreaterThan(0);
    await saved();
    expect(await info("rdb_last_bgsave_status")).toBe("ok");
    expect(await info("rdb_changes_since_last_save")).toBe("0");
    expect(await info("current_save_keys_processed")).toBe("0");
    await until(async () => (await info("aof_rewrite_scheduled")) === "0");
    await until(async () => (await info("aof_rewrite_in_progress")) === "0");
    expect(await info("aof_last_bgrewrite_status")).toBe("ok");
  });

  test("takes one option", async () => {
    expect(await client.send("BGSAVE", "NOW")).toEqual(error("ERR syntax error"));
    expect(await client.send("BGSAVE", "SCHEDULE", "SCHEDULE")).toEqual(error("ERR syntax error"));
    expect(await client.send("BGSAVE", "schedule")).toBe("Background saving started");
    await saved();
  });

  test("of a transaction comes after it", async () => {
    const saves = Number(await info("rdb_saves"));
    await client.send("MULTI");
    await client.send("SET", "a", "1");
    await client.send("BGSAVE");
    expect(await client.send("EXEC")).toEqual(["OK", "Background saving scheduled"]);
    await until(async () => Number(await info("rdb_saves")) > saves);
    await saved();
  });

  test("shows one moment while writes go on", async () => {
    await fill(300, "before");
    const members = Array.from({ length: 1000 }, (_, i) => `member ${i}`);
    await client.send("SADD", "set", ...members);
    await config({ "rdb-key-save-delay": "1000" });
    expect(await client.send("BGSAVE")).toBe("Background saving started");
    await until(async () => Number(await info("current_save_keys_processed")) > 0);
    await fill(400, "after");
    await client.send("SREM", "set", ...members.slice(0, 500));
    await client.send("DEL", "key:1");
    expect(await info("rdb_bgsave_in_progress")).toBe("1");
    await saved();
    expect(Number(await info("rdb_changes_since_last_save"))).toBeGreaterThan(400);
    await using loaded = await SeededInstance.start("--rdb", file());
    expect(await loaded.client.send("DBSIZE")).toBe(301);
    const keys = Array.from({ length: 300 }, (_, i) => `key:${i}`);
    expect(new Set((await loaded.client.send("MGET", ...keys)) as string[])).toEqual(new Set(["before"]));
    expect(await loaded.client.send("SCARD", "set")).toBe(1000);
    expect(((await loaded.client.send("SMEMBERS", "set")) as string[]).length).toBe(1000);
  });

  test("has whole transactions only, and all that was answered before", async () => {
    const writer = await server.connect();
    let isDone = false;
    const transfer = async (): Promise<void> => {
      while (!isDone) {
        await writer.pipeline([
          ["MULTI"],
          ["INCRBY", "account:a", "7"],
          ["HINCRBY", "accounts", "b", "-7"],
          ["EXEC"],
        ]);
      }
    };
    const transfers = transfer();
    for (let round = 0; round < 3; round++) {
      const before = Number(await client.send("INCRBY", "account:a", "0"));
      expect(await client.send("BGSAVE")).toBe("Background saving started");
      await saved();
      expect(await info("rdb_last_bgsave_status")).toBe("ok");
      await using loaded = await SeededInstance.start("--rdb", file());
      const a = Number(await loaded.client.send("GET", "account:a"));
      expect(a + Number(await loaded.client.send("HGET", "accounts", "b"))).toBe(0);
      expect(a).toBeGreaterThanOrEqual(before);
    }
    isDone = true;
    await transfers;
    await writer.close();
  });

  test("is ended by FLUSHALL, and the old file stays", async () => {
    await fill(100, "value");
    await client.send("SAVE");
    const before = readFileSync(file());
    await fill(300, "other");
    await config({ "rdb-key-save-delay": "10000000" });
    await client.send("BGSAVE");
    expect(await client.send("FLUSHALL")).toBe("OK");
    await saved();
    expect(await info("rdb_last_bgsave_status")).toBe("ok");
    expect(Number(await info("rdb_changes_since_last_save"))).toBeGreaterThan(300);
    expect(readFileSync(file()).equals(before)).toBe(true);
    expect(readdirSync(server.dir).filter((name) => name.startsWith("temp-"))).toEqual([]);
  });
});

describe("save points", () => {
  test("save by themselves", async () => {
    const saves = Number(await info("rdb_saves"));
    await client.send("SET", "a", "1");
    await client.send("SAVE");
    await config({ save: "3600 1 1 2" });
    await client.send("SET", "b", "1");
    await client.send("SET", "c", "1");
    await until(async () => Number(await info("rdb_saves")) === saves + 2);
    await saved();
    expect(server.log).toContain("2 changes in 1 seconds. Saving...");
    expect(await info("rdb_changes_since_last_save")).toBe("0");
  });

  test("FLUSHALL saves what is left", async () => {
    await fill(10, "value");
    await client.send("SAVE");
    await config({ save: "3600 1000000" });
    await client.send("FLUSHALL");
    expect(await info("rdb_changes_since_last_save")).toBe("0");
    await using loaded = await SeededInstance.start("--rdb", file());
    expect(await loaded.client.send("DBSIZE")).toBe(0);
  });

  test("refuse writes after a save that failed", async () => {
    const blocked = new TestServer({ args: ["--save", "3600", "1000000"] });
    await blocked.start();
    const other = await blocked.connect();
    const folder = join(blocked.dir, "dump.rdb");
    await other.send("SET", "a", "1");
    mkdirSync(folder);
    await other.send("BGSAVE");
    await until(async () => (await info("rdb_last_bgsave_status", other)) === "err");
    const misconf = /^MISCONF Redis is configured to save RDB snapshots, but it's currently unable/;
    expect(String((await other.send("SET", "a", "2")) as unknown)).toMatch(
      new RegExp(misconf.source.slice(1)),
    );
    expect(await other.send("GET", "a")).toBe("1");
    await other.send("CONFIG", "SET", "stop-writes-on-bgsave-error", "no");
    expect(await other.send("SET", "a", "2")).toBe("OK");
    await other.send("CONFIG", "SET", "stop-writes-on-bgsave-error", "yes");
    rmdirSync(folder);
    await other.send("BGSAVE");
    await until(async () => (await info("rdb_last_bgsave_status", other)) === "ok");
    expect(await other.send("SET", "a", "3")).toBe("OK");
    await other.close();
    await blocked.close();
  });
});

describe("a stop", () => {
  test.each([
    ["SHUTDOWN", "SAVE", ""],
    ["SIGTERM", "save", ""],
    ["SIGINT", "default", "3600 1000000"],
  ])("by %s %s with save points '%s' saves", async (how, option, points) => {
    const stopping = await stoppable(how, option, points);
    expect(existsSync(join(stopping.dir, "dump.rdb"))).toBe(true);
    await stopping.close();
  });

  test.each([
    ["SHUTDOWN", "NOSAVE", "3600 1000000"],
    ["SIGTERM", "default", ""],
  ])("by %s %s with save points '%s' does not", async (how, option, points) => {
    const stopping = await stoppable(how, option, points);
    expect(existsSync(join(stopping.dir, "dump.rdb"))).toBe(false);
    await stopping.close();
  });
});

async function stoppable(how: string, option: string, points: string): Promise<TestServer> {
  const stopping = new TestServer();
  await stopping.start();
  const other = await stopping.connect();
  await other.send("SET", "a", "1");
  await other.send("CONFIG", "SET", "save", points);
  if (how !== "SHUTDOWN") await other.send("CONFIG", "SET", `shutdown-on-${how.toLowerCase()}`, option);
  if (how === "SHUTDOWN") {
    other.write(`SHUTDOWN ${option}\r\n`);
    await other.readUntilClosed();
    expect(await stopping.exited()).toEqual({ code: 0, signal: null });
  } else {
    await other.close();
    await stopping.signal(how as NodeJS.Signals);
  }
  await other.close();
  return stopping;
}

describe("DEBUG RELOAD", () => {
  test("keeps everything", async () => {
    await fill(300, "value");
    await client.send("HSET", "hash", ...Array.from({ length: 2000 }, (_, i) => `${i}`));
    const digest = await client.send("DEBUG", "DIGEST");
    expect(await client.send("DEBUG", "RELOAD")).toBe("OK");
    expect(await client.send("DEBUG", "DIGEST")).toBe(digest);
    expect(await client.send("HLEN", "hash")).toBe(1000);
  });

  test("of the old file, instead of the data or with them", async () => {
    await client.send("HSET", "hash", ...Array.from({ length: 2000 }, (_, i) => `${i}`));
    await client.send("SET", "both", "old");
    await client.send("SAVE");
    await client.send("SET", "both", "new");
    await client.send("SET", "mine", "1");
    await client.send("DEL", "hash");
    const failed = error("ERR Error trying to load the RDB dump, check server logs.");
    expect(await client.send("DEBUG", "RELOAD", "NOSAVE", "NOFLUSH")).toEqual(failed);
    expect(await client.send("GET", "both")).toBe("new");
    expect(await client.send("DEBUG", "RELOAD", "nosave", "noflush", "merge")).toBe("OK");
    expect(await client.send("MGET", "both", "mine")).toEqual(["old", "1"]);
    expect(await client.send("HGET", "hash", "1998")).toBe("1999");
    expect(await client.send("DEBUG", "RELOAD", "NOSAVE")).toBe("OK");
    expect(await client.send("MGET", "both", "mine")).toEqual(["old", null]);
    expect(await client.send("DBSIZE")).toBe(2);
    const unknown = "ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.";
    expect(await client.send("DEBUG", "RELOAD", "NOW")).toEqual(error(unknown));
  });

  test("wakes who waits for a key of the file", async () => {
    await client.send("RPUSH", "list", "a", "b");
    await client.send("SAVE");
    await client.send("DEL", "list");
    const waiting = await server.connect();
    waiting.write("BLPOP list 0\r\n");
    await until(async () => /blocked_clients:1/.test(String(await client.send("INFO", "clients"))));
    expect(await client.send("DEBUG", "RELOAD", "NOSAVE")).toBe("OK");
    expect(await waiting.read()).toEqual(["list", "a"]);
    await waiting.close();
  });
});
