import { getHeapStatistics, setFlagsFromString } from "node:v8";

/** Below this a heap that doubles costs little, and each collection is short. */
const LARGE_HEAP_BYTES = 128 << 20;

/** How much a large heap may grow between two full collections, at the least and of itself. V8 lets it grow up to four times. */
const GROWTH_BYTES = 64 << 20;
const GROWTH_PERCENT = 25;

const LOOK_EVERY_MS = 1000;

/**
 * V8 takes memory as a program for a short task should: it rather grows than collects. A server's memory is what its
 * caches are allowed to take, and waste on top of that is waste for all the time that it runs; the collections that come
 * more often run on other threads for the most part.
 */
export function limitHeapGrowth(): void {
  let percent = 0;
  const timer = setInterval(() => {
    const wanted = growthPercent(getHeapStatistics().used_heap_size);
    if (wanted === percent) return;
    percent = wanted;
    // Read by V8 whenever it decides on the next limit.
    setFlagsFromString(`--heap-growing-percent=${percent}`);
  }, LOOK_EVERY_MS);
  timer.unref();
}

/** Of a heap of that size; 0: as V8 likes. */
function growthPercent(heapBytes: number): number {
  if (heapBytes < LARGE_HEAP_BYTES) return 0;
  return Math.max(GROWTH_PERCENT, Math.round((100 * GROWTH_BYTES) / heapBytes));
}
