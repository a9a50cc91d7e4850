import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { TestServer } from "../support/server.ts";
import { QUICK, caughtUp, follow, infoOf, nodeOf, until } from "./followers.ts";

/** What a master could not write has not happened, for its replicas neither. */

test("a master whose disk is full tells nothing of what it refuses, and goes on in its history", async () => {
  const mount = await mkdtemp(join(tmpdir(), "leveldis-master-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=48m", "tmpfs", mount]);
  const above = new TestServer({
    kind: "leveldis",
    dir: join(mount, "data"),
    args: [
      ...QUICK,
      ...["--repl-ping-replica-period", "3600", "--repl-backlog-size", "1mb"],
      ...["--backend-option", "writeBufferSize=1048576"],
    ],
  });
  const below = nodeOf("leveldis");
  const ballast = join(mount, "ballast");
  try {
    await Promise.all([above.start(), below.start()]);
    await using master = await above.connect({ timeoutMs: 30_000 });
    await using replica = await below.connect({ timeoutMs: 30_000 });
    await follow(replica, above);
    await caughtUp(master, replica);
    const value = "x".repeat(10_000);
    for (let round = 0; round < 3; round++) {
      // As much as there is.
      await writeFile(ballast, Buffer.alloc(48 << 20)).catch(() => undefined);
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
      await rm(ballast);
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
  } finally {
    await below.close();
    await above.close();
    execFileSync("umount", [mount]);
    await rm(mount, { recursive: true, force: true });
  }
}, 60_000);
