import { afterEach, expect, test, vi } from "vitest";
import { limitHeapGrowth } from "../../src/support/heap-growth.ts";

const heap = vi.hoisted(() => ({ bytes: 0, flags: [] as string[] }));

vi.mock("node:v8", () => ({
  getHeapStatistics: () => ({ used_heap_size: heap.bytes }),
  setFlagsFromString: (flag: string) => heap.flags.push(flag),
}));

afterEach(() => vi.useRealTimers());

test("a large heap grows by 64 MB or a quarter, a small one as V8 likes, also when it was large", () => {
  vi.useFakeTimers();
  limitHeapGrowth();
  for (const megabytes of [32, 64, 128, 200, 200, 400, 1000, 127, 64, 160]) {
    heap.bytes = megabytes << 20;
    vi.advanceTimersByTime(1000);
  }
  expect(heap.flags).toEqual([50, 32, 25, 0, 40].map((percent) => `--heap-growing-percent=${percent}`));
});
