import { ALWAYS_RATE, judge } from "./bars.ts";
import type { Findings } from "./findings.ts";
import type { Options, Part } from "./part.ts";
import { startLeveldis, startRedis } from "./servers.ts";
import { median, thousands } from "./stats.ts";
import { measureInTurns } from "./throughput.ts";

/** Every reply waits for an fsync: group commit shares it among the clients. */

export const always: Part = {
  summary: "appendfsync always, beside redis-server in the same setting",
  options: {
    tests: { default: "set,incr,hset,zadd", help: "of redis-benchmark" },
    requests: { default: "50k", help: "of each measurement" },
    rounds: { default: "3", help: "the median of so many counts" },
  },
  run: measureAlways,
};

async function measureAlways(options: Options): Promise<Findings> {
  const setting = ["--appendfsync", "always"];
  await using leveldis = await startLeveldis(setting);
  await using redis = await startRedis(setting);
  const tests = options.list("tests");
  const rounds = options.count("rounds");
  const runs = await measureInTurns({ leveldis, redis }, tests, [1], rounds, options.count("requests"));
  const results = tests.map((test) => {
    const [ours, theirs] = [runs.leveldis, runs.redis].map((all) => {
      const of = all.filter((run) => run.test === test);
      return { perSecond: median(of.map((run) => run.perSecond)), p99Ms: median(of.map((run) => run.p99Ms)) };
    });
    return { test, ours: ours!, theirs: theirs!, ratio: ours!.perSecond / theirs!.perSecond };
  });
  return {
    tables: [
      {
        title: "appendfsync always, 50 clients, P=1",
        columns: ["test", "leveldis /s", "Redis /s", "ratio", "leveldis p99 ms", "Redis p99 ms"],
        rows: results.map(({ test, ours, theirs, ratio }) => [
          ...[test, thousands(ours.perSecond), thousands(theirs.perSecond), ratio.toFixed(2)],
          ...[ours.p99Ms.toFixed(2), theirs.p99Ms.toFixed(2)],
        ]),
      },
    ],
    plots: [],
    verdicts: results.map(({ test, ratio }) =>
      judge(`${test} with appendfsync always, share of Redis' rate`, ratio, ALWAYS_RATE),
    ),
  };
}
