import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { watchBusy } from "../../src/support/busy-watch.ts";
import { Rests } from "../../src/support/rests.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** How long a rest takes behind so much work, ms. */
async function restAfter(rests: Rests, workMs: number): Promise<number> {
  rests.begin();
  vi.advanceTimersByTime(workMs);
  const before = performance.now();
  let isOver = false;
  void rests.take().then(() => (isOver = true));
  for (let i = 0; i < 1000 && !isOver; i++) {
    await Promise.resolve();
    if (!isOver) await vi.advanceTimersByTimeAsync(1);
  }
  expect(isOver).toBe(true);
  return Math.round(performance.now() - before);
}

test("rests are twice as long as the work, but not too short and not too long, and only where they are needed", async () => {
  const rests = new Rests();
  expect(await restAfter(rests, 10)).toBe(0);
  rests.areNeeded = true;
  expect(await restAfter(rests, 10)).toBe(20);
  expect(await restAfter(rests, 1)).toBe(0);
  expect(await restAfter(rests, 1000)).toBe(100);
});

test("work that was too short to rest after counts with what comes behind it", async () => {
  const rests = new Rests();
  rests.areNeeded = true;
  rests.begin();
  vi.advanceTimersByTime(1);
  await rests.take();
  vi.advanceTimersByTime(1);
  const before = performance.now();
  const over = rests.take();
  await vi.advanceTimersByTimeAsync(4);
  await over;
  expect(performance.now() - before).toBe(4);
});

test("a thread is told when this one gets busy and when it is not any more, and nothing where there is no time for rests", () => {
  let utilization = 0;
  vi.spyOn(performance, "eventLoopUtilization").mockImplementation(() => ({
    idle: 0,
    active: 0,
    utilization,
  }));
  const told: boolean[] = [];
  let mayRest = true;
  const end = watchBusy(
    (isBusy) => told.push(isBusy),
    () => mayRest,
  );
  vi.advanceTimersByTime(200);
  expect(told).toEqual([]);
  utilization = 0.9;
  vi.advanceTimersByTime(200);
  expect(told).toEqual([true]);
  mayRest = false;
  vi.advanceTimersByTime(200);
  expect(told).toEqual([true, false]);
  mayRest = true;
  vi.advanceTimersByTime(200);
  expect(told).toEqual([true, false, true]);
  end();
  utilization = 0;
  vi.advanceTimersByTime(200);
  expect(told).toHaveLength(3);
});
