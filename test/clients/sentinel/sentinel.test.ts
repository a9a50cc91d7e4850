import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFailed, test } from "vitest";
import { TestServer } from "../../support/server.ts";
import { ConfirmedWriter } from "./confirmed-writer.ts";
import { NAME, PASSWORD, Sentinels } from "./sentinels.ts";

/** Debian's redis-sentinel watches a master with two replicas, and ioredis goes through it. */

const PATIENT = { timeout: 120_000, interval: 100 };
const WRITES = 50;

let folder: string;
const servers: TestServer[] = [];
const sentinels = new Sentinels();

const fileOf = (index: number): string => join(folder, `${index}.conf`);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "leveldis-failover-"));
  for (const index of [0, 1, 2]) {
    // Sentinel writes to it who is whose replica (CONFIG REWRITE).
    const options = [`requirepass ${PASSWORD}`, `masterauth ${PASSWORD}`, "repl-diskless-sync-delay 0"];
    await writeFile(fileOf(index), `${options.join("\n")}\n`);
    const server = new TestServer({ configFile: fileOf(index) });
    servers.push(server);
    await server.start();
  }
}, 120_000);

afterAll(async () => {
  await sentinels.close();
  for (const server of servers) await server.close();
  await rm(folder, { recursive: true });
}, 60_000);

async function prepare(): Promise<void> {
  const [master, ...replicas] = servers;
  for (const replica of replicas)
    expect(await ask(replica, "REPLICAOF", "127.0.0.1", master!.port)).toBe("OK");
  await expect.poll(() => ask(master!, "WAIT", 2, 100), PATIENT).toBe(2);
  await sentinels.start(3, master!.port, 2);
}

async function ask(server: TestServer, ...command: (string | number)[]): Promise<unknown> {
  await using client = await server.connect({ timeoutMs: 60_000 });
  expect(await client.send("AUTH", PASSWORD)).toBe("OK");
  return await client.send(...command);
}

/** "master", or "slave of PORT: connected". */
async function roleOf(server: TestServer): Promise<string> {
  const [role, , port, link] = (await ask(server, "ROLE")) as (string | number)[];
  return role === "slave" ? `slave of ${port}: ${link}` : String(role);
}

/** Shown with a test that fails. */
function writeLogs(): void {
  const logs = servers.map(({ log }, index) => `--- server ${index}\n${log}`).join("\n");
  process.stderr.write(`${logs}\n--- sentinels\n${sentinels.log}\n`);
}

/** Whom each is to follow after a restart: what Sentinel had written into the configuration files. */
async function writtenMasters(): Promise<(string | undefined)[]> {
  const texts = await Promise.all(servers.map((_, index) => readFile(fileOf(index), "utf8")));
  return texts.map((text) => /^(?:replicaof|slaveof) 127\.0\.0\.1 (.*)$/m.exec(text)?.[1]);
}

test("the master is killed: a replica takes over, clients go on, nothing that WAIT confirmed is lost", async () => {
  onTestFailed(writeLogs);
  await prepare();
  const [killed, ...replicas] = servers;
  const writer = new ConfirmedWriter(sentinels.ports);
  try {
    await expect.poll(() => writer.confirmed.length, PATIENT).toBeGreaterThan(WRITES);
    expect(await sentinels.masterPort()).toBe(killed!.port);
    await killed!.crash();

    await expect.poll(() => sentinels.masterPort(), PATIENT).not.toBe(killed!.port);
    const port = await sentinels.masterPort();
    const promoted = replicas.find((server) => server.port === port)!;
    const other = replicas.find((server) => server !== promoted)!;
    await expect.poll(() => roleOf(promoted), PATIENT).toBe("master");
    await expect.poll(() => roleOf(other), PATIENT).toBe(`slave of ${port}: connected`);
    const before = writer.confirmed.length;
    await expect.poll(() => writer.confirmed.length, PATIENT).toBeGreaterThan(before + WRITES);

    // It still takes itself for the master, until Sentinel tells it.
    await killed!.start();
    await expect.poll(() => roleOf(killed!), PATIENT).toBe(`slave of ${port}: connected`);
    await writer.stop();
    expect(await sentinels.masterPort()).toBe(port);

    for (const server of [promoted, other, killed!]) {
      const present = (): Promise<unknown> => ask(server, "EXISTS", ...writer.confirmed);
      await expect.poll(present, PATIENT).toBe(writer.confirmed.length);
    }
    expect(await writtenMasters()).toEqual(
      servers.map((server) => (server === promoted ? undefined : String(port))),
    );
  } finally {
    await writer.stop();
  }
}, 600_000);

test("the master is exchanged on purpose", async () => {
  onTestFailed(writeLogs);
  const port = await sentinels.masterPort();
  const old = servers.find((server) => server.port === port)!;
  await using client = await old.connect({ timeoutMs: 60_000 });
  await client.send("AUTH", PASSWORD);
  await client.send("SET", "before", "exchange");
  expect(await client.send("WAIT", 2, 60_000)).toBe(2);
  // One that still takes the promoted server for a master that has come back would make it a replica again.
  await expect.poll(() => sentinels.seeReplicas(2), PATIENT).toBe(true);

  expect(await sentinels.ask(sentinels.ports[0]!, "SENTINEL", "FAILOVER", NAME)).toBe("OK");
  await expect.poll(() => sentinels.masterPort(), PATIENT).not.toBe(port);
  const promoted = await sentinels.masterPort();
  for (const server of servers) {
    const role = server.port === promoted ? "master" : `slave of ${promoted}: connected`;
    await expect.poll(() => roleOf(server), PATIENT).toBe(role);
    expect(await ask(server, "GET", "before")).toBe("exchange");
  }
  expect(await writtenMasters()).toEqual(
    servers.map((server) => (server.port === promoted ? undefined : String(promoted))),
  );
}, 300_000);
