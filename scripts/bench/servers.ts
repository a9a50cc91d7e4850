import { TestServer } from "../../test/support/server.ts";

/** What leveldis is compared with: as durable as it is by default. */
export const PEER_ARGS = ["--appendonly", "yes", "--appendfsync", "everysec", "--save", ""];

/** Both are measured as users start them. */
export async function startLeveldis(args: readonly string[] = []): Promise<TestServer> {
  return start(new TestServer({ kind: "leveldis", variant: "normal", args }));
}

export async function startRedis(): Promise<TestServer> {
  return start(new TestServer({ kind: "redis", args: PEER_ARGS }));
}

async function start(server: TestServer): Promise<TestServer> {
  await server.start();
  return server;
}
