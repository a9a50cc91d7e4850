import type { Log } from "../support/log.ts";
import type { Store } from "./store.ts";

/** All of LevelDB's keys. */
const EVERYTHING = { gte: "", lt: "\xff" };

/**
 * What BGREWRITEAOF is here: a compaction of everything, one at a time. What was overwritten or deleted leaves the files.
 */
export class LogRewrite {
  readonly #store: () => Store;
  readonly #log: Log;
  /** Something else is to be over before one that was scheduled. */
  readonly #mustWait: () => boolean;
  #startedAtMs: number | null = null;
  #timer: NodeJS.Timeout | null = null;
  /** Seconds that the last one took, −1 for none yet. */
  lastSeconds = -1;
  isWell = true;
  count = 0;

  constructor(store: () => Store, log: Log, mustWait: () => boolean) {
    this.#store = store;
    this.#log = log;
    this.#mustWait = mustWait;
  }

  get isRunning(): boolean {
    return this.#startedAtMs !== null;
  }

  get isScheduled(): boolean {
    return this.#timer !== null;
  }

  /** Seconds since the present one began, −1 for none. */
  get currentSeconds(): number {
    return this.#startedAtMs === null ? -1 : Math.floor((Date.now() - this.#startedAtMs) / 1000);
  }

  /** There must be none under way. */
  start(): void {
    this.cancel();
    this.#startedAtMs = Date.now();
    this.count++;
    this.#log("notice", "Compaction of all data started (BGREWRITEAOF)");
    void this.#run();
  }

  async #run(): Promise<void> {
    try {
      await this.#store().compact(EVERYTHING);
      this.isWell = true;
      this.#log("notice", "Compaction of all data finished");
    } catch (error) {
      this.isWell = false;
      this.#log("warning", `Compaction of all data failed: ${(error as Error).message}`);
    }
    this.lastSeconds = this.currentSeconds;
    this.#startedAtMs = null;
  }

  /** As soon as nothing else is in the way. */
  schedule(): void {
    this.#timer ??= setInterval(() => {
      if (!this.isRunning && !this.#mustWait()) this.start();
    }, POLL_MS);
    this.#timer.unref();
  }

  /** What was scheduled. */
  cancel(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }
}

const POLL_MS = 100;
