import { Redis } from "ioredis";
import {
  BurstyRateLimiter,
  RateLimiterMemory,
  RateLimiterRedis,
  RateLimiterRes,
  RateLimiterUnion,
} from "rate-limiter-flexible";
import { createClient } from "redis";
import { afterEach, expect, test } from "vitest";
import { useServer } from "../support/use-server.ts";

/** rate-limiter-flexible: one script counts and sets the time to live, so that no two processes both take the last point. */

const server = useServer();

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function connect(): Redis {
  const redis = new Redis(server.port, "127.0.0.1");
  cleanups.push(() => redis.disconnect());
  return redis;
}

/** How many of so many tries at once were let through, and of the others the longest to wait. */
async function attempts(
  limiters: readonly { consume(key: string): Promise<RateLimiterRes> }[],
  each: number,
) {
  const results = await Promise.allSettled(
    limiters.flatMap((limiter) => Array.from({ length: each }, () => limiter.consume("user"))),
  );
  const refused = results.filter((result) => result.status === "rejected");
  for (const { reason } of refused) if (!(reason instanceof RateLimiterRes)) throw reason;
  const waits = refused.map(({ reason }) => (reason as RateLimiterRes).msBeforeNext);
  return { passed: results.length - refused.length, longestMs: Math.max(0, ...waits) };
}

test("ten clients at once get exactly the points that there are", async () => {
  const limiters = Array.from(
    { length: 10 },
    () => new RateLimiterRedis({ storeClient: connect(), points: 100, duration: 60, keyPrefix: "many" }),
  );
  const { passed, longestMs } = await attempts(limiters, 50);
  expect(passed).toBe(100);
  expect(longestMs).toBeGreaterThan(50_000);
  expect(longestMs).toBeLessThanOrEqual(60_000);
  expect((await limiters[0]!.get("user"))?.consumedPoints).toBe(500);
});

test("after the window there are points again", async () => {
  const limiter = new RateLimiterRedis({
    storeClient: connect(),
    points: 2,
    duration: 1,
    keyPrefix: "window",
  });
  expect((await attempts([limiter], 5)).passed).toBe(2);
  await expect.poll(() => limiter.get("user"), { timeout: 5000 }).toBeNull();
  expect((await attempts([limiter], 5)).passed).toBe(2);
});

test("blocked, rewarded, punished, deleted", async () => {
  const limiter = new RateLimiterRedis({
    storeClient: connect(),
    points: 3,
    duration: 60,
    blockDuration: 600,
    keyPrefix: "block",
  });
  await limiter.consume("user", 3);
  const refusal: unknown = await limiter.consume("user").catch((reason: unknown) => reason);
  expect((refusal as RateLimiterRes).msBeforeNext).toBeGreaterThan(500_000);
  expect(await limiter.delete("user")).toBe(true);
  expect((await limiter.penalty("user", 2)).consumedPoints).toBe(2);
  expect((await limiter.reward("user", 1)).consumedPoints).toBe(1);
  await limiter.set("user", 3, 100);
  await expect(limiter.consume("user")).rejects.toBeInstanceOf(RateLimiterRes);
});

test("bursts and unions", async () => {
  const redis = connect();
  const second = new RateLimiterRedis({ storeClient: redis, points: 2, duration: 60, keyPrefix: "second" });
  const burst = new RateLimiterRedis({ storeClient: redis, points: 5, duration: 60, keyPrefix: "burst" });
  expect((await attempts([new BurstyRateLimiter(second, burst)], 10)).passed).toBe(7);
  const union = new RateLimiterUnion(
    new RateLimiterRedis({ storeClient: redis, points: 3, duration: 60, keyPrefix: "few" }),
    new RateLimiterRedis({ storeClient: redis, points: 8, duration: 60, keyPrefix: "more" }),
  );
  await union.consume("user", 3);
  await expect(union.consume("user")).rejects.toHaveProperty("few");
});

test("with node-redis", async () => {
  const client = createClient({ url: `redis://127.0.0.1:${server.port}` });
  await client.connect();
  cleanups.push(() => client.destroy());
  const limiter = new RateLimiterRedis({
    storeClient: client,
    useRedisPackage: true,
    points: 5,
    duration: 60,
    keyPrefix: "package",
  });
  expect((await attempts([limiter], 20)).passed).toBe(5);
});

test("a server that is away is insured", async () => {
  const redis = new Redis(1, "127.0.0.1", { enableOfflineQueue: false, lazyConnect: true });
  cleanups.push(() => redis.disconnect());
  redis.on("error", () => undefined);
  const insuranceLimiter = new RateLimiterMemory({ points: 4, duration: 60 });
  const limiter = new RateLimiterRedis({ storeClient: redis, points: 9, duration: 60, insuranceLimiter });
  expect((await attempts([limiter], 10)).passed).toBe(4);
});
