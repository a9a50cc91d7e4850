import { copyFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import { TestServer } from "../support/server.ts";
import { useServer } from "../support/use-server.ts";
import { type Difference, differences } from "./same-data.ts";
import { SeededInstance } from "./seeded-instance.ts";

/** Files of all ages, loaded by a real redis-server and by leveldis: both hold the same then. */

const SAMPLES = resolve("test/rdb/samples");

/** What the real server refuses as well, and what is said of it. */
const REFUSED: Readonly<Record<string, RegExp>> = {
  "redis-rdb-tools/redis_40_with_module.rdb":
    /redis_40_with_module\.rdb cannot be loaded: at byte [0-9]+: data of the module type ReJSON-RL \(--rdb-skip-modules leaves/,
  "redis-rdb-tools/redis_60_with_module_aux.rdb": /data of the module type test__rdb that belongs to no key/,
  "redis/corrupt_ziplist.rdb":
    /cannot be loaded: at byte [0-9]+: ziplist, byte 0: too short\. Nothing of it was kept/,
};

/** Redis looks at the number of fields alone when it loads them in one block. */
const LONG_VALUES: Readonly<Record<string, readonly Partial<Difference>[]>> = {
  "redis-rdb-tools/zipmap_with_big_values.rdb": [
    { key: "zipmap_with_big_values", expected: "$8\r\nlistpack\r\n", found: "$9\r\nhashtable\r\n" },
  ],
};

const files = ["redis-rdb-tools", "redis"].flatMap((folder) =>
  readdirSync(join(SAMPLES, folder)).map((file) => join(folder, file)),
);

describe("as redis-server loads it", () => {
  const redis = useServer({ kind: "redis", args: ["--enable-debug-command", "yes"], variant: "normal" });
  let expected: Client;
  beforeAll(async () => void (expected = await redis.connect()));

  test.each(files.filter((file) => !(file in REFUSED)))("%s", async (file) => {
    copyFileSync(join(SAMPLES, file), join(redis.dir, "dump.rdb"));
    expect(await expected.send("DEBUG", "RELOAD", "NOSAVE")).toBe("OK");
    await using tested = await SeededInstance.start(
      "--rdb",
      join(SAMPLES, file),
      "--set-max-listpack-entries",
      "0",
    );
    const found = await differences(expected, tested.client);
    expect(found).toMatchObject(LONG_VALUES[file] ?? []);
    expect(found).toHaveLength(LONG_VALUES[file]?.length ?? 0);
  });
});

describe("refused", () => {
  test.each(Object.entries(REFUSED))("%s", async (file, reason) => {
    await expect(SeededInstance.start("--rdb", join(SAMPLES, file))).rejects.toThrow(reason);
  });

  test("with exit code 1", async () => {
    const args = ["--rdb", join(SAMPLES, "redis/corrupt_ziplist.rdb")];
    await using tested = new TestServer({ kind: "leveldis", args, variant: "normal" });
    await expect(tested.start()).rejects.toThrow("ended with 1");
  });

  test("modules, unless they are to be skipped", async () => {
    const file = join(SAMPLES, "redis-rdb-tools/redis_40_with_module.rdb");
    await using tested = await SeededInstance.start("--rdb", file, "--rdb-skip-modules", "yes");
    expect(tested.log).toContain("RDB: skipping data of the module type ReJSON-RL, key: foo");
    expect(tested.log).toContain("RDB: 40 bytes behind the end are left out");
    expect(await tested.client.send("KEYS", "*")).toEqual(["simplekey"]);
  });
});
