import { expect, test } from "vitest";
import { useServer } from "../support/use-server.ts";
import { QUICK, follow, nodeOf, until } from "./followers.ts";
import { info, untilInSync } from "./servers.ts";

/** A replica that was a master for a moment goes back. */

const first = useServer({ kind: "leveldis", args: QUICK });
const second = useServer({ kind: "leveldis", args: QUICK });

test("where nothing happened it goes on where it was, in the database that was selected there", async () => {
  const master = await first.connect();
  const replica = await second.connect();
  await Promise.all([master.send("SELECT", "9"), replica.send("SELECT", "9")]);
  await replica.send("REPLICAOF", "127.0.0.1", String(first.port));
  await until("the link is up", async () => (await info(replica))["master_link_status"] === "up");
  await master.send("SET", "before", "1");
  await untilInSync(master, replica);
  await replica.send("REPLICAOF", "NO", "ONE");
  await master.send("SET", "meanwhile", "2");
  await replica.send("REPLICAOF", "127.0.0.1", String(first.port));
  await until("the link is up again", async () => (await info(replica))["master_link_status"] === "up");
  await master.send("SET", "behind", "3");
  await untilInSync(master, replica);
  expect((await info(master, "stats"))["sync_partial_ok"]).toBe("1");
  expect(await replica.send("MGET", "before", "meanwhile", "behind")).toEqual(["1", "2", "3"]);
  await Promise.all([master.close(), replica.close()]);
}, 60_000);

/** Its option was never written down: REPLICAOF alone had named its master. */
test.each([
  { ends: "is stopped", writes: false },
  { ends: "is killed", writes: false },
  { ends: "is stopped", writes: true },
  { ends: "is killed", writes: true },
])(
  "a replica that $ends and starts as a master, and changes something: $writes",
  async ({ ends, writes }) => {
    await using server = nodeOf("leveldis");
    await server.start();
    const master = await first.connect();
    {
      await using replica = await server.connect();
      await follow(replica, first);
      await untilInSync(master, replica);
      await master.send("SET", "shared", ends);
      await untilInSync(master, replica);
      // What INFO tells of need not be safe yet; what GET does is.
      expect(await replica.send("GET", "shared")).toBe(ends);
    }
    if (ends === "is killed") await server.crashAndRestart();
    else await server.restart();
    await using replica = await server.connect();
    expect((await info(replica))["role"]).toBe("master");
    expect(await replica.send("GET", "shared")).toBe(ends);
    if (writes) expect(await replica.send("SET", "own", "1")).toBe("OK");
    const before = await info(master, "stats");
    await follow(replica, first);
    await until("the link is up", async () => (await info(replica))["master_link_status"] === "up");
    await untilInSync(master, replica);
    expect(await replica.send("EXISTS", "own")).toBe(0);
    const after = await info(master, "stats");
    const name = writes ? "sync_full" : "sync_partial_ok";
    expect(Number(after[name])).toBe(Number(before[name]) + 1);
    await master.close();
  },
  60_000,
);
