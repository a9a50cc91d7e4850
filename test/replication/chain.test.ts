import { describe, expect, test } from "vitest";
import type { TestServer } from "../support/server.ts";
import { caughtUp, follow, infoOf, isUp, nodeOf, syncsOf, until, writer } from "./followers.ts";

/** Replicas of replicas: all of them are in one history. */

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
        const { full } = await syncsOf(b);
        await b.send("REPLICAOF", "NO", "ONE");
        await b.send("SET", "promoted", "1");
        await caughtUp(b, c);
        expect((await syncsOf(b)).full).toBe(full);
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
