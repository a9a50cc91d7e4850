const SAMPLES = 16;

/** The rate of a counter over the last samples, which are to be taken at even intervals (Redis: every 100 ms). */
export class Rate {
  readonly #perSecond = new Float64Array(SAMPLES);
  #next = 0;
  #lastCount = 0;
  #lastMs: number;

  constructor(nowMs: number) {
    this.#lastMs = nowMs;
  }

  sample(count: number, nowMs: number): void {
    const elapsedMs = nowMs - this.#lastMs;
    if (elapsedMs <= 0) return;
    // The counter may have been reset.
    const delta = Math.max(0, count - this.#lastCount);
    this.#perSecond[this.#next] = (delta * 1000) / elapsedMs;
    this.#next = (this.#next + 1) % SAMPLES;
    this.#lastCount = count;
    this.#lastMs = nowMs;
  }

  get perSecond(): number {
    return this.#perSecond.reduce((sum, rate) => sum + rate, 0) / SAMPLES;
  }
}
