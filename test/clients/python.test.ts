import { expect, test } from "vitest";
import { runProgram } from "../support/program.ts";
import { useServer } from "../support/use-server.ts";

/** Debian's python3-redis and python3-rq. */

const server = useServer();

test("redis-py", async () => {
  const { stderr } = await runProgram("python", "redis_py.py", [], server.port);
  expect(stderr).toMatch(/Ran 8 tests in .*\n\nOK/);
}, 40_000);

test("rq: two workers, a failing job, jobs that wait for others, shutdown by message", async () => {
  await runProgram("python", "rq_queue.py", [], server.port);
}, 60_000);
