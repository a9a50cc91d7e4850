import { expect, test } from "vitest";
import { useServer } from "../support/use-server.ts";
import { SCENARIOS } from "./bullmq/scenarios.ts";

/** BullMQ lives by scripts: each step of a job is one. `scripts/demo-scripts` runs the same with 10,000 jobs. */

const JOBS = 100;

const server = useServer();
const redis = useServer({ kind: "redis" });

test.each(Object.entries(SCENARIOS))("%s: as on redis-server", { timeout: 60_000 }, async (_, scenario) => {
  const [found, wanted] = await Promise.all([scenario(server.port, JOBS), scenario(redis.port, JOBS)]);
  expect(found).toEqual(wanted);
});
