import type { KeyRange } from "../layout.ts";
import { StoreThread } from "../store-thread.ts";
import type { Order, Report, WorkerData } from "./messages.ts";
import { type Packed, PackedRun, type Scan } from "./run.ts";

/** It holds few runs at a time, outside of its heap. */
const MEMORY_LIMITS = { maxYoungGenerationSizeMb: 16, maxOldGenerationSizeMb: 64 };

/**
 * Runs that a scan asks for ahead. A busy thread hears of others once in a turn of its event loop, which may take ten
 * milliseconds: it gets that much then, and works on it for less than five.
 */
const RUNS_AHEAD = 4;

interface Waiter {
  readonly resolve: (run: Packed | null) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Reads whole ranges on a thread of its own (store-thread.ts). What LevelDB hands out one by one costs the thread that asks for it more than
 * what is then made of it; here the main thread gets a thousand entries in one piece.
 *
 * The thread is started when it is first needed, and ends with `pause`.
 */
export class ScanThread {
  readonly #folder: string;
  readonly #workerUrl: URL;
  #thread: StoreThread<Order, Report> | null = null;
  #isPaused = false;
  #lastScan = 0;
  /** Those that wait for a run, by the number of their scan, in the order of their questions. */
  readonly #waiters = new Map<number, Waiter[]>();

  /** `workerUrl`: the entry of the thread; default: the built one beside this file. */
  constructor(folder: string, workerUrl = new URL("./worker.js", import.meta.url)) {
    this.#folder = folder;
    this.#workerUrl = workerUrl;
  }

  /**
   * The range as it is in the store at some moment from now on; reading begins with the first `next`. Rejects where LevelDB
   * cannot read, and when `pause` comes between.
   */
  async *scan(range: KeyRange): Scan {
    const scan = ++this.#lastScan;
    await this.#begin(scan, range);
    try {
      const coming: Promise<Packed | null>[] = [];
      for (;;) {
        while (coming.length < RUNS_AHEAD) coming.push(this.#next(scan));
        const run = await coming.shift()!;
        if (run === null) return;
        yield new PackedRun(run);
      }
    } finally {
      this.#tell({ order: "end", scan });
    }
  }

  async #begin(scan: number, range: KeyRange): Promise<void> {
    const thread = (this.#thread ??= this.#start());
    await thread.opened;
    this.#tell({ order: "begin", scan, range });
  }

  #next(scan: number): Promise<Packed | null> {
    const run = new Promise<Packed | null>((resolve, reject) => {
      if (this.#thread === null || this.#isPaused) return reject(CLOSED);
      const waiters = this.#waiters.get(scan);
      if (waiters === undefined) this.#waiters.set(scan, [{ resolve, reject }]);
      else waiters.push({ resolve, reject });
      this.#tell({ order: "next", scan });
    });
    // Nobody may want it any more.
    run.catch(() => undefined);
    return run;
  }

  #start(): StoreThread<Order, Report> {
    if (this.#isPaused) throw CLOSED;
    const data: WorkerData = { folder: this.#folder };
    const thread = new StoreThread<Order, Report>({
      name: "scan",
      url: this.#workerUrl,
      data,
      memory: MEMORY_LIMITS,
      hear: (report) => this.#hear(report),
      onError: (error) => this.#failAll(error),
    });
    void thread.ended.then(() => {
      this.#thread = null;
      this.#failAll(CLOSED);
    });
    return thread;
  }

  #hear(report: Report): void {
    const waiters = this.#waiters.get(report.scan);
    const waiter = waiters?.shift();
    if (waiters?.length === 0) this.#waiters.delete(report.scan);
    if (report.report === "run") waiter?.resolve(report.run);
    else waiter?.reject(report.error);
  }

  #failAll(error: Error): void {
    for (const { reject } of [...this.#waiters.values()].flat()) reject(error);
    this.#waiters.clear();
  }

  #tell(order: Order): void {
    this.#thread?.tell(order);
  }

  /** Ends what is being read. Resolves when the thread has let go of the store: it may be closed now. */
  async pause(): Promise<void> {
    this.#isPaused = true;
    const thread = this.#thread;
    if (thread === null) return;
    // Not before it has it: what opens the database later would open it again.
    await thread.opened.catch(() => undefined);
    this.#failAll(CLOSED);
    await thread.end({ order: "close" });
  }

  /** The store is open again. */
  resume(): void {
    this.#isPaused = false;
  }
}

const CLOSED = new Error("the data folder is being closed");
