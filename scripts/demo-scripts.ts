import { isDeepStrictEqual } from "node:util";
import { SCENARIOS } from "../test/clients/bullmq/scenarios.ts";
import { runProgram } from "../test/support/program.ts";
import { TestServer } from "../test/support/server.ts";

/**
 * Programs that live by scripts, on leveldis and on redis-server, with many jobs: BullMQ, Sidekiq, Celery. What became of the jobs must
 * be the same. `scripts/demo-scripts [JOBS] [NAME…]`
 */
const [jobsText = "10000", ...names] = process.argv.slice(2);
const jobs = Number(jobsText);
/** Ten in each 100 ms: more only waits longer. */
const RATE_LIMITED_JOBS = 200;

type Run = (port: number) => Promise<unknown>;
const runs: [name: string, run: Run][] = [
  ...Object.entries(SCENARIOS).map(([name, scenario]): [string, Run] => [
    `BullMQ, ${name}`,
    (port) => scenario(port, name === "rate limited" ? Math.min(jobs, RATE_LIMITED_JOBS) : jobs),
  ]),
  ["Sidekiq", programRun("ruby", "sidekiq_work.rb")],
  ["Celery", programRun("python", "celery_work.py")],
];

await using leveldis = new TestServer({ kind: "leveldis", variant: "normal" });
await using redis = new TestServer({ kind: "redis" });
await Promise.all([leveldis.start(), redis.start()]);

let failed = 0;
let passed = 0;
for (const [name, run] of runs) {
  if (names.length > 0 && !names.some((wanted) => name.includes(wanted))) continue;
  const theirs = await timed(() => run(redis.port));
  const ours = await timed(() => run(leveldis.port));
  const isSame = isDeepStrictEqual(ours.result, theirs.result);
  if (isSame) passed++;
  else failed++;
  print(
    `${name.padEnd(24)} redis-server ${theirs.ms} ms, leveldis ${ours.ms} ms: ${isSame ? "the same" : "not the same"}`,
  );
  if (!isSame)
    print(`  redis-server ${JSON.stringify(theirs.result)}\n  leveldis     ${JSON.stringify(ours.result)}`);
}
print(`programs with scripts, ${jobs} jobs: ${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

function programRun(language: "python" | "ruby", script: string): Run {
  return async (port) => {
    const { stdout } = await runProgram(language, script, [jobsText], port);
    return JSON.parse(stdout) as unknown;
  };
}

async function timed(run: () => Promise<unknown>): Promise<{ result: unknown; ms: string }> {
  const startedMs = performance.now();
  const result = await run().catch((error: unknown) => ({ failure: String(error) }));
  return { result, ms: (performance.now() - startedMs).toFixed(0).padStart(6) };
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
