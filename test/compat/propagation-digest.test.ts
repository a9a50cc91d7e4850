import { beforeAll, describe, test } from "vitest";
import type { ServerKind, TestServer } from "../support/server.ts";
import { useServer } from "../support/use-server.ts";
import { compareReplicated } from "./replicated.ts";

/** Replicas come to the same data: Redis' of leveldis, leveldis' own, and leveldis of Redis. */
const seed = Number(process.env["COMPAT_SEED"] ?? Math.floor(Math.random() * 0x7fffffff));
/** In commands; without it nothing is run: how far random commands get depends on who is served first. */
const asked = process.env["COMPAT_REPLICATED"];
const length = Number(asked);
const every = 60;

console.log(`replicated data: COMPAT_SEED=${seed} COMPAT_REPLICATED=${length}`);

const args = ["--enable-debug-command", "yes", "--hz", "100", "--repl-diskless-sync-delay", "0"];

const SERVERS: readonly (readonly [ServerKind, readonly ServerKind[]])[] = [
  ["leveldis", ["redis", "leveldis"]],
  ["redis", ["leveldis"]],
];

describe.runIf(asked !== undefined).each(SERVERS)("%s, and as its replica %s", (masterKind, replicaKinds) => {
  const master = useServer({ kind: masterKind, args });
  const replicas = replicaKinds.map((kind) => useServer({ kind, args }));
  beforeAll(async () => {
    for (const replica of replicas) await follow(replica, master);
  }, 60_000);

  test("random commands leave equal data", { timeout: 3_600_000 }, async () => {
    await compareReplicated(master, replicas, { seed, commands: length, every });
  });
});

async function follow(replica: TestServer, master: TestServer): Promise<void> {
  const client = await replica.connect();
  await client.send("REPLICAOF", "127.0.0.1", String(master.port));
  const deadline = Date.now() + 30_000;
  while (!((await client.send("INFO", "replication")) as string).includes("master_link_status:up")) {
    if (Date.now() > deadline) throw new Error(`no link to the master:\n${replica.log}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await client.close();
}
