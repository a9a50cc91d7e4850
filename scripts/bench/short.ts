import type { Bar, Verdict } from "./bars.ts";
import type { Findings } from "./findings.ts";
import type { Options, Part } from "./part.ts";
import { startLeveldis, startRedis } from "./servers.ts";
import { median, thousands } from "./stats.ts";
import { judgeRate, measureInTurns } from "./throughput.ts";

/**
 * For CI, in a minute: has something become much slower? Only below half a bar, and only when a second, longer look finds the
 * same: the machine runs other things too.
 */

const TESTS = "set,get,incr,lpush,hset,sadd,zadd,mset,xadd,hgetall_20,zrange_10_small,evalsha_limiter";
const SHARE_OF_BAR = 0.5;
const AGAIN_ROUNDS = 3;
const AGAIN_REQUESTS = 2;

export const short: Part = {
  summary: "for CI: fails only when a rate is below half of its bar, twice",
  options: {
    tests: { default: TESTS, help: "as for throughput" },
    requests: { default: "10k", help: "of each measurement" },
    rounds: { default: "1", help: "the median of so many counts" },
    pipelines: { default: "1,16", help: "commands that a client sends at once" },
  },
  run: measureShort,
};

interface Share {
  readonly test: string;
  readonly pipeline: number;
  readonly ours: number;
  readonly theirs: number;
  readonly verdict: Verdict | undefined;
}

async function measureShort(options: Options): Promise<Findings> {
  await using leveldis = await startLeveldis();
  await using redis = await startRedis();
  const look = async (
    tests: readonly string[],
    pipelines: readonly number[],
    rounds: number,
    requests: number,
  ): Promise<Share[]> => {
    const runs = await measureInTurns({ leveldis, redis }, tests, pipelines, rounds, requests);
    return pipelines.flatMap((pipeline) =>
      tests.map((test) => {
        const [ours, theirs] = [runs.leveldis, runs.redis].map((all) =>
          median(
            all.filter((run) => run.test === test && run.pipeline === pipeline).map((run) => run.perSecond),
          ),
        ) as [number, number];
        return { test, pipeline, ours, theirs, verdict: halved(test, pipeline, ours / theirs) };
      }),
    );
  };
  const requests = options.count("requests");
  const first = await look(
    options.list("tests"),
    options.counts("pipelines"),
    options.count("rounds"),
    requests,
  );
  const shares: Share[] = [];
  for (const share of first) {
    const again = share.verdict?.isMet === false;
    shares.push(
      again
        ? (await look([share.test], [share.pipeline], AGAIN_ROUNDS, requests * AGAIN_REQUESTS))[0]!
        : share,
    );
  }
  const verdicts = shares.flatMap(({ verdict }) => verdict ?? []);
  if (verdicts.some(({ isMet }) => !isMet)) process.exitCode = 1;
  return {
    tables: [
      {
        title: "Rates beside redis-server, in short",
        columns: ["test", "P", "leveldis /s", "Redis /s", "ratio"],
        rows: shares.map(({ test, pipeline, ours, theirs }) => [
          ...[test, String(pipeline), thousands(ours), thousands(theirs), (ours / theirs).toFixed(2)],
        ]),
      },
    ],
    plots: [],
    verdicts,
  };
}

function halved(test: string, pipeline: number, ratio: number): Verdict | undefined {
  const verdict = judgeRate(test, pipeline, ratio);
  if (verdict === undefined || !("atLeast" in verdict.bar)) return undefined;
  const bar: Bar = { atLeast: verdict.bar.atLeast * SHARE_OF_BAR };
  return { ...verdict, bar, isMet: ratio >= bar.atLeast };
}
