import { once } from "node:events";
import { createConnection, type Socket } from "node:net";
import type { TestServer } from "../../test/support/server.ts";
import { fill } from "./fixtures.ts";
import { type ProcessorTime, processorTime } from "./observe.ts";
import { run, TimeLimitError } from "./processes.ts";
import { benchTest, NEW_KEY, SHA, VALUE_BYTES } from "./tests.ts";

export interface Outcome {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface Measurement extends Outcome {
  readonly test: string;
  readonly pipeline: number;
  /** What one request takes of the server's processor time, µs. */
  readonly cost: ProcessorTime;
}

export interface Load {
  /** The arguments of redis-benchmark: one of its own tests, or a command. */
  readonly what: readonly string[];
  readonly requests: number;
  readonly clients?: number;
  readonly pipeline?: number;
  /** `__rand_int__` is below it. */
  readonly keys?: number;
}

const CLIENTS = 50;
const KEYS = 100_000;
/** More than any test reads at once. */
const LEAST_FILL = 1000;
const WARM_UP_SHARE = 0.1;
/** V8 has compiled then what it will compile. */
const LEAST_WARM_UP = 20_000;
const LIMIT_MS = 60_000;

let runs = 0;

/** A short run that is not measured: what is compiled, opened or allocated at first use is so afterwards. */
export async function warmUp(
  server: TestServer,
  test: string,
  pipeline: number,
  requests: number,
): Promise<void> {
  await measure(
    server,
    test,
    pipeline,
    Math.max(Math.min(requests, LEAST_WARM_UP), Math.ceil(requests * WARM_UP_SHARE)),
  );
}

/** One run of a test. */
export async function measure(
  server: TestServer,
  test: string,
  pipeline: number,
  requests: number,
): Promise<Measurement> {
  const { what, filledBy, fixture, keys = KEYS, heardOn, script, share = 1 } = benchTest(test);
  const sha = script === undefined ? "" : await loadScript(server, script);
  const key = `grown:${runs++}`;
  const filled = (words: readonly string[]): string[] =>
    words.map((word) => (word === SHA ? sha : word === NEW_KEY ? key : word));
  const count = Math.ceil(requests * share);
  if (fixture !== undefined) await fill(server, fixture);
  if (filledBy !== undefined) {
    await bench(server.port, { what: filled(filledBy), pipeline: 64, requests: Math.max(count, LEAST_FILL) });
  }
  const subscriber = heardOn === undefined ? undefined : await subscribe(server.port, heardOn);
  try {
    const before = processorTime(server.pid);
    const outcome = await bench(server.port, { what: filled(what), pipeline, requests: count, keys });
    const after = processorTime(server.pid);
    const cost = {
      mainThread: (after.mainThread - before.mainThread) / count,
      allThreads: (after.allThreads - before.allThreads) / count,
    };
    return { test, pipeline, ...outcome, cost };
  } finally {
    subscriber?.destroy();
  }
}

/** One run of Debian's redis-benchmark. What does not end in time gets the figures that it would have at the best. */
export async function bench(port: number, load: Load): Promise<Outcome> {
  const { what, requests, clients = CLIENTS, pipeline = 1, keys = KEYS } = load;
  const common = [
    ...["-p", port, "-c", clients, "-n", requests, "-d", VALUE_BYTES, "-r", keys, "-P", pipeline],
    "--csv",
  ];
  let output: string;
  try {
    output = await run("redis-benchmark", [...common.map(String), ...what], {
      limitMs: LIMIT_MS,
      isUsable: drawsAnew,
    });
  } catch (error) {
    if (!(error instanceof TimeLimitError)) throw error;
    return { perSecond: requests / (LIMIT_MS / 1000), p50Ms: LIMIT_MS, p99Ms: LIMIT_MS };
  }
  // The last row: before LRANGE stands what it needed.
  const row = output.trim().split("\n").at(-1)!;
  // "SET","rps","avg","min","p50","p95","p99","max"; what the command has as a comma stays in the first.
  const [perSecond, , , p50Ms, , p99Ms] = row
    .slice(row.indexOf('","') + 3)
    .split(",")
    .map((field) => Number(field.replaceAll('"', "")));
  // Within its millisecond it says "inf".
  return {
    perSecond: Number.isFinite(perSecond) ? perSecond! : requests * 1000,
    p50Ms: p50Ms!,
    p99Ms: p99Ms!,
  };
}

const seeds = new Set<number>();

/**
 * Whether a redis-benchmark that was started now draws other keys than those before it. Its random numbers begin with the time in
 * seconds xor its process id, and both grow: every so often one draws what another has drawn, and all of that is in memory then.
 */
function drawsAnew(pid: number): boolean {
  const seconds = Math.floor(Date.now() / 1000);
  // It may look at the clock a moment later.
  const possible = [seconds ^ pid, (seconds + 1) ^ pid];
  if (possible.some((seed) => seeds.has(seed))) return false;
  for (const seed of possible) seeds.add(seed);
  return true;
}

async function loadScript(server: TestServer, script: string): Promise<string> {
  await using client = await server.connect();
  return (await client.send("SCRIPT", "LOAD", script)) as string;
}

/** Reads what comes and drops it. */
async function subscribe(port: number, channel: string): Promise<Socket> {
  const socket = createConnection(port, "127.0.0.1");
  socket.write(`SUBSCRIBE ${channel}\r\n`);
  await once(socket, "data");
  socket.resume();
  return socket;
}
