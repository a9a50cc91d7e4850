import { parseArgs } from "node:util";
import type { Client } from "../test/support/client.ts";
import type { TestServer } from "../test/support/server.ts";
import { until } from "../test/replication/followers.ts";
import { measure, warmUp } from "./bench/redis-benchmark.ts";
import { startLeveldis, startRedis } from "./bench/servers.ts";

/**
 * What a replica costs its master, and how far it is behind when writes at full rate end. Everything runs on this
 * machine: where that has fewer processors than there are processes, the rate tells more of the machine than of the master,
 * and the master's processor time for each command is what it would cost on one of its own.
 */

const USAGE = `scripts/bench-replication [options]

  --requests N    SETs of each measurement, default 1000000
  --pipeline P    default 16
  --rounds N      default 3
`;

const { values: options } = parseArgs({
  options: {
    requests: { type: "string", default: "1000000" },
    pipeline: { type: "string", default: "16" },
    rounds: { type: "string", default: "3" },
    help: { type: "boolean", default: false },
  },
});
if (options.help) {
  process.stdout.write(USAGE);
  process.exit(0);
}
const requests = Number(options.requests);
const pipeline = Number(options.pipeline);
const rounds = Number(options.rounds);

interface Row {
  readonly perSecond: number;
  /** The master's processor time, µs. */
  readonly cpuPerRequest: number;
  readonly lagMs: number;
  readonly lagBytes: number;
}

const start = { leveldis: startLeveldis, redis: startRedis };
type Kind = keyof typeof start;

process.stdout.write("master    replica   SETs/s     master's µs/SET   behind at the end\n");
for (const [masterKind, replicaKind] of [
  ["leveldis", null],
  ["leveldis", "leveldis"],
  ["leveldis", "redis"],
  ["redis", null],
  ["redis", "redis"],
  ["redis", "leveldis"],
] as const) {
  const rows = await run(masterKind, replicaKind);
  const { perSecond, cpuPerRequest, lagMs, lagBytes } = medianOf(rows);
  const lag = replicaKind === null ? "" : `${lagMs.toFixed(0)} ms (${(lagBytes / 1e6).toFixed(1)} MB)`;
  process.stdout.write(
    `${masterKind.padEnd(9)} ${(replicaKind ?? "none").padEnd(9)} ${perSecond.toFixed(0).padEnd(10)} ` +
      `${cpuPerRequest.toFixed(2).padEnd(17)} ${lag}\n`,
  );
}

async function run(masterKind: Kind, replicaKind: Kind | null): Promise<Row[]> {
  await using master = await start[masterKind]();
  await warmUp(master, "set", pipeline, requests);
  // With or without a replica it has to look for keys on the disk: not so one that has never written its data there.
  await master.restart();
  await using client = await master.connect();
  await client.send("CONFIG", "SET", "repl-diskless-sync-delay", "0");
  await using replica = replicaKind === null ? null : await start[replicaKind]();
  if (replica !== null) await attach(replica, master);
  await warmUp(master, "set", pipeline, requests);
  const rows: Row[] = [];
  for (let round = 0; round < rounds; round++) rows.push(await measureOnce(master, client, replica !== null));
  return rows;
}

async function attach(replica: TestServer, master: TestServer): Promise<void> {
  await using client = await replica.connect();
  await client.send("REPLICAOF", "127.0.0.1", master.port);
  await until("the replica follows", async () =>
    String(await client.send("INFO", "replication")).includes("master_link_status:up"),
  );
}

async function measureOnce(master: TestServer, client: Client, isFollowed: boolean): Promise<Row> {
  const cpuBefore = await cpuSeconds(client);
  const { perSecond } = await measure(master, "set", pipeline, requests);
  const endedAt = performance.now();
  const cpuPerRequest = (((await cpuSeconds(client)) - cpuBefore) / requests) * 1e6;
  if (!isFollowed) return { perSecond, cpuPerRequest, lagMs: 0, lagBytes: 0 };
  const text = String(await client.send("INFO", "replication"));
  const lagBytes =
    Number(/^master_repl_offset:(\d+)/m.exec(text)![1]) - Number(/offset=(\d+)/.exec(text)![1]);
  // WAIT is for what its own connection has written.
  await client.send("SET", "last", "1");
  await client.send("WAIT", "1", "0");
  return { perSecond, cpuPerRequest, lagMs: performance.now() - endedAt, lagBytes };
}

/** All threads, system time included. */
async function cpuSeconds(client: Client): Promise<number> {
  const text = String(await client.send("INFO", "cpu"));
  const field = (name: string): number => Number(new RegExp(`^${name}:([0-9.]+)`, "m").exec(text)![1]);
  return field("used_cpu_user") + field("used_cpu_sys");
}

function medianOf(rows: readonly Row[]): Row {
  const middle = (of: (row: Row) => number): number =>
    rows.map(of).sort((a, b) => a - b)[Math.floor(rows.length / 2)]!;
  return {
    perSecond: middle((row) => row.perSecond),
    cpuPerRequest: middle((row) => row.cpuPerRequest),
    lagMs: middle((row) => row.lagMs),
    lagBytes: middle((row) => row.lagBytes),
  };
}
