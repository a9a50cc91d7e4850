import { barCells, type Findings, type Plot } from "./findings.ts";
import { type Bar, judge, P99, P99_TESTS, PEER, RATE, type Verdict } from "./bars.ts";
import type { Options, Part } from "./part.ts";
import { progress } from "./progress.ts";
import { measure, type Measurement, warmUp } from "./redis-benchmark.ts";
import { startLeveldis, startRedis } from "./servers.ts";
import { readsFixture } from "./tests.ts";
import { median, thousands } from "./stats.ts";

/**
 * leveldis beside Debian's redis-server, the same load on both in turns. The machine may be shared and its speed
 * may drift, so only the ratio of one run counts, and the median of several rounds.
 */

const TESTS = [
  ...["set", "get", "incr", "lpush", "rpush", "lpop", "rpop", "hset", "sadd", "spop", "zadd", "zpopmin"],
  ...["mset", "xadd", "lrange_100", "lrange_600", "hgetall_20", "zrange_10_small", "zrange_10_big"],
  ...["zrank_small", "zrank_big", "publish", "evalsha_get", "evalsha_limiter"],
].join(",");

export const throughput: Part = {
  summary: "rates and latencies of the common commands beside redis-server",
  options: {
    tests: { default: TESTS, help: "of redis-benchmark's, and those of scripts/bench/tests.ts" },
    requests: {
      default: "400k",
      help: "of each measurement; a share of them for LRANGE, MSET, HGETALL, scripts",
    },
    rounds: { default: "3", help: "the median of so many counts" },
    pipelines: { default: "1,16", help: "commands that a client sends at once" },
  },
  run: runThroughput,
};

async function runThroughput(options: Options): Promise<Findings> {
  const tests = options.list("tests");
  const pipelines = options.counts("pipelines");
  const runs = await measureBoth(tests, pipelines, options.count("rounds"), options.count("requests"));
  const rows: string[][] = [];
  const verdicts: Verdict[] = [];
  const ratios: Record<number, [number, number][]> = {};
  for (const pipeline of pipelines) {
    for (const [index, test] of tests.entries()) {
      const [ours, theirs] = (["leveldis", "redis"] as const).map((kind) =>
        summary(runs[kind].filter((run) => run.test === test && run.pipeline === pipeline)),
      ) as [Summary, Summary];
      const ratio = ours.perSecond / theirs.perSecond;
      (ratios[pipeline] ??= []).push([index, ratio]);
      const verdict = judgeRate(test, pipeline, ratio);
      if (verdict !== undefined) verdicts.push(verdict);
      if (pipeline === 1 && P99_TESTS.includes(test)) {
        verdicts.push(judge(`p99 of ${test} P=1, in units of Redis'`, ours.p99Ms / theirs.p99Ms, P99));
      }
      rows.push([
        ...[test, String(pipeline), thousands(ours.perSecond), thousands(theirs.perSecond), ratio.toFixed(2)],
        ...barCells(verdict),
        PEER[test]?.[pipeline]?.toFixed(2) ?? "–",
        `${ours.p50Ms.toFixed(2)}, ${ours.p99Ms.toFixed(2)}`,
        `${theirs.p50Ms.toFixed(2)}, ${theirs.p99Ms.toFixed(2)}`,
        ...[ours, theirs].map(({ mainUs, othersUs }) => `${mainUs.toFixed(1)} + ${othersUs.toFixed(1)}`),
      ]);
    }
  }
  return {
    tables: [
      {
        title: "Throughput (redis-benchmark, 50 clients, values of 100 bytes, 100,000 keys)",
        columns: [
          ...["test", "P", "leveldis /s", "Redis /s", "ratio", "bar", "", "best peer"],
          ...["leveldis p50, p99 ms", "Redis p50, p99 ms"],
          ...["leveldis µs of main + other threads", "Redis"],
        ],
        rows,
      },
    ],
    plots: [ratioPlot(tests, ratios)],
    verdicts,
  };
}

interface Summary {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly mainUs: number;
  readonly othersUs: number;
}

function summary(runs: readonly Measurement[]): Summary {
  return {
    perSecond: median(runs.map((run) => run.perSecond)),
    p50Ms: median(runs.map((run) => run.p50Ms)),
    p99Ms: median(runs.map((run) => run.p99Ms)),
    mainUs: median(runs.map(({ cost }) => cost.mainThread)),
    othersUs: median(runs.map(({ cost }) => cost.allThreads - cost.mainThread)),
  };
}

/** Of leveldis' rate as a share of Redis'. */
export function judgeRate(test: string, pipeline: number, ratio: number): Verdict | undefined {
  const bar = RATE[test]?.[pipeline];
  const peer = PEER[test]?.[pipeline];
  if (bar === undefined && peer === undefined) return undefined;
  const wanted: Bar = { atLeast: Math.max(bar ?? 0, peer ?? 0) };
  return judge(`${test} P=${pipeline}, share of Redis' rate`, ratio, wanted);
}

/** All rounds of both servers. */
export async function measureBoth(
  tests: readonly string[],
  pipelines: readonly number[],
  rounds: number,
  requests: number,
): Promise<Readonly<Record<"leveldis" | "redis", Measurement[]>>> {
  await using leveldis = await startLeveldis();
  await using redis = await startRedis();
  // Awaited here: both end with this block.
  return await measureInTurns({ leveldis, redis }, tests, pipelines, rounds, requests);
}

/** Several servers, one after the other with each test: what disturbs one then disturbs the other as well. */
export async function measureInTurns<Name extends string>(
  servers: Readonly<Record<Name, Awaited<ReturnType<typeof startRedis>>>>,
  tests: readonly string[],
  pipelines: readonly number[],
  rounds: number,
  requests: number,
): Promise<Record<Name, Measurement[]>> {
  const names = Object.keys(servers) as Name[];
  const runs = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, Measurement[]>;
  const total = rounds * pipelines.length * tests.length;
  let done = 0;
  for (let round = 0; round < rounds; round++) {
    for (const pipeline of pipelines) {
      for (const test of tests) {
        progress(`${++done}/${total}  ${test} P=${pipeline}`);
        const isFirst = round === 0 && pipeline === pipelines[0];
        // Large ones may have left memory for those of the other tests: what is measured is the reading, not the coming back.
        if (isFirst || readsFixture(test)) {
          for (const name of names) await warmUp(servers[name], test, pipeline, requests);
        }
        // Who begins changes, so that nobody always runs on what the other has warmed or filled.
        const order = round % 2 === 0 ? names : names.toReversed();
        for (const name of order) runs[name].push(await measure(servers[name], test, pipeline, requests));
      }
    }
  }
  return runs;
}

function ratioPlot(tests: readonly string[], ratios: Readonly<Record<number, [number, number][]>>): Plot {
  return {
    name: "throughput",
    title: "leveldis' rate as a share of Redis'",
    xLabel: "",
    yLabel: "share",
    xTicks: tests,
    isXLogarithmic: false,
    lines: Object.entries(ratios).map(([pipeline, points]) => ({ label: `P=${pipeline}`, points })),
  };
}
