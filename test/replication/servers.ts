import type { Client } from "../support/client.ts";
import { type ServerOptions, TestServer } from "../support/server.ts";

/** What tests of replication ask of servers. Nothing here takes longer than WAIT_MS without failing. */

const WAIT_MS = 20_000;
const POLL_MS = 20;

/** Masters and replicas alike: no time is lost with waiting for others. */
export const QUICK = ["--repl-diskless-sync-delay", "0", "--enable-debug-command", "yes"];

export async function startServer(
  kind: "leveldis" | "redis",
  args: readonly string[] = [],
  options: Omit<ServerOptions, "args" | "kind"> = {},
): Promise<TestServer> {
  const server = new TestServer({ ...options, kind, args: [...QUICK, ...args] });
  await server.start();
  return server;
}

/** A real redis-server that follows the one on this port. */
export function startRealReplica(port: number, args: readonly string[] = []): Promise<TestServer> {
  return startServer("redis", ["--replicaof", "127.0.0.1", String(port), ...args]);
}

/** Asks again until it is so. */
export async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + WAIT_MS;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`not within ${WAIT_MS} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** A section of INFO by its fields. */
export async function info(client: Client, section = "replication"): Promise<Record<string, string>> {
  const text = String(await client.send("INFO", section));
  const lines = text.split("\r\n").filter((line) => line.includes(":"));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]),
  );
}

/** The replica has all that the master has told so far. */
export async function untilInSync(master: Client, replica: Client): Promise<void> {
  await until("the replica has what its master has", async () => {
    const { master_repl_offset: offset } = await info(master);
    const { master_link_status: link, slave_repl_offset: reached } = await info(replica);
    return link === "up" && Number(reached) >= Number(offset);
  });
}
