import { StoreThread } from "../store-thread.ts";
import type { Collector, CollectorOptions } from "./collector.ts";
import type { Order, Report, WorkerData } from "./messages.ts";
import type { Pace } from "./rounds.ts";
import { NO_PROGRESS, type Progress, sumOf } from "./sweep.ts";

/** It holds a few hundred keys at a time. */
const MEMORY_LIMITS = { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 64 };

/**
 * The collector on a thread of its own (store-thread.ts): `pause` or `close` come before the store is closed, `resume` after it was
 * opened again. A thread lives from one of them to the next.
 */
export class CollectorThread implements Collector {
  readonly #folder: string;
  readonly #options: CollectorOptions;
  #pace: Pace;
  #thread: StoreThread<Order, Report> | null = null;
  /** What the threads before this one did. */
  #before = NO_PROGRESS;
  #progress = NO_PROGRESS;

  static async start(folder: string, options: CollectorOptions): Promise<Collector> {
    const collector = new CollectorThread(folder, options);
    await collector.resume();
    return collector;
  }

  private constructor(folder: string, options: CollectorOptions) {
    this.#folder = folder;
    this.#options = options;
    this.#pace = { intervalMs: options.intervalMs, batchSize: options.batchSize };
  }

  get progress(): Progress {
    return this.#progress;
  }

  configure(pace: Pace): void {
    this.#pace = pace;
    this.#thread?.tell({ order: "configure", pace });
  }

  async pause(): Promise<void> {
    // A thread that failed has let go as well.
    await this.#thread?.end({ order: "close" });
  }

  async close(): Promise<void> {
    await this.pause();
  }

  /** Rejects when the thread cannot open the database. */
  async resume(): Promise<void> {
    const data: WorkerData = { folder: this.#folder, pace: this.#pace };
    const thread = new StoreThread<Order, Report>({
      name: "collector",
      url: this.#options.workerUrl ?? new URL("./worker.js", import.meta.url),
      data,
      memory: MEMORY_LIMITS,
      hear: (report) => this.#hear(report),
      onError: (error) => this.#options.onError(error),
    });
    this.#thread = thread;
    this.#before = this.#progress;
    void thread.ended.then(() => (this.#thread = null));
    await thread.opened;
  }

  #hear(report: Report): void {
    if (report.report === "progress") this.#progress = sumOf(this.#before, report.progress);
    else this.#options.onError(report.error);
  }
}
