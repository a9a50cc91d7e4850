import type { Store, StoreSnapshot } from "../../storage/store.ts";
import { StoreThread } from "../../storage/store-thread.ts";
import { watchBusy } from "../../support/busy-watch.ts";
import {
  type RdbFields,
  SaveAborted,
  type SaveJob,
  type SaveOutcome,
  type StreamJob,
  withFields,
} from "./job.ts";
import type { Order, Report, WorkerData } from "./messages.ts";
import { type SaveControl, saveSnapshot } from "./save.ts";
import { type TakeChunks, streamSnapshot } from "./stream.ts";

export interface SaveHooks {
  /** Calls `take` at a moment when everything that was acknowledged is in the store, and holds further writes until it is done. */
  readonly atRest: (take: () => Promise<void>) => Promise<void>;
  /** Called at that moment: what there is to tell of it. */
  readonly fields: () => RdbFields;
  readonly progress: (keys: number) => void;
  readonly signal: AbortSignal;
}

export interface StreamHooks extends SaveHooks {
  readonly take: TakeChunks;
}

/** It holds one run of entries, and what it makes of them: largest where elements are. */
const MEMORY_LIMITS = { maxYoungGenerationSizeMb: 16, maxOldGenerationSizeMb: 256 };

/**
 * Writes an RDB file on a thread of its own, from a snapshot that this thread takes of the database that is open in
 * `folder`. It must stay open until this settles. @throws SaveAborted, or what went wrong
 */
export async function saveInThread(folder: string, job: SaveJob, hooks: SaveHooks): Promise<SaveOutcome> {
  return await runThread({ folder, job }, { ...hooks, take: () => Promise.resolve() });
}

/** The same of a stream, whose chunks `hooks.take` is given. */
export async function streamInThread(
  folder: string,
  job: StreamJob,
  hooks: StreamHooks,
): Promise<SaveOutcome> {
  return await runThread({ folder, job }, hooks);
}

async function runThread(data: WorkerData, hooks: StreamHooks): Promise<SaveOutcome> {
  const thread = new SaveThread(data);
  const abort = (): void => thread.tell({ order: "abort" });
  hooks.signal.addEventListener("abort", abort);
  const endPace = watchBusy((isBusy) => thread.tell({ order: "pace", isBusy }));
  try {
    await thread.open();
    if (hooks.signal.aborted) abort();
    await hooks.atRest(async () => {
      thread.tell({ order: "snapshot", fields: hooks.fields() });
      await thread.hear("begun");
    });
    return await thread.outcome(hooks);
  } finally {
    hooks.signal.removeEventListener("abort", abort);
    endPace();
    // Without an order it would wait for ever.
    if (!thread.hasBegun) abort();
    await thread.ended;
  }
}

/** The thread, and what it says, in order. */
class SaveThread {
  readonly #thread: StoreThread<Order, Report>;
  readonly #reports: Report[] = [];
  #failure: Error | null = null;
  #wake: () => void = () => undefined;
  /** It was told to, and ends by itself. */
  hasBegun = false;

  constructor(data: WorkerData) {
    this.#thread = new StoreThread<Order, Report>({
      name: "rdb-save",
      // The built thread is beside this file.
      url: new URL("./worker.js", import.meta.url),
      data,
      memory: MEMORY_LIMITS,
      hear: (report) => {
        this.#reports.push(report);
        this.#wake();
      },
      onError: (error) => this.#fail(error),
    });
    void this.#thread.ended.then(() => this.#fail(new Error("the thread that saves ended early")));
  }

  /** Until it has the database. */
  async open(): Promise<void> {
    await this.#thread.opened;
    this.#thread.isAwaited = true;
  }

  get ended(): Promise<void> {
    return this.#thread.ended;
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wake();
  }

  tell(order: Order): void {
    if (order.order === "snapshot") this.hasBegun = true;
    this.#thread.tell(order);
  }

  async #next(): Promise<Report> {
    for (;;) {
      const report = this.#reports.shift();
      if (report !== undefined) return report;
      if (this.#failure !== null) throw this.#failure;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async hear(wanted: Report["report"]): Promise<void> {
    const report = await this.#next();
    if (report.report === wanted) return;
    if (report.report === "aborted") throw new SaveAborted();
    throw new Error(report.report === "failed" ? report.message : `the thread said '${report.report}'`);
  }

  async outcome({ progress, take }: StreamHooks): Promise<SaveOutcome> {
    for (;;) {
      const report = await this.#next();
      if (report.report === "done") return report.outcome;
      if (report.report === "aborted") throw new SaveAborted();
      if (report.report === "failed") throw new Error(report.message);
      if (report.report === "progress") progress(report.keys);
      if (report.report === "chunks") {
        await take(report.chunks.map(asBuffer));
        this.tell({ order: "more" });
      }
    }
  }
}

const asBuffer = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);

/** The same on this thread, for a store that no other one can reach. */
export async function saveHere(store: Store, job: SaveJob, hooks: SaveHooks): Promise<SaveOutcome> {
  const { snapshot, fields } = await takeSnapshot(store, hooks);
  try {
    return await saveSnapshot(snapshot, withFields(job, fields), controlOf(hooks));
  } finally {
    await snapshot.close();
  }
}

export async function streamHere(store: Store, job: StreamJob, hooks: StreamHooks): Promise<SaveOutcome> {
  const { snapshot, fields } = await takeSnapshot(store, hooks);
  try {
    return await streamSnapshot(snapshot, withFields(job, fields), controlOf(hooks), hooks.take);
  } finally {
    await snapshot.close();
  }
}

interface Moment {
  readonly snapshot: StoreSnapshot;
  readonly fields: RdbFields;
}

async function takeSnapshot(store: Store, hooks: SaveHooks): Promise<Moment> {
  let moment: Moment | null = null;
  await hooks.atRest(() => {
    moment = { snapshot: store.snapshot(), fields: hooks.fields() };
    return Promise.resolve();
  });
  return moment!;
}

function controlOf({ progress, signal }: SaveHooks): SaveControl {
  return {
    progress,
    isAborted: () => signal.aborted,
    rest: () => new Promise((resolve) => setImmediate(resolve)),
  };
}
