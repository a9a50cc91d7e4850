import { type ChildProcess, spawn } from "node:child_process";
import { resolve } from "node:path";
import { Redis } from "ioredis";
import { afterEach, expect, test } from "vitest";
import { useServer } from "../support/use-server.ts";

/** A reliable queue of lists: workers take with BLMOVE, what a dead one had taken is put back. */

const JOBS = 10_000;

const server = useServer();

const cleanups: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function startWorker(name: string): ChildProcess {
  const script = resolve(import.meta.dirname, "queue-worker.mjs");
  const worker = spawn(process.execPath, [script, String(server.port), name], { stdio: "inherit" });
  cleanups.push(() => killed(worker));
  return worker;
}

async function killed(worker: ChildProcess): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return;
  const exit = new Promise((resolve) => worker.once("exit", resolve));
  worker.kill("SIGKILL");
  await exit;
}

test("two workers, one killed half way: each of 10,000 jobs is done once", async () => {
  const redis = new Redis(server.port, "127.0.0.1");
  cleanups.push(() => redis.disconnect());
  const jobs = Array.from({ length: JOBS }, (_, n) => `job:${n}`);
  for (let n = 0; n < JOBS; n += 1000) await redis.rpush("jobs", ...jobs.slice(n, n + 1000));
  const count = async (name: string) => Number((await redis.get(`done by ${name}`)) ?? 0);
  const done = () => redis.scard("done");

  const ada = startWorker("ada");
  startWorker("grace");
  await expect.poll(() => count("ada"), { interval: 5, timeout: 10_000 }).toBeGreaterThan(1000);
  await expect.poll(() => count("grace"), { interval: 5, timeout: 10_000 }).toBeGreaterThan(1000);
  await expect.poll(done, { interval: 5, timeout: 10_000 }).toBeGreaterThanOrEqual(JOBS / 2);
  await killed(ada);
  // Until the server has noticed, a request of the dead worker may still be taking a job.
  await expect.poll(() => redis.client("LIST"), { interval: 5 }).not.toContain("name=ada");
  const left = await redis.llen("jobs");
  expect(left).toBeGreaterThan(0);

  const lost = await redis.lrange("taken:ada", 0, -1);
  expect(lost.length).toBe(1);
  while ((await redis.lmove("taken:ada", "jobs", "RIGHT", "LEFT")) !== null);

  await expect.poll(done, { interval: 20, timeout: 20_000 }).toBe(JOBS);
  expect(new Set(await redis.smembers("done"))).toEqual(new Set(jobs));
  expect((await count("ada")) + (await count("grace"))).toBe(JOBS);
  expect(await redis.exists("jobs", "taken:ada", "taken:grace")).toBe(0);
}, 60_000);
