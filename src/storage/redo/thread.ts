import { watchBusy } from "../../support/busy-watch.ts";
import { StoreThread } from "../store-thread.ts";
import type { ApplyOrder, Order, Report, WorkerData } from "./messages.ts";

/** It holds a part of the log at a time, outside of its heap. */
const MEMORY_LIMITS = { maxYoungGenerationSizeMb: 32, maxOldGenerationSizeMb: 256 };

/** Brings parts of the log into LevelDB on a thread of its own (store-thread.ts). */
export class ApplierThread {
  readonly #thread: StoreThread<Order, Report>;
  #progress: (bytes: number) => void = () => undefined;
  #done: ((error: Error | null) => void) | null = null;

  /** Rejects when the thread cannot open the database. */
  static async start(folder: string, workerUrl?: URL): Promise<ApplierThread> {
    const applier = new ApplierThread(folder, workerUrl ?? new URL("./worker.js", import.meta.url));
    await applier.#thread.opened;
    return applier;
  }

  private constructor(folder: string, url: URL) {
    const data: WorkerData = { folder };
    this.#thread = new StoreThread<Order, Report>({
      name: "redo",
      url,
      data,
      memory: MEMORY_LIMITS,
      hear: (report) => this.#hear(report),
      onError: (error) => this.#finish(error),
    });
    void this.#thread.ended.then(() =>
      this.#finish(new Error("the thread that applies the redo log has ended")),
    );
  }

  #hear(report: Report): void {
    if (report.report === "applied") this.#finish(report.error);
    else this.#progress(report.bytes);
  }

  #finish(error: Error | null): void {
    const done = this.#done;
    this.#done = null;
    this.#thread.isAwaited = false;
    done?.(error);
  }

  /**
   * One at a time; `progress` is told of bytes of the log. While this thread is busy and `mayRest` allows it, the other
   * rests between its batches. Rejects when LevelDB could not take it.
   */
  async apply(
    order: Omit<ApplyOrder, "order">,
    progress: (bytes: number) => void,
    mayRest: () => boolean,
  ): Promise<void> {
    this.#progress = progress;
    const endPace = watchBusy((isBusy) => this.#thread.tell({ order: "pace", isBusy }), mayRest);
    try {
      await new Promise<void>((resolve, reject) => {
        this.#done = (error) => (error === null ? resolve() : reject(error));
        this.#thread.isAwaited = true;
        this.#thread.tell({ order: "apply", ...order });
      });
    } finally {
      endPace();
    }
  }

  /** Resolves when it has let go of the database. */
  async close(): Promise<void> {
    await this.#thread.end({ order: "close" });
  }
}
