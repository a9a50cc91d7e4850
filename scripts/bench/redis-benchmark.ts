import { execFile } from "node:child_process";
import { once } from "node:events";
import { createConnection, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { Client } from "../../test/support/client.ts";
import type { TestServer } from "../../test/support/server.ts";
import { benchTest, SHA, VALUE_BYTES } from "./tests.ts";

export interface Measurement {
  readonly server: "leveldis" | "redis";
  readonly test: string;
  readonly pipeline: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const CLIENTS = 50;
const KEYS = 100_000;
/** More than any test reads at once. */
const LEAST_FILL = 1000;
const WARM_UP_SHARE = 0.1;

/** A short run that is not measured: what is compiled, opened or allocated at first use is so afterwards. */
export async function warmUp(
  server: TestServer,
  test: string,
  pipeline: number,
  requests: number,
): Promise<void> {
  await measure(server, test, pipeline, Math.ceil(requests * WARM_UP_SHARE));
}

/** One run of Debian's redis-benchmark. */
export async function measure(
  server: TestServer,
  test: string,
  pipeline: number,
  requests: number,
): Promise<Measurement> {
  const { what: words, filledBy, grows, heardOn, script, share = 1 } = benchTest(test);
  const sha = script === undefined ? "" : await load(server, script);
  const what = words.map((word) => (word === SHA ? sha : word));
  const count = Math.ceil(requests * share);
  if (grows !== undefined) await clear(server, grows);
  if (filledBy !== undefined) await run(server.port, 64, Math.max(count, LEAST_FILL), filledBy);
  const subscriber = heardOn === undefined ? undefined : await subscribe(server.port, heardOn);
  try {
    // The last row: before LRANGE stands what it needed.
    const row = (await run(server.port, pipeline, count, what)).trim().split("\n").at(-1)!;
    // "SET","rps","avg","min","p50","p95","p99","max"
    const fields = row.split(",").map((field) => Number(field.replaceAll('"', "")));
    return {
      server: server.kind,
      test,
      pipeline,
      perSecond: fields[1]!,
      p50Ms: fields[4]!,
      p99Ms: fields[6]!,
    };
  } finally {
    subscriber?.destroy();
  }
}

async function load(server: TestServer, script: string): Promise<string> {
  await using client = await server.connect();
  return (await client.send("SCRIPT", "LOAD", script)) as string;
}

/** Deletes a key; the collector is hurried, so that it takes nothing away from what is measured next. */
async function clear(server: TestServer, key: string): Promise<void> {
  await using client = await server.connect();
  if ((await client.send("DEL", key)) === 0 || server.kind === "redis") return;
  const collected = await info(client, "collector_collected");
  const [, interval] = (await client.send("CONFIG", "GET", "gc-interval")) as string[];
  await client.send("CONFIG", "SET", "gc-interval", 1);
  // Too many to be packed: a collection that is surely collected, and after the key.
  await client.send("SADD", "last", ...Array.from({ length: 1000 }, (_, i) => `member:${i}`));
  await client.send("DEL", "last");
  while ((await info(client, "collector_collected")) === collected) await sleep(20);
  while ((await info(client, "collector_waiting")) > 0) await sleep(20);
  await client.send("CONFIG", "SET", "gc-interval", interval!);
}

async function info(client: Client, field: string): Promise<number> {
  const text = (await client.send("INFO", "leveldb")) as string;
  return Number(new RegExp(`^${field}:(\\d+)\r$`, "m").exec(text)![1]);
}

/** Reads what comes and drops it. */
async function subscribe(port: number, channel: string): Promise<Socket> {
  const socket = createConnection(port, "127.0.0.1");
  socket.write(`SUBSCRIBE ${channel}\r\n`);
  await once(socket, "data");
  socket.resume();
  return socket;
}

async function run(
  port: number,
  pipeline: number,
  requests: number,
  what: readonly string[],
): Promise<string> {
  const common = [
    ...["-p", port, "-c", CLIENTS, "-n", requests, "-d", VALUE_BYTES, "-r", KEYS, "-P", pipeline],
    "--csv",
  ];
  const { stdout } = await promisify(execFile)("redis-benchmark", [...common.map(String), ...what]);
  return stdout;
}
