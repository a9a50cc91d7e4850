import { parseArgs } from "node:util";
import type { Client } from "../test/support/client.ts";
import type { TestServer } from "../test/support/server.ts";
import { until } from "../test/replication/followers.ts";
import { RawReplica } from "../test/replication/raw-replica.ts";
import { measure, warmUp } from "./bench/redis-benchmark.ts";
import { startLeveldis, startRedis } from "./bench/servers.ts";
import { median, parseCount } from "./bench/stats.ts";

/**
 * What a replica costs its master, and how far it is behind when writes at full rate end. Everything runs on this
 * machine: where that has fewer processors than there are busy threads, the rate tells what the replica takes for itself as
 * well. What it costs the master is the master's own processor time: its commands run on one thread, so `1 / µs` of that
 * is the rate that it has where nobody takes its processor away.
 */

const USAGE = `scripts/bench-replication [options]

  --requests N    SETs of each measurement, default 1000000
  --pipeline P    default 16
  --rounds N      default 5
`;

const { values: options } = parseArgs({
  options: {
    requests: { type: "string", default: "1000000" },
    pipeline: { type: "string", default: "16" },
    rounds: { type: "string", default: "5" },
    help: { type: "boolean", default: false },
  },
});
if (options.help) {
  process.stdout.write(USAGE);
  process.exit(0);
}
const requests = parseCount(options.requests);
const pipeline = parseCount(options.pipeline);
const rounds = parseCount(options.rounds);

const start = { leveldis: startLeveldis, redis: startRedis };
type Kind = keyof typeof start;

/** `reader`: reads the stream and drops it, so that nothing is measured but the master. */
const FOLLOWERS = ["none", "reader", "redis", "leveldis"] as const;
type Follower = (typeof FOLLOWERS)[number];

interface Row {
  readonly perSecond: number;
  /** Processor time of the master for each SET, µs. */
  readonly mainThread: number;
  readonly allThreads: number;
  readonly lagMs: number;
  readonly lagBytes: number;
}

/** A master and who follows it. */
interface Setup {
  readonly follower: Follower;
  readonly master: TestServer;
  readonly client: Client;
  readonly rows: Row[];
}

process.stdout.write(
  "                    master's µs/SET (and what it loses)   all                   behind\n" +
    "master    replica   main thread         all threads       SETs/s                at the end\n",
);
for (const kind of ["leveldis", "redis"] as const) await compare(kind);

async function compare(kind: Kind): Promise<void> {
  const open: AsyncDisposable[] = [];
  try {
    const setups: Setup[] = [];
    for (const follower of FOLLOWERS) setups.push(await setUp(kind, follower, open));
    // In turns: the machine is not the same from minute to minute.
    for (let round = 0; round < rounds; round++) {
      for (const setup of setups) setup.rows.push(await measureOnce(setup));
    }
    for (const setup of setups) process.stdout.write(lineOf(kind, setup, setups[0]!));
  } finally {
    for (const one of open.reverse()) await one[Symbol.asyncDispose]();
  }
}

async function setUp(kind: Kind, follower: Follower, open: AsyncDisposable[]): Promise<Setup> {
  const opened = <Thing extends AsyncDisposable>(thing: Thing): Thing => {
    open.push(thing);
    return thing;
  };
  const master = opened(await start[kind]());
  await warmUp(master, "set", pipeline, requests);
  // With or without a replica it has to look for keys on the disk: not so one that has never written its data there.
  await master.restart();
  const client = opened(await master.connect());
  await client.send("CONFIG", "SET", "repl-diskless-sync-delay", "0");
  if (follower === "reader") opened(await RawReplica.open(master.port)).drop();
  else if (follower !== "none") await attach(opened(await start[follower]()), master);
  await warmUp(master, "set", pipeline, requests);
  return { follower, master, client, rows: [] };
}

async function attach(replica: TestServer, master: TestServer): Promise<void> {
  await using client = await replica.connect();
  await client.send("REPLICAOF", "127.0.0.1", master.port);
  await until("the replica follows", async () =>
    String(await client.send("INFO", "replication")).includes("master_link_status:up"),
  );
}

async function measureOnce({ follower, master, client }: Setup): Promise<Row> {
  const { perSecond, cost } = await measure(master, "set", pipeline, requests);
  const endedAt = performance.now();
  if (follower === "none") return { ...cost, perSecond, lagMs: 0, lagBytes: 0 };
  const text = String(await client.send("INFO", "replication"));
  const lagBytes =
    Number(/^master_repl_offset:(\d+)/m.exec(text)![1]) - Number(/offset=(\d+)/.exec(text)![1]);
  // WAIT is for what its own connection has written.
  await client.send("SET", "last", "1");
  await client.send("WAIT", "1", "0");
  return { ...cost, perSecond, lagMs: performance.now() - endedAt, lagBytes };
}

function lineOf(kind: Kind, { follower, rows }: Setup, alone: Setup): string {
  const middle = (setup: Setup, field: keyof Row): number => median(setup.rows.map((row) => row[field]));
  const withLoss = (value: string, share: number): string =>
    follower === "none" ? value : `${value} (${(share * 100).toFixed(0)} %)`;
  const cost = (field: "mainThread" | "allThreads"): string => {
    const value = middle({ ...alone, rows }, field);
    return withLoss(value.toFixed(2), 1 - middle(alone, field) / value);
  };
  const perSecond = median(rows.map((row) => row.perSecond));
  const rate = withLoss(perSecond.toFixed(0), 1 - perSecond / middle(alone, "perSecond"));
  const isServer = follower === "leveldis" || follower === "redis";
  const lagMs = median(rows.map((row) => row.lagMs)).toFixed(0);
  const lagBytes = (median(rows.map((row) => row.lagBytes)) / 1e6).toFixed(1);
  const lag = isServer ? `${lagMs} ms (${lagBytes} MB)` : "";
  return `${kind.padEnd(9)} ${follower.padEnd(9)} ${cost("mainThread").padEnd(19)} ${cost("allThreads").padEnd(17)} ${rate.padEnd(21)} ${lag}\n`;
}
