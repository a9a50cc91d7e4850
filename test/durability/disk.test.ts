import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import { TestServer } from "../support/server.ts";
import { SmallDisk } from "../support/small-disk.ts";

const cleanups: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "leveldis-disk-"));
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

function startLeveldis(dir: string, args: readonly string[] = []): TestServer {
  const server = new TestServer({ kind: "leveldis", dir, args });
  cleanups.push(() => server.close());
  return server;
}

/** What a start that must fail prints, and that it ends with 1. */
async function failedStart(dir: string, args: readonly string[] = []): Promise<string> {
  const error = await startLeveldis(dir, args)
    .start()
    .then(
      () => new Error("the server started"),
      (cause: unknown) => cause as Error,
    );
  expect(error.message).toContain("ended with 1");
  return error.message;
}

/** So many members are not brought into memory in one go. */
const LARGE = 20_000;

async function makeSets(server: TestServer, keys: readonly string[]): Promise<void> {
  await using client = await server.connect();
  const members = Array.from({ length: LARGE }, (_, i) => `member:${i}`);
  for (const key of keys) expect(await client.send("SADD", key, ...members)).toBe(LARGE);
}

async function membersOf(client: Client, key: string): Promise<number> {
  return ((await client.send("SUNION", key)) as unknown[]).length;
}

describe("a full disk", () => {
  // LevelDB is the first that finds no room for its tables, or the redo log for its next record.
  test.each([
    ["nearly full", 8 << 20, 100_000],
    ["quite full", 0, 1],
  ])(
    "that is %s refuses writes, goes on with reads, and recovers without loss",
    async (_, room, enough) => {
      const disk = await SmallDisk.mount(48);
      cleanups.push(() => disk[Symbol.asyncDispose]());
      const server = startLeveldis(join(disk.path, "data"), ["--backend-option", "writeBufferSize=1048576"]);
      await server.start();
      await makeSets(server, ["large", "other large"]);
      // Nothing of them is in memory.
      await server.crashAndRestart();
      const client = await server.connect({ timeoutMs: 20_000 });
      expect(await client.send("SET", "before", "1")).toBe("OK");
      // Brought into memory by a thread that has the store open as well.
      expect(await membersOf(client, "large")).toBe(LARGE);
      // A batch that fails takes back changes that a tracking client was to be told of.
      const tracker = await server.connect3();
      await tracker.sendExact("CLIENT", "TRACKING", "ON");
      await tracker.sendExact("GET", "before");
      await disk.fill(room);

      // What LevelDB cannot compress.
      const value = randomBytes(50_000).toString("hex");
      const acknowledged: string[] = [];
      let refusal: unknown;
      for (let i = 0; i < 500 && refusal === undefined; i++) {
        const reply = await client.send(
          "SET",
          `key:${i}`,
          `${i}${randomBytes(50_000).toString("base64")}${value}`,
        );
        if (reply === "OK") acknowledged.push(`key:${i}`);
        else refusal = reply;
      }
      expect(String(refusal)).toMatch(/MISCONF Errors writing to the disk/);
      expect(acknowledged.length).toBeLessThan(enough);
      if (room === 0) expect(await tracker.readExact()).toEqual({ push: ["invalidate", null] });
      await tracker.close();
      expect(await client.send("GET", "before")).toBe("1");
      expect(String(await client.send("SET", "other", "1"))).toMatch(/MISCONF/);
      expect(await client.send("EXISTS", `key:${acknowledged.length}`)).toBe(0);
      expect(await client.send("DBSIZE")).toBe(acknowledged.length + 3);
      expect(await client.send("KEYS", "key:*")).toHaveLength(acknowledged.length);

      await disk.free();
      await expect.poll(() => client.send("SET", "after", "1"), { timeout: 15_000 }).toBe("OK");
      expect(await membersOf(client, "other large")).toBe(LARGE);
      // What was written is brought into LevelDB for it.
      expect(await client.send("SAVE")).toBe("OK");
      await client.close();
      await server.crashAndRestart();
      const again = await server.connect();
      expect(await again.send("GET", "after")).toBe("1");
      for (const key of acknowledged) expect(await again.send("STRLEN", key)).toBeGreaterThan(100_000);
      expect(await again.send("DBSIZE")).toBe(acknowledged.length + 4);
      await again.close();
      await server.close();
    },
    60_000,
  );
});

describe("a folder that cannot be used", { timeout: 60_000 }, () => {
  test("held by another process", async () => {
    const dir = await temporaryFolder();
    await startLeveldis(dir).start();
    expect(await failedStart(dir)).toMatch(
      /in use by another process: stop that one, or choose another --dir/,
    );
  });

  test("of another format version", async () => {
    const dir = await temporaryFolder();
    const { ClassicLevel } = await import("classic-level");
    const level = new ClassicLevel(dir);
    await level.put("!format", "999");
    await level.close();
    expect(await failedStart(dir)).toMatch(/format version 999, this leveldis reads version 3/);
  });

  test("that is damaged", async () => {
    const dir = await temporaryFolder();
    const server = startLeveldis(dir);
    await server.start();
    const client = await server.connect();
    await client.send("SET", "a", "1");
    await client.close();
    await server.stop();
    for (const name of await readdir(dir)) {
      if (name.startsWith("MANIFEST")) await writeFile(join(dir, name), "this is no manifest");
    }
    expect(await failedStart(dir)).toMatch(
      /CORRUPT: the LevelDB in .* is damaged \(.*\): restore the folder from a backup/,
    );
  });

  test("that is a file", async () => {
    const dir = join(await temporaryFolder(), "file");
    await writeFile(dir, "");
    expect(await failedStart(dir)).toMatch(/cannot use the data folder .*choose another --dir/);
  });

  test("that cannot be made", async () => {
    const parent = await temporaryFolder();
    await mkdir(join(parent, "ro"));
    execFileSync("mount", ["-t", "tmpfs", "-o", "ro", "tmpfs", join(parent, "ro")]);
    cleanups.push(() => void execFileSync("umount", [join(parent, "ro")]));
    expect(await failedStart(join(parent, "ro", "data"))).toMatch(
      /cannot use the data folder .*make it writable/,
    );
  });
});

test("two starts on one folder after an orderly stop see the same data", { timeout: 60_000 }, async () => {
  const dir = await temporaryFolder();
  const server = startLeveldis(dir);
  await server.start();
  const client = await server.connect();
  await client.send("HSET", "h", "a", "1", "b", "2");
  await client.close();
  expect(await server.stop()).toEqual({ code: 0, signal: null });
  await server.start();
  const again = await server.connect();
  expect(await again.send("HGETALL", "h")).toEqual(["a", "1", "b", "2"]);
  await again.close();
});
