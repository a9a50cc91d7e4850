import { join } from "node:path";
import { expect, test } from "vitest";
import { TestServer } from "../support/server.ts";
import { fillWithLarge } from "./every-encoding.ts";
import { differences } from "./same-data.ts";
import { SeededInstance } from "./seeded-instance.ts";

test("collections that are never in memory as a whole", async () => {
  await using redis = new TestServer({
    kind: "redis",
    args: ["--enable-debug-command", "yes"],
    variant: "normal",
  });
  await redis.start();
  const expected = await redis.connect();
  await fillWithLarge(expected);
  expect(await expected.send("SAVE")).toBe("OK");
  const file = join(redis.dir, "dump.rdb");
  await using tested = await SeededInstance.start("--rdb", file, "--record-cache-size", "1mb");
  expect(await differences(expected, tested.client)).toEqual([]);
}, 30_000);
