import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { useServer } from "../support/use-server.ts";

/** Debian's python3-redis and python3-rq. */

const server = useServer();

/** What the script wrote; fails when it does, with what it wrote as the message. */
async function python(script: string): Promise<string> {
  const folder = resolve(import.meta.dirname, "python");
  const env = { ...process.env, PORT: String(server.port), PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: "1" };
  // Debian's own: another that comes first on the path does not know Debian's packages.
  const { stdout, stderr } = await promisify(execFile)("/usr/bin/python3", [resolve(folder, script)], {
    env,
  });
  return stdout + stderr;
}

test("redis-py", async () => {
  expect(await python("redis_py.py")).toMatch(/Ran 8 tests in .*\n\nOK/);
}, 40_000);

test("rq: two workers, a failing job, jobs that wait for others, shutdown by message", async () => {
  await python("rq_queue.py");
}, 60_000);
