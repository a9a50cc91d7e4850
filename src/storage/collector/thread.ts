import { Worker } from "node:worker_threads";
import type { Collector, CollectorOptions } from "./collector.ts";
import type { Order, Report, WorkerData } from "./messages.ts";
import type { Pace } from "./rounds.ts";
import { NO_PROGRESS, type Progress, sumOf } from "./sweep.ts";

/** It holds a few hundred keys at a time. */
const MEMORY_LIMITS = { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 64 };

/**
 * The collector on a thread of its own, on the database that the main thread has open: classic-level opens a
 * folder once for all threads. Who opened it first owns LevelDB's block cache and frees it when it closes. So the
 * main thread opens first and closes last: `pause` or `close` come before the store is closed, `resume` after it
 * was opened again. A thread lives from one of them to the next.
 */
export class CollectorThread implements Collector {
  readonly #folder: string;
  readonly #options: CollectorOptions;
  #pace: Pace;
  #worker: Worker | null = null;
  #ended: Promise<unknown> = Promise.resolve();
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
    this.#tell({ order: "configure", pace });
  }

  async pause(): Promise<void> {
    // A thread that failed has let go as well.
    if (this.#worker === null) return;
    this.#worker.ref();
    this.#tell({ order: "close" });
    await this.#ended;
  }

  async close(): Promise<void> {
    await this.pause();
  }

  /** Rejects when the thread cannot open the database. */
  async resume(): Promise<void> {
    const workerData: WorkerData = { folder: this.#folder, pace: this.#pace };
    const worker = new Worker(this.#options.workerUrl ?? new URL("./worker.js", import.meta.url), {
      name: "collector",
      workerData,
      resourceLimits: MEMORY_LIMITS,
    });
    this.#worker = worker;
    this.#before = this.#progress;
    this.#ended = new Promise<void>((resolve) => {
      worker.once("exit", () => {
        this.#worker = null;
        resolve();
      });
    });
    let hasOpened = false;
    await new Promise<void>((resolve, reject) => {
      worker.on("error", (error) => {
        if (hasOpened) this.#options.onError(error);
        else reject(error);
      });
      worker.on("message", (report: Report) => {
        if (report.report === "opened") {
          hasOpened = true;
          resolve();
        } else this.#hear(report);
      });
    });
    // The process may end without waiting for it.
    worker.unref();
  }

  #tell(order: Order): void {
    this.#worker?.postMessage(order);
  }

  #hear(report: Exclude<Report, { readonly report: "opened" }>): void {
    if (report.report === "progress") this.#progress = sumOf(this.#before, report.progress);
    else this.#options.onError(report.error);
  }
}
