import { expect, test } from "vitest";
import { LatencyHistogram } from "../../src/metrics/latency-histogram.ts";

function histogram(...times: readonly number[]): LatencyHistogram {
  const made = new LatencyHistogram();
  for (const ns of times) made.record(ns);
  return made;
}

test("nothing recorded, nothing told", () => {
  expect(histogram().percentile(50)).toBe(0);
  expect(histogram().count).toBe(0);
});

test("percentiles of a hundred are its ranks", () => {
  const made = histogram(...Array.from({ length: 100 }, (_, i) => (i < 50 ? 10 : i < 99 ? 20 : 60)));
  expect(made.count).toBe(100);
  expect([0, 1, 50, 51, 99, 99.5, 100].map((percent) => made.percentile(percent))).toEqual([
    10, 10, 10, 20, 20, 60, 60,
  ]);
});

test("every time from 1 ns to 1 s is told no more than a 32nd too long, and never too short", () => {
  for (let ns = 1; ns <= 1e9; ns = Math.max(ns + 1, Math.floor(ns * 1.013))) {
    const told = histogram(ns).percentile(50);
    expect(told).toBeGreaterThanOrEqual(ns);
    expect(told).toBeLessThanOrEqual(ns * (1 + 1 / 32));
  }
});

test("less than a nanosecond, fractions and minutes", () => {
  expect(histogram(0).percentile(50)).toBe(1);
  expect(histogram(-5).percentile(50)).toBe(1);
  expect(histogram(33.9).percentile(50)).toBe(33);
  expect(histogram(60e9).percentile(50)).toBeGreaterThanOrEqual(1e9);
});
