import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import { error } from "../support/plain.ts";
import { TestServer } from "../support/server.ts";
import { SmallDisk } from "../support/small-disk.ts";

const cleanups: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(dir: string): Promise<{ server: TestServer; client: Client }> {
  const server = new TestServer({ kind: "leveldis", dir });
  cleanups.push(() => server.close());
  await server.start();
  return { server, client: await server.connect({ timeoutMs: 30_000 }) };
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "leveldis-saving-"));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function until(isThere: () => boolean | Promise<boolean>): Promise<void> {
  const startedAt = Date.now();
  while (!(await isThere())) {
    if (Date.now() - startedAt > 15_000) throw new Error("it did not come");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const info = async (client: Client): Promise<string> => String(await client.send("INFO", "persistence"));

const leftovers = (dir: string): string[] => readdirSync(dir).filter((name) => /^temp-.*\.rdb$/.test(name));

test("a process that is killed while it saves leaves the old file, and its own goes with the next start", async () => {
  const dir = temporaryFolder();
  const { server, client } = await start(dir);
  for (let i = 0; i < 300; i++) await client.send("SET", `key:${i}`, "v".repeat(1000));
  await client.send("SAVE");
  const before = readFileSync(join(dir, "dump.rdb"));
  await client.send("SET", "new", "1");
  await client.send("CONFIG", "SET", "rdb-key-save-delay", "20000", "rdbcompression", "no");
  await client.send("BGSAVE");
  await until(() => leftovers(dir).length === 1);
  await until(async () => /current_save_keys_processed:[1-9]/.test(await info(client)));
  await server.crash();
  expect(readFileSync(join(dir, "dump.rdb")).equals(before)).toBe(true);
  expect(leftovers(dir)).toHaveLength(1);
  await server.start();
  expect(leftovers(dir)).toEqual([]);
  const again = await server.connect();
  expect(await again.send("GET", "new")).toBe("1");
  await again.close();
});

test("a disk that is too full for the file is told, and nothing of it stays", async () => {
  const disk = await SmallDisk.mount(64);
  cleanups.push(() => disk[Symbol.asyncDispose]());
  const dir = join(disk.path, "data");
  const { server, client } = await start(dir);
  // LevelDB compresses this, the RDB file does not.
  const value = "x".repeat(100_000);
  for (let i = 0; i < 200; i++) await client.send("SET", `key:${i}`, value + i);
  await client.send("CONFIG", "SET", "rdbcompression", "no");
  await client.send("SAVE");
  const before = readFileSync(join(dir, "dump.rdb"));
  await disk.fill(8 << 20);
  expect(await client.send("SAVE")).toEqual(error("ERR"));
  expect(await client.send("BGSAVE")).toBe("Background saving started");
  await until(async () => (await info(client)).includes("rdb_bgsave_in_progress:0"));
  expect(await info(client)).toContain("rdb_last_bgsave_status:err");
  expect(server.log).toMatch(/Write error saving DB on disk: .*ENOSPC/);
  expect(leftovers(dir)).toEqual([]);
  expect(readFileSync(join(dir, "dump.rdb")).equals(before)).toBe(true);
  await disk.free();
  await client.send("BGSAVE");
  await until(async () => (await info(client)).includes("rdb_last_bgsave_status:ok"));
  expect(existsSync(join(dir, "dump.rdb"))).toBe(true);
  await client.close();
  await server.close();
});
