import { test } from "vitest";
import { runProgram } from "../support/program.ts";
import { useServer } from "../support/use-server.ts";

/** Debian's ruby-sidekiq and celery, each with a worker process of its own. `scripts/demo-scripts` has 10,000 jobs. */

const JOBS = "500";

const server = useServer();
const redis = useServer({ kind: "redis" });

test.concurrent.for([
  ["Sidekiq: jobs, schedule, retries, dead ones", "ruby", "sidekiq_work.rb"],
  ["Celery: groups, chains, chords, retries, countdowns, revocation", "python", "celery_work.py"],
] as const)("%s: as on redis-server", { timeout: 90_000 }, async ([, language, script], { expect }) => {
  const [found, wanted] = await Promise.all(
    [server, redis].map(async ({ port }) => {
      const { stdout } = await runProgram(language, script, [JOBS], port);
      return JSON.parse(stdout) as unknown;
    }),
  );
  expect(found).toEqual(wanted);
});
