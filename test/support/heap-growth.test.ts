import { afterEach, expect, test, vi } from "vitest";
import { limitHeapGrowth } from "../../src/support/heap-growth.ts";

const heap = vi.hoisted(() => ({ bytes: 0, flags: [] as string[] }));

vi.mock("node:v8", () => ({
  getHeapStatistics: () => ({ used_heap_size: heap.bytes }),
  setFlagsFromString: (flag: string) => heap.flags.push(flag),
}));

afterEach(() => vi.useRealTimers());

test("a heap that has become large grows slowly from then on", () => {
  vi.useFakeTimers();
  limitHeapGrowth();
  heap.bytes = 100 << 20;
  vi.advanceTimersByTime(60_000);
  expect(heap.flags).toEqual([]);
  heap.bytes = 200 << 20;
  vi.advanceTimersByTime(60_000);
  expect(heap.flags).toEqual(["--heap-growing-percent=25"]);
  expect(vi.getTimerCount()).toBe(0);
});
