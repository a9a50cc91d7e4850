import { describe, expect, test } from "vitest";
import type { ServerKind, TestServer } from "../support/server.ts";
import { caughtUp, follow, infoOf, nodeOf, syncsOf, until, writer } from "./followers.ts";

/** Connections end, and servers: who comes back goes on where it was. */

async function pairOf(kind: ServerKind): Promise<{ master: TestServer; replica: TestServer }> {
  const master = nodeOf(kind);
  await master.start();
  const replica = nodeOf("leveldis", "--replicaof", `127.0.0.1 ${master.port}`);
  await replica.start();
  return { master, replica };
}

describe.each(["redis", "leveldis"] as const)("the master is %s", (kind) => {
  test("the replica is killed while it takes writes, and goes on", async () => {
    const { master, replica } = await pairOf(kind);
    try {
      await using writes = await master.connect({ timeoutMs: 30_000 });
      await using asks = await master.connect({ timeoutMs: 30_000 });
      await caughtUp(asks, await replica.connect());
      const { full } = await syncsOf(asks);
      const writing = writer(writes, "a");
      for (let round = 0; round < 2; round++) {
        const before = Number(await asks.send("GET", "acount"));
        await until("more was written", async () => Number(await asks.send("GET", "acount")) > before + 100);
        await replica.crashAndRestart();
      }
      await writing.end();
      await using copy = await replica.connect({ timeoutMs: 30_000 });
      await caughtUp(asks, copy);
      const after = await syncsOf(asks);
      expect(after.full).toBe(full);
      expect(after.partial).toBeGreaterThanOrEqual(2);
    } finally {
      await replica.close();
      await master.close();
    }
  }, 60_000);

  test("a replica is promoted, and its master follows it; each goes on from where it was", async () => {
    const { master, replica } = await pairOf(kind);
    try {
      await using first = await master.connect({ timeoutMs: 30_000 });
      await using second = await replica.connect({ timeoutMs: 30_000 });
      await first.send("SET", "one", "1");
      await caughtUp(first, second);
      const { full } = await syncsOf(second);
      expect(await second.send("REPLICAOF", "NO", "ONE")).toBe("OK");
      const info = await infoOf(second);
      expect(info.get("master_replid2")).toBe((await infoOf(first)).get("master_replid"));
      expect(Number(info.get("second_repl_offset"))).toBe(Number(info.get("master_repl_offset")) + 1);
      await second.send("SET", "two", "2");
      await follow(first, replica);
      await caughtUp(second, first);
      expect(await first.send("GET", "two")).toBe("2");
      expect((await syncsOf(second)).full).toBe(full);
      expect((await syncsOf(second)).partial).toBe(1);
    } finally {
      await replica.close();
      await master.close();
    }
  }, 60_000);

  test("a replica that was killed as such, and is none any more, keeps its data", async () => {
    const { master, replica } = await pairOf(kind);
    try {
      await using first = await master.connect();
      await first.send("SET", "one", "1");
      await caughtUp(first, await replica.connect());
      await master.close();
      await replica.crashAndRestart();
      await using second = await replica.connect();
      expect(await second.send("GET", "one")).toBe("1");
      expect(await second.send("REPLICAOF", "NO", "ONE")).toBe("OK");
      expect(await second.send("SET", "two", "2")).toBe("OK");
    } finally {
      await replica.close();
      await master.close();
    }
  }, 60_000);
});
