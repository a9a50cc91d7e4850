import type { Client } from "../support/client.ts";
import { type ServerOptions, TestServer } from "../support/server.ts";
import { QUICK, infoOf, until } from "./followers.ts";

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

/** A section of INFO by its fields. */
export const info = async (client: Client, section?: string): Promise<Record<string, string>> =>
  Object.fromEntries(await infoOf(client, section));

/** The replica has all that the master has told so far. */
export async function untilInSync(master: Client, replica: Client): Promise<void> {
  await until("the replica has what its master has", async () => {
    const { master_repl_offset: offset } = await info(master);
    const { master_link_status: link, slave_repl_offset: reached } = await info(replica);
    return link === "up" && Number(reached) >= Number(offset);
  });
}
