import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TestServer } from "../../test/support/server.ts";
import { guardFolder, guardProcess, releaseFolder, releaseProcess } from "./processes.ts";

/** What leveldis is compared with: as durable as it is by default. */
export const PEER_ARGS = ["--appendonly", "yes", "--appendfsync", "everysec", "--save", ""];

const LEVELDIS = { kind: "leveldis", variant: "normal" } as const;
const SEED_LIMIT_MS = 3_600_000;

/** Both are measured as users start them. `dist`: another build than this checkout's. */
export async function startLeveldis(args: readonly string[] = [], dist?: string): Promise<TestServer> {
  return start({ ...LEVELDIS, args, dir: await newFolder(), ...(dist !== undefined && { dist }) });
}

export async function startRedis(args: readonly string[] = []): Promise<TestServer> {
  return start({ kind: "redis", variant: "normal", args: [...PEER_ARGS, ...args], dir: await newFolder() });
}

/** A leveldis that was stopped and started again with what an RDB file held; `seconds`: from start to loaded. */
export async function startSeeded(
  write: (file: string) => void,
  args: readonly string[] = [],
): Promise<{ readonly server: TestServer; readonly seconds: number }> {
  const dir = await newFolder();
  const file = `${dir}.rdb`;
  guardFolder(file);
  try {
    write(file);
    const startedAt = performance.now();
    const options = { ...LEVELDIS, dir, startLimitMs: SEED_LIMIT_MS };
    const seeding = await start({ ...options, args: [...args, "--rdb", file] });
    const seconds = (performance.now() - startedAt) / 1000;
    await seeding.stop();
    releaseProcess(seeding);
    return { server: await start({ ...LEVELDIS, args, dir }), seconds };
  } finally {
    await rm(file, { force: true });
    releaseFolder(file);
  }
}

class BenchServer extends TestServer {
  override async close(): Promise<void> {
    await super.close();
    await rm(this.dir, { recursive: true, force: true, maxRetries: 5 });
    releaseProcess(this);
    releaseFolder(this.dir);
  }
}

async function newFolder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "leveldis-bench-"));
  guardFolder(dir);
  return dir;
}

async function start(options: ConstructorParameters<typeof TestServer>[0]): Promise<TestServer> {
  const server = new BenchServer(options);
  guardProcess(server);
  try {
    await server.start();
  } catch (error) {
    await server.close();
    throw error;
  }
  return server;
}
