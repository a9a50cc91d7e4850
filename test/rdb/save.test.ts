import { execFile } from "node:child_process";
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import { useServer } from "../support/use-server.ts";
import { generate } from "./generate.ts";
import { differences } from "./same-data.ts";
import { SeededInstance } from "./seeded-instance.ts";

const DEBUG = ["--enable-debug-command", "yes"];

/** What redis-server 7.0 reads; it refuses what is newer. */
const REDIS_VERSIONS = [7, 8, 9, 10] as const;

const tested = useServer({ args: DEBUG });
const redis = useServer({ kind: "redis", args: DEBUG, variant: "normal" });
let client: Client;
let expected: Client;
beforeAll(async () => {
  client = await tested.connect({ timeoutMs: 30_000 });
  expected = await redis.connect({ timeoutMs: 30_000 });
});

const file = (): string => join(tested.dir, "dump.rdb");

const version = (): string => readFileSync(file()).subarray(0, 9).toString();

async function save(rdbVersion: number, ...options: string[]): Promise<void> {
  expect(await client.send("CONFIG", "SET", "rdb-version", String(rdbVersion), ...options)).toBe("OK");
  expect(await client.send("SAVE")).toBe("OK");
}

async function check(): Promise<string> {
  const { stdout } = await promisify(execFile)("redis-check-rdb", [file()]);
  return stdout;
}

describe("a file with everything in it", () => {
  beforeAll(async () => {
    await client.send("FLUSHALL");
    await generate(client);
  }, 60_000);

  test.each(REDIS_VERSIONS)(
    "version %i: redis-server loads it, and has the same data",
    async (rdbVersion) => {
      await save(rdbVersion);
      // There are streams whose counters only this one keeps.
      expect(version()).toBe("REDIS0010");
      expect(await check()).toContain("RDB looks OK!");
      copyFileSync(file(), join(redis.dir, "dump.rdb"));
      expect(await expected.send("DEBUG", "RELOAD", "NOSAVE")).toBe("OK");
      expect(await client.send("DEBUG", "DIGEST")).toBe(await expected.send("DEBUG", "DIGEST"));
      expect(await differences(expected, client, { ignoreEncodings: true })).toEqual([]);
    },
  );

  test.each([11, 12])("version %i, which leveldis reads", async (rdbVersion) => {
    await save(rdbVersion);
    expect(version()).toBe(`REDIS00${rdbVersion}`);
    await using loaded = await SeededInstance.start("--rdb", file());
    expect(await loaded.client.send("DEBUG", "DIGEST")).toBe(await client.send("DEBUG", "DIGEST"));
    expect(await differences(loaded.client, client, { ignoreEncodings: true })).toEqual([]);
  });

  test("neither compressed nor with a checksum of strings", async () => {
    await save(7, "rdbcompression", "no");
    expect(await check()).toContain("RDB looks OK!");
    const plain = readFileSync(file()).length;
    await save(7, "rdbcompression", "yes");
    expect(readFileSync(file()).length).toBeLessThan(plain * 0.8);
  });
});

describe("versions", () => {
  beforeAll(async () => {
    await client.send("FLUSHALL");
    await generate(client, { streams: false });
  }, 60_000);

  test.each(REDIS_VERSIONS)("%i, without streams: as asked for", async (rdbVersion) => {
    await save(rdbVersion);
    expect(version()).toBe(rdbVersion === 10 ? "REDIS0010" : `REDIS000${rdbVersion}`);
    expect(await check()).toContain("RDB looks OK!");
    copyFileSync(file(), join(redis.dir, "dump.rdb"));
    expect(await expected.send("DEBUG", "RELOAD", "NOSAVE")).toBe("OK");
    expect(await client.send("DEBUG", "DIGEST")).toBe(await expected.send("DEBUG", "DIGEST"));
    expect(await differences(expected, client, { ignoreEncodings: true })).toEqual([]);
  });

  test("a plain stream needs 9", async () => {
    await client.send("XADD", "plain stream", "5-5", "a", "b");
    await save(7);
    expect(version()).toBe("REDIS0009");
    expect(await check()).toContain("RDB looks OK!");
    copyFileSync(file(), join(redis.dir, "dump.rdb"));
    await expected.send("DEBUG", "RELOAD", "NOSAVE");
    expect(await client.send("DEBUG", "DIGEST")).toBe(await expected.send("DEBUG", "DIGEST"));
    const info = ["XINFO", "STREAM", "plain stream"];
    expect(await client.send(...info)).toEqual(await expected.send(...info));
    expect(tested.log).toContain("The RDB file has version 9, not rdb-version 7: there are streams");
    await client.send("DEL", "plain stream");
  });

  test("functions need 10", async () => {
    const code = "#!lua name=lib\nredis.register_function('f', function() return 42 end)";
    await client.send("FUNCTION", "LOAD", code);
    await save(7);
    expect(version()).toBe("REDIS0010");
    expect(tested.log).toContain("there are functions");
    copyFileSync(file(), join(redis.dir, "dump.rdb"));
    await expected.send("DEBUG", "RELOAD", "NOSAVE");
    expect(await expected.send("FCALL", "f", "0")).toBe(42);
    await client.send("FUNCTION", "FLUSH");
    await save(7);
    expect(version()).toBe("REDIS0007");
  });
});

test("from redis-server to leveldis and back", async () => {
  await expected.send("FLUSHALL");
  await generate(expected);
  await expected.send("SAVE");
  const digest = await expected.send("DEBUG", "DIGEST");
  await using loaded = await SeededInstance.start("--rdb", join(redis.dir, "dump.rdb"));
  expect(await loaded.client.send("DEBUG", "DIGEST")).toBe(digest);
  await loaded.client.send("SAVE");
  const [, folder] = (await loaded.client.send("CONFIG", "GET", "dir")) as string[];
  copyFileSync(join(folder!, "dump.rdb"), join(redis.dir, "dump.rdb"));
  expect(await expected.send("DEBUG", "RELOAD", "NOSAVE")).toBe("OK");
  expect(await expected.send("DEBUG", "DIGEST")).toBe(digest);
  expect(await differences(expected, loaded.client, { ignoreEncodings: true })).toEqual([]);
});
