/** How often it is looked whether this thread is busy. */
const PACE_MS = 50;

/** Of its time, that a busy thread works. */
const BUSY = 0.4;

/**
 * Tells whether this thread is busy, whenever that changes, beginning with not: for a thread that should rest while this
 * one serves clients (`Rests`). `mayRest`: whether there is time for it. Ends when the result is called.
 */
export function watchBusy(tell: (isBusy: boolean) => void, mayRest: () => boolean = () => true): () => void {
  let last = performance.eventLoopUtilization();
  let wasBusy = false;
  const timer = setInterval(() => {
    const now = performance.eventLoopUtilization();
    const isBusy = performance.eventLoopUtilization(now, last).utilization > BUSY && mayRest();
    last = now;
    if (isBusy !== wasBusy) tell(isBusy);
    wasBusy = isBusy;
  }, PACE_MS);
  return () => clearInterval(timer);
}
