import type { TestServer } from "../../test/support/server.ts";
import { type Bar, BY_RANK_TIME, COLLECTION_TIME, judge, type Verdict } from "./bars.ts";
import type { Findings, Plot } from "./findings.ts";
import { type CollectionType, loadCollection } from "./fixtures.ts";
import { memoryOf, settle } from "./observe.ts";
import type { Options, Part } from "./part.ts";
import { progress } from "./progress.ts";
import { bench, type Load, type Outcome } from "./redis-benchmark.ts";
import { startLeveldis, startSeeded } from "./servers.ts";
import { digits } from "./loader.ts";
import { writeCollection } from "./rdb-file.ts";
import { megabytes, shortCount, thousands } from "./stats.ts";

/**
 * What a command on a collection costs when that has many members: its time in units of that at the smallest size. Both as one
 * client sees it, and what the server needs for each when fifty keep it busy.
 */

const KEY = "big";
const MEMBER = "element:__rand_int__";
const NUMBER = "__rand_int__";
const ROUNDS = 3;
const RUN_SECONDS = 0.4;
/** Tells roughly how long a command takes, and brings into memory what it needs. */
const PILOT_REQUESTS = 50;
const SLOW_PER_SECOND = 50;
const MOST_REQUESTS = 200_000;
/** A size that one command takes away from is to stay nearly the same. */
const TAKEN_AWAY = 0.2;
const REFILLED = 100_000;

interface Command {
  readonly name: string;
  readonly words: (size: number) => readonly string[];
  /** Members that one call takes away. */
  readonly takes?: number;
  /** What needs counts over the order of scores. */
  readonly isByRank?: boolean;
}

const fixed = (...words: readonly string[]): Command => ({ name: words[0]!, words: () => words });
const taking = (takes: number, command: Command): Command => ({ ...command, takes });
const byRank = (name: string, words: Command["words"]): Command => ({ name, words, isByRank: true });
const middle = (size: number): [string, string] => [String(size / 2), String(size / 2 + 9)];

/** In this order: those that take away come last. */
const COMMANDS: Readonly<Record<CollectionType, readonly Command[]>> = {
  hash: [
    fixed("HGET", KEY, MEMBER),
    fixed("HEXISTS", KEY, MEMBER),
    fixed("HSTRLEN", KEY, MEMBER),
    fixed("HLEN", KEY),
    fixed("HMGET", KEY, MEMBER, MEMBER),
    fixed("HSET", KEY, MEMBER, "x".repeat(100)),
    fixed("HRANDFIELD", KEY),
    taking(1, fixed("HDEL", KEY, MEMBER)),
  ],
  set: [
    fixed("SISMEMBER", KEY, MEMBER),
    fixed("SCARD", KEY),
    fixed("SRANDMEMBER", KEY),
    fixed("SADD", KEY, MEMBER),
    taking(1, fixed("SREM", KEY, MEMBER)),
    taking(1, fixed("SPOP", KEY)),
  ],
  zset: [
    fixed("ZSCORE", KEY, MEMBER),
    fixed("ZCARD", KEY),
    fixed("ZADD", KEY, NUMBER, MEMBER),
    fixed("ZINCRBY", KEY, "1", MEMBER),
    byRank("ZRANK", () => ["ZRANK", KEY, MEMBER]),
    byRank("ZREVRANK", () => ["ZREVRANK", KEY, MEMBER]),
    byRank("ZCOUNT", () => ["ZCOUNT", KEY, "-inf", NUMBER]),
    byRank("ZRANGE middle", (size) => ["ZRANGE", KEY, ...middle(size)]),
    taking(1, fixed("ZREM", KEY, MEMBER)),
    taking(1, fixed("ZPOPMIN", KEY)),
    taking(1, fixed("ZPOPMAX", KEY)),
    taking(
      10,
      byRank("ZREMRANGEBYRANK", (size) => ["ZREMRANGEBYRANK", KEY, ...middle(size)]),
    ),
  ],
  list: [
    { name: "LINDEX middle", words: (size) => ["LINDEX", KEY, middle(size)[0]] },
    { name: "LRANGE middle", words: (size) => ["LRANGE", KEY, ...middle(size)] },
    { name: "LSET middle", words: (size) => ["LSET", KEY, middle(size)[0], "x".repeat(100)] },
    fixed("LLEN", KEY),
    fixed("LPUSH", KEY, "x".repeat(100)),
    fixed("RPUSH", KEY, "x".repeat(100)),
    taking(1, fixed("LPOP", KEY)),
    taking(1, fixed("RPOP", KEY)),
  ],
  stream: [
    fixed("XLEN", KEY),
    fixed("XRANGE", KEY, NUMBER, "+", "COUNT", "1"),
    { ...fixed("XREVRANGE", KEY, "+", "-", "COUNT", "1"), name: "XREVRANGE end" },
    fixed("XADD", KEY, "*", "field", "x".repeat(100)),
    taking(1, fixed("XDEL", KEY, `${NUMBER}-0`)),
  ],
};

export const collections: Part = {
  summary: "point commands and commands by rank on collections of growing size",
  options: {
    types: { default: "hash,set,zset,list,stream", help: "of collections" },
    sizes: { default: "100k,1m,10m", help: "members; times are compared with the first" },
  },
  run: measureCollections,
};

interface Times {
  /** Of one client, round trip included. µs. */
  readonly alone: number;
  /** 1 / rate of 50 clients that send 16 at once. µs. */
  readonly busy: number;
}

async function measureCollections(options: Options): Promise<Findings> {
  const sizes = options.counts("sizes");
  const verdicts: Verdict[] = [];
  const rows: string[][] = [];
  const loads: string[][] = [];
  const plots: Plot[] = [];
  for (const type of options.list("types") as CollectionType[]) {
    const measured = new Map<number, Map<string, Times>>();
    for (const size of sizes) {
      progress(`${type} of ${shortCount(size)}: load`);
      const { server: filled, seconds } = await startFilled(type, size);
      await using server = filled;
      await settle(server.pid);
      measured.set(size, await measureCommands(server, type, size));
      const { own, resident } = memoryOf(server.pid);
      loads.push([type, shortCount(size), thousands(size / seconds), megabytes(own), megabytes(resident)]);
    }
    const least = measured.get(sizes[0]!)!;
    for (const { name, isByRank = false } of COMMANDS[type]) {
      const base = least.get(name)!;
      const bar: Bar = isByRank ? BY_RANK_TIME : COLLECTION_TIME;
      const cells = [type, name];
      let areMet = true;
      for (const size of sizes) {
        const times = measured.get(size)!.get(name)!;
        const growth = { alone: times.alone / base.alone, busy: times.busy / base.busy };
        cells.push(`${times.alone.toFixed(0)}, ${times.busy.toFixed(1)}`);
        if (size === sizes[0]) continue;
        for (const how of ["alone", "busy"] as const) {
          const what = `${name} of ${shortCount(size)} (${how === "alone" ? "one client" : "busy server"})`;
          const verdict = judge(what, growth[how], bar, " ×");
          areMet &&= verdict.isMet;
          verdicts.push(verdict);
        }
        cells.push(`${growth.alone.toFixed(2)}, ${growth.busy.toFixed(2)}`);
      }
      rows.push([...cells, `≤ ${(bar as { atMost: number }).atMost}`, areMet ? "met" : "**missed**"]);
    }
    plots.push(growthPlot(type, sizes, measured));
  }
  return {
    tables: [
      {
        title:
          "Commands on big collections: µs for one client, and of a busy server (50 clients, P=16); × the first size",
        columns: [
          ...["type", "command", shortCount(sizes[0]!)],
          ...sizes.slice(1).flatMap((size) => [shortCount(size), "×"]),
          ...["bar", ""],
        ],
        rows,
      },
      {
        title: "Loading them, and memory after all commands",
        columns: ["type", "members", "members/s", "own MB", "resident MB"],
        rows: loads,
      },
    ],
    plots,
    verdicts,
  };
}

/** A stream is loaded by commands: it only grows at its end. */
async function startFilled(
  type: CollectionType,
  size: number,
): Promise<{ readonly server: TestServer; readonly seconds: number }> {
  if (type !== "stream") return startSeeded((file) => writeCollection(file, KEY, type, size));
  const server = await startLeveldis();
  return { server, seconds: await loadCollection(server.port, KEY, type, size) };
}

async function measureCommands(
  server: TestServer,
  type: CollectionType,
  size: number,
): Promise<Map<string, Times>> {
  const times = new Map<string, Times>();
  for (const command of COMMANDS[type]) {
    progress(`${type} of ${shortCount(size)}: ${command.name}`);
    const what = command.words(size);
    await mustWork(server, what);
    const common = { what, keys: size };
    const most = command.takes === undefined ? MOST_REQUESTS : (size * TAKEN_AWAY) / command.takes;
    // Cheap where it matters: what is taken away from millions is not missed. A stream takes no old ids.
    const isRefilled = command.takes !== undefined && size <= REFILLED && type !== "stream";
    const refill = async (): Promise<void> => {
      if (isRefilled) await loadCollection(server.port, KEY, type, size);
    };
    const busy = await repeat(server, { ...common, clients: 50, pipeline: 16 }, most, refill);
    const alone = await repeat(server, { ...common, clients: 1, pipeline: 1 }, most, refill);
    times.set(command.name, { alone: leastTime(alone), busy: leastTime(busy) });
  }
  return times;
}

/** For each request, µs. The best round: what else runs on the machine only adds. (redis-benchmark's quantiles are in steps of 8 µs.) */
function leastTime(runs: readonly Outcome[]): number {
  return 1_000_000 / Math.max(...runs.map((run) => run.perSecond));
}

async function repeat(
  server: TestServer,
  load: Omit<Load, "requests">,
  most: number,
  before: () => Promise<void>,
): Promise<Outcome[]> {
  // What is built at the first use is not the command's time.
  await bench(server.port, { ...load, requests: PILOT_REQUESTS });
  const pilot = await bench(server.port, { ...load, requests: PILOT_REQUESTS });
  // One look is enough at what is a hundred times too slow.
  if (pilot.perSecond < SLOW_PER_SECOND) return [pilot];
  const requests = Math.round(Math.min(most, Math.max(PILOT_REQUESTS, pilot.perSecond * RUN_SECONDS)));
  const runs = [];
  for (let round = 0; round < ROUNDS; round++) {
    await before();
    runs.push(await bench(server.port, { ...load, requests }));
  }
  return runs;
}

/** redis-benchmark says nothing of errors. */
async function mustWork(server: TestServer, what: readonly string[]): Promise<void> {
  await using client = await server.connect({ timeoutMs: 60_000 });
  const reply = await client.sendRaw(...what.map((word) => word.replace(NUMBER, digits(7))));
  if (reply[0] === "-".charCodeAt(0))
    throw new Error(`${what.join(" ")}: ${reply.toString("latin1").trim()}`);
}

function growthPlot(
  type: CollectionType,
  sizes: readonly number[],
  measured: ReadonlyMap<number, ReadonlyMap<string, Times>>,
): Plot {
  return {
    name: `collections-${type}`,
    title: `Commands on a ${type}: time of a busy server`,
    xLabel: "members",
    yLabel: "µs",
    isXLogarithmic: true,
    lines: COMMANDS[type].map(({ name }) => ({
      label: name,
      points: sizes.map((size) => [size, measured.get(size)!.get(name)!.busy]),
    })),
  };
}
