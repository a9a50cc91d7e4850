import { describe, expect, test, vi } from "vitest";
import type { Client } from "../support/client.ts";
import { until } from "./followers.ts";
import { info, startRealReplica, startServer, untilInSync } from "./servers.ts";

// Servers are started many times, which takes long where much else goes on.
vi.setConfig({ testTimeout: 60_000 });

describe("kill -9 under load, again and again", () => {
  const ROUNDS = 3;

  async function writeUntilGone(client: Client, name: string): Promise<void> {
    try {
      for (let i = 0; ; i++) {
        await client.pipeline([
          ["INCR", `${name}:count`],
          ["LPUSH", `${name}:list`, String(i)],
          ["MULTI"],
          ["SADD", `${name}:set`, String(i)],
          ["SPOP", `${name}:set`],
          ["SET", `${name}:${i % 50}`, "x".repeat(i % 500)],
          ["EXEC"],
          ["SELECT", String(i % 3)],
        ]);
      }
    } catch {
      // It was killed.
    }
  }

  test("a real replica goes on where it was, and ends with the same data", async () => {
    const server = await startServer("leveldis", ["--repl-backlog-size", "32mb"]);
    const replicaServer = await startRealReplica(server.port);
    try {
      const replica = await replicaServer.connect();
      await until("the link is up", async () => (await info(replica))["master_link_status"] === "up");
      for (let round = 0; round < ROUNDS; round++) {
        const writers = await Promise.all([server.connect(), server.connect()]);
        const writing = writers.map((writer, i) => writeUntilGone(writer, `${round}:${i}`));
        const begin = Number((await info(replica))["slave_repl_offset"]);
        await until("something is written", async () => {
          return Number((await info(replica))["slave_repl_offset"]) > begin + 50_000;
        });
        await server.crash();
        await Promise.all(writing);
        await server.start();
        const client = await server.connect();
        await untilInSync(client, replica);
        expect((await info(client, "stats"))["sync_full"]).toBe("0");
        expect(await replica.send("DEBUG", "DIGEST")).toBe(await client.send("DEBUG", "DIGEST"));
        await client.close();
      }
      await replica.close();
    } finally {
      await Promise.all([server.close(), replicaServer.close()]);
    }
  });
});
