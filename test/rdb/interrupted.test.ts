import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Client } from "../support/client.ts";
import { freePort } from "../support/port.ts";
import { TestServer } from "../support/server.ts";
import { SmallDisk } from "../support/small-disk.ts";
import { FakeMaster, beforeRdb } from "./fake-master.ts";
import { keyOf, length, rdbFile, str } from "./rdb-bytes.ts";
import { SeededInstance } from "./seeded-instance.ts";
import { storedEntries } from "./stored-entries.ts";

/** What a server is while its first data is on the way, and what is left when it is interrupted. */

const KEYS = 60_000;
/** More than a loader holds in memory. */
const MEMBERS = 40_000;

const rdb = rdbFile(
  9,
  `\xfa${str("used-mem")}${str("123456")}`,
  ...Array.from({ length: KEYS }, (_, i) => keyOf(0, `key:${i}`) + str(`value ${i}`)),
  keyOf(2, "set"),
  length(MEMBERS),
  ...Array.from({ length: MEMBERS }, (_, i) => str(`member ${i}`)),
);

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "leveldis-interrupted-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const fieldsOf = (info: unknown): Record<string, string> =>
  Object.fromEntries(
    String(info)
      .split("\r\n")
      .filter((line) => line.includes(":"))
      .map((line) => line.split(":") as [string, string]),
  );

async function connected(port: number): Promise<Client> {
  for (;;) {
    try {
      return await Client.connect({ port });
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

describe("while it loads", () => {
  test("commands are refused, INFO tells how far it is", async () => {
    const half = rdb.length >> 1;
    await using master = await FakeMaster.start(
      Buffer.concat([Buffer.from(beforeRdb(rdb.length)), rdb.subarray(0, half)]),
    );
    const port = await freePort();
    const starting = SeededInstance.start("--seed-from", master.url, "--port", String(port));
    const client = await connected(port);
    const info = async (): Promise<Record<string, string>> =>
      fieldsOf(await client.send("INFO", "persistence"));
    const loaded = async (): Promise<number> => Number((await info())["loading_loaded_bytes"]);
    await expect.poll(loaded).toBeGreaterThan(half - 100);
    expect(await info()).toMatchObject({
      loading: "1",
      async_loading: "0",
      loading_start_time: expect.stringMatching(/^\d{10}$/) as string,
      loading_total_bytes: String(rdb.length),
      loading_rdb_used_mem: "123456",
      loading_loaded_perc: (((await loaded()) / rdb.length) * 100).toFixed(2),
      loading_eta_seconds: expect.stringMatching(/^\d+$/) as string,
    });
    for (const command of [["GET", "key:1"], ["SET", "a", "b"], ["PING"], ["DBSIZE"]]) {
      expect(String(await client.send(...command))).toContain(
        "LOADING Redis is loading the dataset in memory",
      );
    }
    for (const command of [["AUTH", "x"], ["CLIENT", "ID"], ["MULTI"], ["DISCARD"]]) {
      expect(String(await client.send(...command))).not.toContain("LOADING");
    }
    master.say(rdb.subarray(half));
    await using started = await starting;
    expect(await client.send("DBSIZE")).toBe(KEYS + 1);
    expect(await client.send("SCARD", "set")).toBe(MEMBERS);
    expect(await info()).toMatchObject({
      loading: "0",
      rdb_last_load_keys_loaded: String(KEYS + 1),
      rdb_last_load_keys_expired: "0",
    });
    expect(await info()).not.toHaveProperty("loading_total_bytes");
    expect(started.log.at(-1)).toBe(`Done loading RDB, keys loaded: ${KEYS + 1}, keys expired: 0.`);
  });
});

test("a disk that is too small for it", async () => {
  await using disk = await SmallDisk.mount(12);
  const large = join(folder, "large.rdb");
  writeFileSync(
    large,
    rdbFile(9, ...Array.from({ length: 400 }, (_, i) => keyOf(0, `key:${i}`) + str(random(100_000)))),
  );
  const options = { kind: "leveldis", variant: "normal", dir: join(disk.path, "data") } as const;
  await using server = new TestServer({ ...options, args: ["--rdb", large] });
  await expect(server.start()).rejects.toThrow(
    /ended with 1[^]*large\.rdb cannot be loaded: .*No space left/,
  );
  disk.resize(100);
  await server.start();
  expect(await (await server.connect()).send("DBSIZE")).toBe(400);
}, 40_000);

const random = (bytes: number): string => randomBytes(bytes).latin1Slice();

describe("interrupted", () => {
  test.each([
    ["among strings", rdb.length >> 1],
    ["in the middle of a collection", rdb.length - 50_000],
  ])(
    "by kill -9 %s, it starts over cleanly",
    async (name, bytes) => {
      const dir = join(folder, name);
      await using master = await FakeMaster.start(
        Buffer.concat([Buffer.from(beforeRdb(rdb.length)), rdb.subarray(0, bytes)]),
      );
      await using server = new TestServer({
        kind: "leveldis",
        variant: "normal",
        dir,
        args: ["--seed-from", master.url],
      });
      const starting = server.start().catch((error: Error) => error.message);
      await expect.poll(() => server.port).toBeGreaterThan(0);
      const client = await connected(server.port);
      const loaded = async (): Promise<number> =>
        Number(fieldsOf(await client.send("INFO", "persistence"))["loading_loaded_bytes"]);
      await expect.poll(loaded).toBeGreaterThan(bytes - 100);
      await server.crash();
      await client.close();
      expect(await starting).toContain("SIGKILL");
      expect((await storedEntries(dir)).length).toBeGreaterThan(0);

      await using again = new TestServer({
        kind: "leveldis",
        variant: "normal",
        dir,
        args: ["--gc-interval", "1"],
      });
      await again.start();
      const other = await again.connect();
      expect(await other.send("DBSIZE")).toBe(0);
      const collector = async (): Promise<string> => String(await other.send("INFO", "leveldb"));
      await expect
        .poll(collector, { timeout: 10_000 })
        .toMatch(/collector_waiting:0[^]*collector_collected:[1-9]/);
      await again.stop();
      expect(await storedEntries(dir)).toEqual([]);
    },
    40_000,
  );
});
