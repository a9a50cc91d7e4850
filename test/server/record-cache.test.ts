import { afterAll, beforeAll, expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import { useServer } from "../support/use-server.ts";

/** More records than the cache looks at in one go. */
const LIMIT = 8 << 20;
const KEYS = 60_000;
const server = useServer({ args: ["--record-cache-size", String(LIMIT)] });
let client: Client;

beforeAll(async () => {
  client = await server.connect();
  for (let from = 0; from < KEYS; from += 1000) {
    const pairs = Array.from({ length: 1000 }, (_, i) => [`key:${from + i}`, "v".repeat(100)]);
    await client.send("MSET", ...pairs.flat());
  }
  await client.close();
  // Nothing is in memory, and nothing will be written any more.
  await server.restart();
  client = await server.connect();
});
afterAll(() => client.close());

async function readAll(): Promise<void> {
  for (let at = 0; at < KEYS; at += 500) {
    const keys = Array.from({ length: 500 }, (_, i) => `key:${at + i}`);
    const values = await client.pipeline(keys.map((key) => ["GET", key]));
    expect(values.every((value) => value === "v".repeat(100))).toBe(true);
  }
}

test("a server that is only read from keeps to its limit", async () => {
  for (let times = 0; times < 3; times++) {
    await readAll();
    const info = (await client.send("INFO", "leveldb")) as string;
    expect(Number(/^record_cache_used:(\d+)/m.exec(info)![1])).toBeLessThan(1.05 * LIMIT);
  }
});
