/** What took long, by kind: `command`, `fast-command`. */
export interface LatencySeries {
  readonly event: string;
  /** The slowest of each of the last seconds that had one, oldest first. */
  readonly samples: readonly LatencySample[];
  /** In ms, since the start or LATENCY RESET. */
  readonly worstMs: number;
}

export interface LatencySample {
  /** Unix time in seconds. */
  readonly timeS: number;
  readonly ms: number;
}

const MAX_SAMPLES = 160;

/** The events that took at least `latency-monitor-threshold` ms. */
export class LatencyMonitor {
  readonly #series = new Map<string, { event: string; samples: LatencySample[]; worstMs: number }>();

  /** `ms` is a whole number. */
  add(event: string, ms: number, nowMs: number): void {
    let series = this.#series.get(event);
    if (series === undefined) this.#series.set(event, (series = { event, samples: [], worstMs: 0 }));
    series.worstMs = Math.max(series.worstMs, ms);
    const timeS = Math.floor(nowMs / 1000);
    const { samples } = series;
    const last = samples.at(-1);
    if (last?.timeS === timeS) {
      if (ms > last.ms) samples[samples.length - 1] = { timeS, ms };
      return;
    }
    samples.push({ timeS, ms });
    if (samples.length > MAX_SAMPLES) samples.shift();
  }

  get all(): readonly LatencySeries[] {
    return [...this.#series.values()];
  }

  series(event: string): LatencySeries | undefined {
    return this.#series.get(event);
  }

  /** Without a name: all. Names in any case; how many there were. */
  reset(event?: string): number {
    let count = 0;
    for (const name of [...this.#series.keys()]) {
      if (event !== undefined && name !== event.toLowerCase()) continue;
      this.#series.delete(name);
      count++;
    }
    return count;
  }
}
