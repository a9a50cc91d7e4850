import { type ResourceLimits, Worker } from "node:worker_threads";

export interface StoreThreadOptions<Report> {
  readonly name: string;
  /** Its entry. */
  readonly url: URL;
  /** What it is started with. */
  readonly data: unknown;
  readonly memory: ResourceLimits;
  /** Told of all that it says once it has the database. */
  readonly hear: (report: Report) => void;
  /** It failed after that, and ends. */
  readonly onError: (error: Error) => void;
}

/** What each thread says first. */
export interface Opened {
  readonly report: "opened";
}

/**
 * A thread of its own on the database that the main thread has open: classic-level opens a folder once for all threads. Who
 * opened it first owns LevelDB's block cache and frees it when it closes. So the main thread opens first and closes last: it
 * waits until a thread has `ended` before it closes the store. The thread's side of it begins with `openShared` (store.ts), and
 * with telling that it has opened.
 *
 * The process ends without waiting for it once it has opened, unless `isAwaited`.
 */
export class StoreThread<Order, Report extends { readonly report: string }> {
  /** Rejects when the thread cannot open the database. */
  readonly opened: Promise<void>;
  /** It has let go of the database. */
  readonly ended: Promise<void>;
  readonly #worker: Worker;

  constructor({ name, url, data, memory, hear, onError }: StoreThreadOptions<Report>) {
    const worker = new Worker(url, { name, workerData: data, resourceLimits: memory });
    this.#worker = worker;
    let hasOpened = false;
    this.opened = new Promise((resolve, reject) => {
      worker.on("message", (report: Report | Opened) => {
        if (report.report === "opened") {
          hasOpened = true;
          this.isAwaited = false;
          resolve();
        } else hear(report as Report);
      });
      worker.on("error", (error: Error) => {
        if (hasOpened) onError(error);
        else reject(error);
      });
      worker.once("exit", () => reject(new Error(`the thread '${name}' has ended`)));
    });
    // Who needs it meets the error.
    this.opened.catch(() => undefined);
    this.ended = new Promise((resolve) => void worker.once("exit", () => resolve()));
  }

  set isAwaited(isAwaited: boolean) {
    if (isAwaited) this.#worker.ref();
    else this.#worker.unref();
  }

  tell(order: Order): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    this.#worker.postMessage(order);
  }

  /** Tells it to end. Resolves when it has let go of the database. */
  async end(order: Order): Promise<void> {
    this.isAwaited = true;
    this.tell(order);
    await this.ended;
  }
}
