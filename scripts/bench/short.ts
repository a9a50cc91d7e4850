import { availableParallelism } from "node:os";
import type { Bar, Verdict } from "./bars.ts";
import type { Findings } from "./findings.ts";
import { machineSeconds, processSeconds } from "./observe.ts";
import type { Options, Part } from "./part.ts";
import { startLeveldis, startRedis } from "./servers.ts";
import { thousands } from "./stats.ts";
import { judgeRate, measureInTurns } from "./throughput.ts";

/**
 * For CI, in a minute: has something become much slower? Other work on the machine makes a rate smaller, never larger, so the best of
 * several rounds counts, and a test that misses half of its bar gets more of them until it does not, or there were enough. Where
 * others have much of the machine the clients, the servers and LevelDB's threads share what is left, and no bar holds.
 */

const TESTS = [
  ...["set", "get", "incr", "lpush", "hset", "sadd", "zadd", "mset", "xadd"],
  ...["hgetall_20", "zrange_10_small", "evalsha_limiter"],
].join(",");
const SHARE_OF_BAR = 0.5;
const MOST_ROUNDS = 8;
/** Of the processors: with more nothing can be said, and what is missed does not fail. */
const MOST_OF_OTHERS = 0.15;

export const short: Part = {
  summary: "for CI: fails only when the best rate of several rounds is below half of its bar",
  options: {
    tests: { default: TESTS, help: "as for throughput" },
    requests: { default: "10k", help: "of each measurement; grows with each round that is needed" },
    pipelines: { default: "1,16", help: "commands that a client sends at once" },
  },
  run: measureShort,
};

interface Best {
  readonly test: string;
  readonly pipeline: number;
  readonly leveldis: number;
  readonly redis: number;
}

async function measureShort(options: Options): Promise<Findings> {
  await using leveldis = await startLeveldis();
  await using redis = await startRedis();
  // This process, which counts each redis-benchmark that has ended, and the servers.
  const ownSeconds = (): number =>
    [process.pid, leveldis.pid, redis.pid].reduce((sum, pid) => sum + processSeconds(pid), 0);
  const startedAt = performance.now();
  const othersBefore = machineSeconds() - ownSeconds();
  let open: Best[] = options
    .counts("pipelines")
    .flatMap((pipeline) => options.list("tests").map((test) => ({ test, pipeline, leveldis: 0, redis: 0 })));
  const decided: Best[] = [];
  for (let round = 1; round <= MOST_ROUNDS && open.length > 0; round++) {
    const still: Best[] = [];
    for (const before of open) {
      const { test, pipeline } = before;
      const requests = options.count("requests") * round;
      const runs = await measureInTurns({ leveldis, redis }, [test], [pipeline], 1, requests);
      const best = {
        ...before,
        leveldis: Math.max(before.leveldis, runs.leveldis[0]!.perSecond),
        redis: Math.max(before.redis, runs.redis[0]!.perSecond),
      };
      (halved(best)?.isMet === false ? still : decided).push(best);
    }
    open = still;
  }
  const capacity = ((performance.now() - startedAt) / 1000) * availableParallelism();
  const othersShare = (machineSeconds() - ownSeconds() - othersBefore) / capacity;
  if (open.length > 0 && othersShare <= MOST_OF_OTHERS) process.exitCode = 1;
  const all = [...decided, ...open];
  return {
    tables: [
      {
        title: `Rates beside redis-server, in short; others had ${(othersShare * 100).toFixed(0)} % of the machine`,
        columns: ["test", "P", "leveldis /s", "Redis /s", "ratio"],
        rows: all.map(({ test, pipeline, leveldis, redis }) => [
          ...[test, String(pipeline), thousands(leveldis), thousands(redis), (leveldis / redis).toFixed(2)],
        ]),
      },
    ],
    plots: [],
    verdicts: all.flatMap((best) => halved(best) ?? []),
  };
}

function halved({ test, pipeline, leveldis, redis }: Best): Verdict | undefined {
  const verdict = judgeRate(test, pipeline, leveldis / redis);
  if (verdict === undefined || !("atLeast" in verdict.bar)) return undefined;
  const bar: Bar = { atLeast: verdict.bar.atLeast * SHARE_OF_BAR };
  return { ...verdict, bar, isMet: verdict.value >= bar.atLeast };
}
