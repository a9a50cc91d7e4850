import { parseArgs } from "node:util";
import { measure, type Measurement, warmUp } from "./bench/redis-benchmark.ts";
import { benchTable } from "./bench/report.ts";
import { PEER_ARGS, startLeveldis, startRedis } from "./bench/servers.ts";

/**
 * leveldis beside Debian's redis-server, the same load on both in turns. The machine may be shared and its speed
 * may drift, so only the ratio of one run counts, and the median of several rounds.
 */

const TESTS =
  "set,get,incr,lpush,rpush,lpop,rpop,lrange_100,lrange_600,hset,sadd,spop,zadd,zpopmin,mset,xadd,publish,evalsha_get,evalsha_limiter";

const USAGE = `npm run bench -- [options]

  --tests LIST      of redis-benchmark's tests, and xadd, publish (to one subscriber), evalsha_get (a script
                    of one GET), evalsha_limiter (a rate limiter of five commands); default
                    ${TESTS}
  --requests N      for each measurement, default 200000; a share of them for LRANGE and MSET
  --rounds N        the median of so many is shown, default 3
  --pipelines LIST  default 1,16
  --bar P=RATIO     fail when a test falls below; repeatable (--bar 1=0.55 --bar 16=0.2)
`;

const { values: options } = parseArgs({
  options: {
    tests: { type: "string", default: TESTS },
    requests: { type: "string", default: "200000" },
    rounds: { type: "string", default: "3" },
    pipelines: { type: "string", default: "1,16" },
    bar: { type: "string", multiple: true, default: [] },
    help: { type: "boolean", default: false },
  },
});

if (options.help) {
  process.stdout.write(USAGE);
  process.exit(0);
}

const tests = options.tests.split(",");
const pipelines = options.pipelines.split(",").map(Number);
const rounds = Number(options.rounds);
const requests = Number(options.requests);
const bars = new Map(options.bar.map((bar) => bar.split("=").map(Number) as [number, number]));

await using leveldis = await startLeveldis();
await using redis = await startRedis();
process.stderr.write(`leveldis on ${leveldis.port}, redis-server ${PEER_ARGS.join(" ")} on ${redis.port}\n`);

const measurements: Measurement[] = [];
const total = rounds * pipelines.length * tests.length;
let done = 0;
for (let round = 0; round < rounds; round++) {
  for (const pipeline of pipelines) {
    for (const test of tests) {
      progress(`${++done}/${total}  ${test} P=${pipeline}`);
      if (round === 0 && pipeline === pipelines[0]) {
        for (const server of [redis, leveldis]) await warmUp(server, test, pipeline, requests);
      }
      // One after the other, closely: what disturbs one then disturbs the other as well.
      measurements.push(await measure(redis, test, pipeline, requests));
      measurements.push(await measure(leveldis, test, pipeline, requests));
    }
  }
}
progress("");

const { text, ratios } = benchTable(measurements, tests, pipelines);
process.stdout.write(text);

let missed = 0;
for (const { test, pipeline, ratio } of ratios) {
  const bar = bars.get(pipeline);
  if (bar === undefined || ratio >= bar) continue;
  missed++;
  process.stdout.write(`below the bar: ${test} P=${pipeline}: ${ratio.toFixed(2)} of Redis, wanted ${bar}\n`);
}
process.exitCode = missed > 0 ? 1 : 0;

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
  else if (text !== "") process.stderr.write(`${text}\n`);
}
