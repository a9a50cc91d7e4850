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

test("the time of a moment is what the system's clock says, in whole milliseconds", () => {
  for (let i = 0; i < 1000; i++) {
    const beforeMs = Date.now();
    const nowMs = unixMsAt(monotonicMs());
    expect(Number.isInteger(nowMs)).toBe(true);
    expect(nowMs).toBeGreaterThanOrEqual(beforeMs - 3);
    expect(nowMs).toBeLessThanOrEqual(Date.now() + 3);
    expect(Math.abs(nowMicroseconds() / 1000 - nowMs)).toBeLessThan(4);
  }
});

test.each([3_600_000, -3_600_000, 50])("a clock that was set by %d ms is followed", (setMs) => {
  const realNow = Date.now.bind(Date);
  vi.spyOn(Date, "now").mockImplementation(() => realNow() + setMs);
  waitMs(2);
  expect(Math.abs(unixMsAt(monotonicMs()) - (realNow() + setMs))).toBeLessThan(4);
  expect(Math.abs(nowMicroseconds() / 1000 - (realNow() + setMs))).toBeLessThan(4);
});

test("within a millisecond time goes on without the system's clock", () => {
  waitMs(2);
  const startMs = monotonicMs();
  unixMsAt(startMs);
  const look = vi.spyOn(Date, "now");
  expect(unixMsAt(startMs + 0.9) - unixMsAt(startMs)).toBeLessThanOrEqual(1);
  expect(look).not.toHaveBeenCalled();
});
