import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import type { ServerKind, TestServer } from "../support/server.ts";
import { caughtUp, follow, infoOf, isUp, nodeOf, until } from "./followers.ts";

/** Connections end, and servers: who comes back goes on where it was. */

const syncs = async (master: Client): Promise<{ full: number; partial: number }> => {
  const info = await infoOf(master, "stats");
  return { full: Number(info.get("sync_full")), partial: Number(info.get("sync_partial_ok")) };
};

/** Writes until `end` is called; returns how many were acknowledged. */
function writer(client: Client, prefix: string): { end(): Promise<number> } {
  let isOver = false;
  let written = 0;
  const work = (async (): Promise<void> => {
    while (!isOver) {
      const key = `${prefix}${written % 300}`;
      await client.pipeline([
        ["MULTI"],
        ["INCR", `${prefix}count`],
        ["RPUSH", key, written],
        ["EXEC"],
        ["SET", `${prefix}last`, written],
      ]);
      written++;
      // No more than a busy machine can take in.
      await sleep(2);
    }
  })();
  return {
    async end() {
      isOver = true;
      await work;
      return written;
    },
  };
}

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
      const { full } = await syncs(asks);
      const writing = writer(writes, "a");
      for (let round = 0; round < 2; round++) {
        const before = Number(await asks.send("GET", "acount"));
        await until("more was written", async () => Number(await asks.send("GET", "acount")) > before + 100);
        await replica.crashAndRestart();
      }
      await writing.end();
      await using copy = await replica.connect({ timeoutMs: 30_000 });
      await caughtUp(asks, copy);
      const after = await syncs(asks);
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
      const { full } = await syncs(second);
      expect(await second.send("REPLICAOF", "NO", "ONE")).toBe("OK");
      const info = await infoOf(second);
      expect(info.get("master_replid2")).toBe((await infoOf(first)).get("master_replid"));
      expect(Number(info.get("second_repl_offset"))).toBe(Number(info.get("master_repl_offset")) + 1);
      await second.send("SET", "two", "2");
      await follow(first, replica);
      await caughtUp(second, first);
      expect(await first.send("GET", "two")).toBe("2");
      expect((await syncs(second)).full).toBe(full);
      expect((await syncs(second)).partial).toBe(1);
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

describe("chains", () => {
  test.each([
    ["redis", "leveldis", "leveldis"],
    ["leveldis", "redis", "leveldis"],
    ["leveldis", "leveldis", "redis"],
  ] as const)(
    "%s, %s, %s",
    async (...kinds) => {
      const [top, middle, bottom] = kinds.map((kind) => nodeOf(kind)) as [TestServer, TestServer, TestServer];
      try {
        await Promise.all([top.start(), middle.start(), bottom.start()]);
        const options = { timeoutMs: 30_000 };
        await using a = await top.connect(options);
        await using b = await middle.connect(options);
        await using c = await bottom.connect(options);
        await a.send("SET", "before", "1");
        await follow(b, top);
        await follow(c, middle);
        const writing = writer(a, "x");
        await until("both have the data", async () => (await isUp(b)) && (await isUp(c)));
        await writing.end();
        await caughtUp(a, b, c);
        expect((await infoOf(c)).get("master_replid")).toBe((await infoOf(a)).get("master_replid"));
        // The one in the middle becomes a master: the last one goes on, under another name.
        const { full } = await syncs(b);
        await b.send("REPLICAOF", "NO", "ONE");
        await b.send("SET", "promoted", "1");
        await caughtUp(b, c);
        expect((await syncs(b)).full).toBe(full);
        // And the first one follows the last.
        await follow(a, bottom);
        await caughtUp(b, c, a);
      } finally {
        await Promise.all([top.close(), middle.close(), bottom.close()]);
      }
    },
    60_000,
  );
});
