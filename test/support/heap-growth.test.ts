import { afterEach, expect, test, vi } from "vitest";
import { limitHeapGrowth } from "../../src/support/heap-growth.ts";

const heap = vi.hoisted(() => ({ bytes: 0, flags: [] as string[] }));

vi.mock("node:v8", () => ({
  getHeapStatistics: () => ({ used_heap_size: heap.bytes }),
  setFlagsFromString: (flag: string) => heap.flags.push(flag),
}));

afterEach(() => vi.useRealTimers());

test("a heap may grow by 64 MB, and by a quarter when that is more", () => {
  vi.useFakeTimers();
  limitHeapGrowth();
  for (const megabytes of [32, 64, 64, 200, 400, 1000, 128]) {
    heap.bytes = megabytes << 20;
    vi.advanceTimersByTime(1000);
  }
  expect(heap.flags).toEqual([200, 100, 32, 25, 50].map((percent) => `--heap-growing-percent=${percent}`));
});
