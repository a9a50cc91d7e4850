import { Worker } from "node:worker_threads";
import { watchBusy } from "../../support/busy-watch.ts";
import type { Order, Report, WorkerData } from "./messages.ts";
import type { LogPart } from "./reader.ts";

/** It holds a part of the log at a time, outside of its heap. */
const MEMORY_LIMITS = { maxYoungGenerationSizeMb: 32, maxOldGenerationSizeMb: 256 };

/**
 * Brings parts of the log into LevelDB on a thread of its own, on the database that the main thread has open: the main
 * thread opens it first and closes it last (collector/thread.ts tells why).
 */
export class ApplierThread {
  readonly #worker: Worker;
  readonly #ended: Promise<void>;
  #progress: (bytes: number) => void = () => undefined;
  #done: ((error: Error | null) => void) | null = null;

  /** Rejects when the thread cannot open the database. */
  static async start(folder: string, workerUrl?: URL): Promise<ApplierThread> {
    const workerData: WorkerData = { folder };
    const worker = new Worker(workerUrl ?? new URL("./worker.js", import.meta.url), {
      name: "redo",
      workerData,
      resourceLimits: MEMORY_LIMITS,
    });
    const applier = new ApplierThread(worker);
    await new Promise<void>((resolve, reject) => {
      worker.once("error", reject);
      worker.once("message", (report: Report) => {
        if (report.report === "opened") resolve();
      });
    });
    worker.unref();
    return applier;
  }

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.on("message", (report: Report) => {
      if (report.report === "applied") this.#finish(report.error);
      else if (report.report === "progress") this.#progress(report.bytes);
    });
    worker.on("error", (error) => this.#finish(error));
    this.#ended = new Promise((resolve) => {
      worker.once("exit", () => {
        this.#finish(new Error("the thread that applies the redo log has ended"));
        resolve();
      });
    });
  }

  #finish(error: Error | null): void {
    const done = this.#done;
    this.#done = null;
    // The process may end without waiting for it.
    this.#worker.unref();
    done?.(error);
  }

  /**
   * One at a time; `progress` is told of bytes of the log. While this thread is busy and `mayRest` allows it, the other
   * rests between its batches. Rejects when LevelDB could not take it.
   */
  async apply(
    parts: readonly LogPart[],
    durably: boolean,
    progress: (bytes: number) => void,
    mayRest: () => boolean,
  ): Promise<void> {
    this.#progress = progress;
    const endPace = watchBusy((isBusy) => this.#tell({ order: "pace", isBusy }), mayRest);
    try {
      await new Promise<void>((resolve, reject) => {
        this.#done = (error) => (error === null ? resolve() : reject(error));
        this.#worker.ref();
        this.#tell({ order: "apply", parts, durably });
      });
    } finally {
      endPace();
    }
  }

  /** Resolves when it has let go of the database. */
  async close(): Promise<void> {
    this.#worker.ref();
    this.#tell({ order: "close" });
    await this.#ended;
  }

  #tell(order: Order): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    this.#worker.postMessage(order);
  }
}
