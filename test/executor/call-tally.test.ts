import { expect, test } from "vitest";
import type { Command } from "../../src/commands/registered-command.ts";
import { CallTally } from "../../src/executor/call-tally.ts";
import { LatencyHistogram } from "../../src/metrics/latency-histogram.ts";

const command = {} as Command;

const PERCENTS = [0, 1, 25, 50, 75, 99, 100];

function expectSame(got: LatencyHistogram, expected: LatencyHistogram): void {
  expect(got.count).toBe(expected.count);
  for (const percent of PERCENTS) expect(got.percentile(percent)).toBe(expected.percentile(percent));
}

test.each([1, 8, 9, 1024, 1025, 5000])("%i calls: no time is lost, nor left to the next script", (calls) => {
  const tally = new CallTally();
  for (let script = 1; script <= 3; script++) {
    const expected = new LatencyHistogram();
    for (let i = 0; i < calls; i++) {
      const tookMs = (script * (i + 1)) / 1000;
      tally.of(command).add(tookMs);
      expected.record(tookMs * 1e6);
    }
    const got = new LatencyHistogram();
    let seen = 0;
    tally.forEach((counts) => {
      seen++;
      counts.recordTimes(got);
      expect(counts.calls).toBe(calls);
    });
    expect(seen).toBe(1);
    expectSame(got, expected);
    tally.clear();
    expect(tally.isEmpty).toBe(true);
  }
});
