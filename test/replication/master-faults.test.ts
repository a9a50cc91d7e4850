import { join } from "node:path";
import { expect, test } from "vitest";
import { TestServer } from "../support/server.ts";
import { SmallDisk } from "../support/small-disk.ts";
import { QUICK, caughtUp, follow, infoOf, nodeOf, until } from "./followers.ts";

/** What a master could not write has not happened, for its replicas neither. */

test("a master whose disk is full tells nothing of what it refuses, and goes on in its history", async () => {
  await using disk = await SmallDisk.mount(48);
  await using above = new TestServer({
    kind: "leveldis",
    dir: join(disk.path, "data"),
    args: [
      ...QUICK,
      ...["--repl-ping-replica-period", "3600", "--repl-backlog-size", "1mb"],
      ...["--backend-option", "writeBufferSize=1048576"],
    ],
  });
  await using below = nodeOf("leveldis");
  await Promise.all([above.start(), below.start()]);
  await using master = await above.connect({ timeoutMs: 30_000 });
  await using replica = await below.connect({ timeoutMs: 30_000 });
  await follow(replica, above);
  await caughtUp(master, replica);
  const value = "x".repeat(10_000);
  for (let round = 0; round < 3; round++) {
    await disk.fill();
    let acknowledged = 0;
    const refusal = await until("a write is refused", async () => {
      const key = `key${acknowledged % 50}`;
      const replies = await master.pipeline([
        ["MULTI"],
        ["INCR", `count${round}`],
        ["SET", key, value + String(acknowledged)],
        ["SELECT", "1"],
        ["RPUSH", "log", String(acknowledged)],
        ["EXEC"],
        ["SELECT", "0"],
      ]);
      if (!Array.isArray(replies[5])) return String(replies[5]);
      acknowledged++;
      return false;
    });
    expect(refusal).toMatch(/No space left on device|MISCONF/);
    await disk.free();
    await until("it writes again", async () => (await master.send("SET", "after", round)) === "OK");
    expect(Number(await master.send("GET", `count${round}`))).toBe(acknowledged);
    await caughtUp(master, replica);
    expect(Number(await replica.send("GET", `count${round}`))).toBe(acknowledged);
  }
  expect((await infoOf(master, "stats")).get("sync_full")).toBe("1");
  // And what is kept of the stream is good for those who come back.
  await above.crashAndRestart();
  await using again = await above.connect({ timeoutMs: 30_000 });
  await again.send("SET", "after", "all");
  await caughtUp(again, replica);
  expect((await infoOf(again, "stats")).get("sync_full")).toBe("0");
}, 60_000);
