/** So many times as long as it works. */
const REST_PER_WORK = 2;

/** Rests are not shorter: timers are not more exact. */
const MIN_REST_MS = 4;

/** Nor longer: who took that long has waited for something. */
const MAX_REST_MS = 100;

/**
 * Rests of a thread whose work can wait, while the one that serves clients is busy (`watchBusy`): where there are fewer
 * processors than threads, each takes from the others, and from the clients as well.
 */
export class Rests {
  /** There is somebody to rest for. */
  areNeeded = false;
  #since = performance.now();

  /** Work begins. */
  begin(): void {
    this.#since = performance.now();
  }

  /** To be called between two pieces of work. */
  async take(): Promise<void> {
    if (this.areNeeded) {
      const restMs = (performance.now() - this.#since) * REST_PER_WORK;
      if (restMs < MIN_REST_MS) return;
      await new Promise((resolve) => setTimeout(resolve, Math.min(restMs, MAX_REST_MS)));
    }
    this.#since = performance.now();
  }
}
