import { afterEach, expect, test, vi } from "vitest";
import { monotonicMs, nowMicroseconds, unixMsAt } from "../../src/support/clock.ts";

afterEach(() => {
  vi.restoreAllMocks();
  // The system's clock is the real one again: what follows must find that out.
  waitMs(2);
  nowMicroseconds();
});

/** Without a timer: the clock is looked at again after a millisecond. */
function waitMs(ms: number): void {
  const endMs = monotonicMs() + ms;
  while (monotonicMs() < endMs);
}

/** Whether a time lies between two looks at the system's clock, as near as it is held to that. */
function expectBetween(beforeMs: number, timeMs: number, afterMs: number): void {
  expect(timeMs).toBeGreaterThanOrEqual(beforeMs - 3);
  expect(timeMs).toBeLessThanOrEqual(afterMs + 3);
}

test("the time of a moment is what the system's clock says, in whole milliseconds", () => {
  for (let i = 0; i < 1000; i++) {
    const beforeMs = Date.now();
    const nowMs = unixMsAt(monotonicMs());
    const nowUs = nowMicroseconds();
    const afterMs = Date.now();
    expect(Number.isInteger(nowMs)).toBe(true);
    expectBetween(beforeMs, nowMs, afterMs);
    expectBetween(beforeMs, nowUs / 1000, afterMs);
  }
});

test.each([3_600_000, -3_600_000, 50])("a clock that was set by %d ms is followed", (setMs) => {
  const realNow = Date.now.bind(Date);
  vi.spyOn(Date, "now").mockImplementation(() => realNow() + setMs);
  waitMs(2);
  const beforeMs = Date.now();
  const nowMs = unixMsAt(monotonicMs());
  const nowUs = nowMicroseconds();
  const afterMs = Date.now();
  expectBetween(beforeMs, nowMs, afterMs);
  expectBetween(beforeMs, nowUs / 1000, afterMs);
});

test("within a millisecond time goes on without the system's clock", () => {
  waitMs(2);
  const startMs = monotonicMs();
  unixMsAt(startMs);
  const look = vi.spyOn(Date, "now");
  expect(unixMsAt(startMs + 0.9) - unixMsAt(startMs)).toBeLessThanOrEqual(1);
  expect(look).not.toHaveBeenCalled();
});
