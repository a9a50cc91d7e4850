import { Redis } from "ioredis";
import Redlock, { ExecutionError, type Settings } from "redlock";
import { afterEach, describe, expect, test } from "vitest";
import { useServer } from "../support/use-server.ts";

/** Locks by scripts, on one server and on three of which one goes away. */

const servers = [useServer(), useServer(), useServer()];

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function connect(port: number): Redis {
  const redis = new Redis(port, "127.0.0.1", { maxRetriesPerRequest: 0 });
  redis.on("error", () => undefined);
  cleanups.push(() => redis.disconnect());
  return redis;
}

function locksOn(count: number, settings: Partial<Settings> = {}): Redlock {
  return new Redlock(
    servers.slice(0, count).map((server) => connect(server.port)),
    { retryDelay: 10, retryJitter: 20, retryCount: 500, ...settings },
  );
}

describe.each([1, 3])("on %i servers", (count) => {
  test("only one at a time", async () => {
    let inside = 0;
    let most = 0;
    let turns = 0;
    const turn = async (locks: Redlock): Promise<void> => {
      await locks.using(["only one"], 1000, async () => {
        most = Math.max(most, ++inside);
        await new Promise((resolve) => setTimeout(resolve, 1));
        inside--;
        turns++;
      });
    };
    // Three could take one of three servers each, again and again.
    const holders = Array.from({ length: count === 1 ? 3 : 2 }, () => locksOn(count));
    // A server that does not know the scripts yet is asked twice, and may take a lock after it was given up.
    await (await holders[0]!.acquire(["known scripts"], 1000)).release();
    await Promise.all(
      holders.map(async (locks) => {
        for (let n = 0; n < 10; n++) await turn(locks);
      }),
    );
    expect({ turns, most }).toEqual({ turns: 10 * holders.length, most: 1 });
  });

  test("a lock is taken, refused to others, extended, released", async () => {
    const ada = locksOn(count, { retryCount: 0 });
    const grace = locksOn(count, { retryCount: 0 });
    let lock = await ada.acquire(["one", "two"], 2000);
    await expect(grace.acquire(["two"], 1000)).rejects.toBeInstanceOf(ExecutionError);
    lock = await lock.extend(60_000);
    expect(lock.expiration - Date.now()).toBeGreaterThan(50_000);
    await lock.release();
    await (await grace.acquire(["two"], 1000)).release();
    await expect(lock.release()).rejects.toBeInstanceOf(ExecutionError);
  });

  test("what nobody releases expires", async () => {
    await locksOn(count).acquire(["forgotten"], 50);
    const startedMs = Date.now();
    await (await locksOn(count).acquire(["forgotten"], 50)).release();
    expect(Date.now() - startedMs).toBeLessThan(5000);
  });
});

test("with one of three servers away two are enough; with two away they are not", async () => {
  const locks = locksOn(3, { retryCount: 2 });
  await (await locks.acquire(["kept"], 1000)).release();
  await servers[2]!.close();
  const lock = await locks.acquire(["kept"], 1000);
  await lock.release();
  await servers[1]!.close();
  await expect(locks.acquire(["kept"], 1000)).rejects.toBeInstanceOf(ExecutionError);
});
