import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TestServer } from "../../test/support/server.ts";
import { guardFolder, guardProcess, releaseFolder, releaseProcess } from "./processes.ts";

/** What leveldis is compared with: as durable as it is by default. */
export const PEER_ARGS = ["--appendonly", "yes", "--appendfsync", "everysec", "--save", ""];

/** Both are measured as users start them. `dist`: another build than this checkout's. */
export async function startLeveldis(args: readonly string[] = [], dist?: string): Promise<TestServer> {
  return start((dir) => ({
    kind: "leveldis",
    variant: "normal",
    args,
    dir,
    ...(dist !== undefined && { dist }),
  }));
}

export async function startRedis(args: readonly string[] = []): Promise<TestServer> {
  return start((dir) => ({ kind: "redis", variant: "normal", args: [...PEER_ARGS, ...args], dir }));
}

class BenchServer extends TestServer {
  override async close(): Promise<void> {
    await super.close();
    await rm(this.dir, { recursive: true, force: true, maxRetries: 5 });
    releaseProcess(this);
    releaseFolder(this.dir);
  }
}

async function start(
  options: (dir: string) => ConstructorParameters<typeof TestServer>[0],
): Promise<TestServer> {
  const dir = await mkdtemp(join(tmpdir(), "leveldis-bench-"));
  guardFolder(dir);
  const server = new BenchServer(options(dir));
  guardProcess(server);
  try {
    await server.start();
  } catch (error) {
    await server.close();
    throw error;
  }
  return server;
}
