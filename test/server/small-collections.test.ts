import { afterAll, beforeAll, expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import { useServer } from "../support/use-server.ts";

const COUNT = 2000;
const server = useServer({ kind: "leveldis" });
let client: Client;

beforeAll(async () => {
  client = await server.connect();
});
afterAll(() => client.close());

async function recordBytes(): Promise<number> {
  const info = (await client.send("INFO", "leveldb")) as string;
  return Number(/^record_cache_used:(\d+)/m.exec(info)![1]);
}

/**
 * What V8 takes for each was measured in heap snapshots of 100,000. What is counted is near enough to it that a part that is
 * forgotten (of the structure, of the elements) is seen.
 */
test.each([
  { name: "string", command: (key: string) => ["SET", key, "x".repeat(50)], measured: 320 },
  { name: "packed hash", command: (key: string) => ["HSET", key, "field", "x".repeat(50)], measured: 745 },
  { name: "hash", command: (key: string) => ["HSET", key, "field", "x".repeat(100)], measured: 1000 },
  { name: "packed set", command: (key: string) => ["SADD", key, "x".repeat(50)], measured: 590 },
  { name: "set", command: (key: string) => ["SADD", key, "x".repeat(100)], measured: 840 },
  { name: "packed sorted set", command: (key: string) => ["ZADD", key, "1", "x".repeat(50)], measured: 700 },
  { name: "sorted set", command: (key: string) => ["ZADD", key, "1", "x".repeat(100)], measured: 940 },
  {
    name: "packed list",
    command: (key: string) => ["RPUSH", key, ...Array.from({ length: 3 }, () => "x".repeat(50))],
    measured: 830,
  },
  {
    name: "list",
    command: (key: string) => ["RPUSH", key, ...Array.from({ length: 3 }, () => "x".repeat(100))],
    measured: 990,
  },
])("what a $name takes is counted", async ({ name, command, measured }) => {
  const before = await recordBytes();
  await client.pipeline(Array.from({ length: COUNT }, (_, i) => command(`${name}:${i}`)));
  const counted = ((await recordBytes()) - before) / COUNT;
  expect(counted).toBeGreaterThan(0.93 * measured);
  expect(counted).toBeLessThan(1.07 * measured);
});
