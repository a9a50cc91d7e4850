import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { InputBudget } from "../../src/server/input-budget.ts";
import { OutputLimiter } from "../../src/server/output-limiter.ts";
import { ReplyMode } from "../../src/server/reply-mode.ts";
import { Rate } from "../../src/support/rate.ts";

const MB = 1024 * 1024;

describe("client-output-buffer-limit", () => {
  function limiter(bytes: () => number, authRequired = false): OutputLimiter {
    const client = {
      authRequired,
      output: {
        get bytes() {
          return bytes();
        },
      },
    };
    return new OutputLimiter(() => ({ hardBytes: 10 * MB, softBytes: 2 * MB, softSeconds: 3 }), client);
  }

  beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: 0 }));
  afterEach(() => void vi.useRealTimers());

  const isExceededAt = (limits: OutputLimiter, nowMs: number): boolean => {
    vi.setSystemTime(nowMs);
    return limits.isExceeded();
  };

  test("the hard limit counts at once", () => {
    let bytes = 10 * MB - 1;
    const limits = limiter(() => bytes);
    expect(isExceededAt(limits, 0)).toBe(false);
    bytes++;
    expect(isExceededAt(limits, 1)).toBe(true);
  });

  test("the soft limit counts when it was exceeded all the time", () => {
    let bytes = 3 * MB;
    const limits = limiter(() => bytes);
    expect(isExceededAt(limits, 1000)).toBe(false);
    expect(isExceededAt(limits, 4000)).toBe(false);
    bytes = MB;
    expect(isExceededAt(limits, 4500)).toBe(false);
    bytes = 3 * MB;
    expect(isExceededAt(limits, 5000)).toBe(false);
    expect(isExceededAt(limits, 8000)).toBe(false);
    expect(isExceededAt(limits, 8001)).toBe(true);
  });

  test("before AUTH little is allowed", () => {
    expect(limiter(() => 16 * 1024, true).isExceeded()).toBe(false);
    expect(limiter(() => 16 * 1024 + 1, true).isExceeded()).toBe(true);
  });
});

test("clients may send less ahead when all of them together have sent much", () => {
  const budget = new InputBudget();
  expect(budget.perClient).toBe(64 * MB);
  budget.account(600 * MB);
  expect(budget.perClient).toBe(MB);
  budget.account(-600 * MB);
  expect(budget.perClient).toBe(64 * MB);
});

test("a skip while replies are off is forgotten", () => {
  const mode = new ReplyMode();
  mode.set("off");
  expect(mode.take()).toBe(false);
  mode.set("skip");
  expect(mode.take()).toBe(false);
  mode.set("on");
  expect([mode.take(), mode.take()]).toEqual([true, true]);
});

test("a rate is the mean of the last sixteen samples, and survives a reset of its counter", () => {
  const rate = new Rate(0);
  for (let i = 1; i <= 16; i++) rate.sample(i * 10, i * 100);
  expect(rate.perSecond).toBeCloseTo(100);
  rate.sample(0, 1700);
  expect(rate.perSecond).toBeCloseTo((15 * 100) / 16);
  rate.sample(0, 1700);
  expect(rate.perSecond).toBeCloseTo((15 * 100) / 16);
});
