import { afterAll, beforeAll, expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import { useServer } from "../support/use-server.ts";
import { QUICK, caughtUp, follow, infoOf, nodeOf, until } from "./followers.ts";
import { RawReplica } from "./raw-replica.ts";

/** What INFO and MEMORY STATS count of replication. */

const BACKLOG_BYTES = 64 << 10;
const above = useServer({ args: [...QUICK, "--repl-backlog-size", String(BACKLOG_BYTES)] });
const below = nodeOf("leveldis");
let master: Client;
let replica: Client;
beforeAll(async () => {
  await below.start();
  master = await above.connect();
  replica = await below.connect();
}, 60_000);
afterAll(() => below.close(), 60_000);

async function memoryOf(client: Client): Promise<{ backlog: number; replicas: number; total: number }> {
  const info = await infoOf(client, "memory");
  const [backlog, replicas, total] = [
    "mem_replication_backlog",
    "mem_clients_slaves",
    "mem_total_replication_buffers",
  ].map((name) => Number(info.get(name)));
  return { backlog: backlog!, replicas: replicas!, total: total! };
}

async function statsOf(client: Client): Promise<Map<string, number>> {
  const reply = (await client.send("MEMORY", "STATS")) as unknown[];
  return new Map(reply.map((name, i) => [String(name), Number(reply[i + 1])]));
}

test("what waits for a replica beyond the backlog is counted as the replica's", async () => {
  expect(await memoryOf(master)).toEqual({ backlog: 0, replicas: 0, total: 0 });
  const slow = await RawReplica.open(above.port);
  slow.pause();
  const value = "x".repeat(100_000);
  const waiting = await until("the sockets are full", async () => {
    await master.pipeline(Array.from({ length: 50 }, (_, i) => ["SET", `k${i}`, value]));
    const memory = await memoryOf(master);
    return memory.replicas > 0 && memory;
  });
  expect(waiting.backlog).toBe(BACKLOG_BYTES);
  expect(waiting.total).toBe(waiting.backlog + waiting.replicas);
  const stats = await statsOf(master);
  expect(stats.get("replication.backlog")).toBe(BACKLOG_BYTES);
  expect(stats.get("clients.slaves")).toBeGreaterThan(0);
  await slow.close();
  const left = await until("nothing waits any more", async () => {
    const memory = await memoryOf(master);
    return memory.replicas === 0 && memory;
  });
  expect(left.total).toBe(left.backlog);
  // A sixteenth more is kept at the most.
  expect(left.backlog).toBeGreaterThanOrEqual(BACKLOG_BYTES);
  expect(left.backlog).toBeLessThanOrEqual(BACKLOG_BYTES + BACKLOG_BYTES / 16);
  await master.send("FLUSHALL");
});

test("bytes and rates between master and replica, on both sides", async () => {
  await follow(replica, above);
  await caughtUp(master, replica);
  const value = "x".repeat(10_000);
  const rate = async (client: Client, name: string): Promise<number> =>
    Number((await infoOf(client, "stats")).get(`instantaneous_${name}_kbps`));
  await until("the rates tell of it", async () => {
    await master.pipeline(Array.from({ length: 20 }, (_, i) => ["SET", `k${i}`, value]));
    return (
      (await rate(master, "output_repl")) > 10 &&
      (await rate(master, "output")) > 10 &&
      (await rate(replica, "input_repl")) > 10 &&
      (await rate(replica, "input")) > 10
    );
  });
  expect(await rate(replica, "output_repl")).toBe(0);
  expect(await rate(master, "input_repl")).toBe(0);
  await caughtUp(master, replica);
  const total = async (client: Client, name: string): Promise<number> =>
    Number((await infoOf(client, "stats")).get(`total_net_${name}_bytes`));
  expect(await total(replica, "repl_input")).toBeGreaterThan(200_000);
  expect(await total(replica, "input")).toBeGreaterThan(await total(replica, "repl_input"));
  expect(await total(master, "output")).toBeGreaterThan(await total(master, "repl_output"));
  expect((await infoOf(master, "stats")).get("sync_full")).not.toBe("0");

  for (const client of [master, replica]) await client.send("CONFIG", "RESETSTAT");
  expect((await infoOf(master, "stats")).get("sync_full")).toBe("0");
  expect(await total(replica, "repl_input")).toBeLessThan(200_000);
  expect(await total(master, "repl_output")).toBeLessThan(200_000);
});
