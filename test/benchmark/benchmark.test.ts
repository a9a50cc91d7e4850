import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { judge } from "../../scripts/bench/bars.ts";
import { encode, scattered } from "../../scripts/bench/loader.ts";
import { plotSvg } from "../../scripts/bench/plot.ts";
import { writeCollection } from "../../scripts/bench/rdb-file.ts";
import { median, parseCount, quantile, shortCount } from "../../scripts/bench/stats.ts";

describe("numbers", () => {
  test.each([
    ["250", 250],
    ["100k", 100_000],
    ["1.5m", 1_500_000],
  ])("%s is a count", (text, count) => {
    expect(parseCount(text)).toBe(count);
    expect(parseCount(shortCount(count))).toBe(count);
  });

  test("what is no count is refused", () => {
    expect(() => parseCount("many")).toThrow("many");
  });

  test("medians and quantiles are values that were measured", () => {
    expect(median([30, 10, 20])).toBe(20);
    const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
    expect(quantile(hundred, 0.99)).toBe(99);
    expect(quantile([7], 0.99)).toBe(7);
  });

  test("a bar is met at its value, and missed by what is not a number", () => {
    expect(judge("rate", 0.9, { atLeast: 0.9 }).isMet).toBe(true);
    expect(judge("rate", 0.89, { atLeast: 0.9 }).isMet).toBe(false);
    expect(judge("time", 1.51, { atMost: 1.5 }).isMet).toBe(false);
    expect(judge("time", Number.NaN, { atMost: 1.5 }).isMet).toBe(false);
  });
});

describe("data", () => {
  test("keys arrive in another order, each once", () => {
    const order = Array.from({ length: 1000 }, (_, i) => scattered(i, 1000));
    expect(new Set(order).size).toBe(1000);
    expect(order).not.toEqual(order.toSorted((a, b) => a - b));
  });

  test("commands are as the protocol has them", () => {
    expect(encode("SET", "k", "")).toBe("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$0\r\n\r\n");
  });

  test("an RDB file has a collection element by element", async () => {
    const folder = await mkdtemp(join(tmpdir(), "leveldis-test-"));
    try {
      const file = join(folder, "set.rdb");
      writeCollection(file, "key", "set", 1);
      expect(await readFile(file, "latin1")).toBe(
        `REDIS0010\xfe\0\x02\x03key\x01\x14element:000000000000\xff${"\0".repeat(8)}`,
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

test("a plot has each point within its frame, and its texts escaped", () => {
  const svg = plotSvg({
    name: "plot",
    title: "a < b",
    xLabel: "keys",
    yLabel: "MB",
    isXLogarithmic: true,
    lines: [
      {
        label: "line",
        points: [
          [1000, 5],
          [1_000_000, 80],
        ],
      },
    ],
  });
  const circles = [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => [
    Number(x),
    Number(y),
  ]);
  expect(circles).toHaveLength(2);
  const [[x1, y1], [x2, y2]] = circles as [[number, number], [number, number]];
  expect(x1).toBeLessThan(x2);
  expect(y1).toBeGreaterThan(y2);
  for (const [x, y] of circles as [number, number][]) {
    expect(x).toBeLessThan(760);
    expect(y).toBeLessThan(400);
  }
  expect(svg).toContain("a &lt; b");
});
