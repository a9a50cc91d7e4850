import type { Store } from "../store.ts";
import type { Collector, CollectorOptions } from "./collector.ts";
import { type Pace, Rounds } from "./rounds.ts";
import { NO_PROGRESS } from "./sweep.ts";

/** On the main thread, in small steps. */
export class LocalCollector implements Collector {
  progress = NO_PROGRESS;
  readonly #rounds: Rounds;

  constructor(store: Store, { onError, ...pace }: CollectorOptions) {
    this.#rounds = new Rounds(store, pace, {
      onProgress: (progress) => (this.progress = progress),
      onError,
    });
  }

  configure(pace: Pace): void {
    this.#rounds.configure(pace);
  }

  async pause(): Promise<void> {
    await this.#rounds.pause();
  }

  async resume(store: Store): Promise<void> {
    this.#rounds.resume(store);
  }

  async close(): Promise<void> {
    await this.#rounds.pause();
  }
}
