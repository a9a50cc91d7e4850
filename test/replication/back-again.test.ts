import { expect, test } from "vitest";
import { useServer } from "../support/use-server.ts";
import { QUICK, until } from "./followers.ts";
import { info, untilInSync } from "./servers.ts";

/** A replica that was a master for a moment, in which nothing happened, goes back. */

const first = useServer({ kind: "leveldis", args: QUICK });
const second = useServer({ kind: "leveldis", args: QUICK });

test("it goes on where it was, in the database that was selected there", async () => {
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
