import type { Values } from "../../config/options.ts";
import type { Keyspace } from "../../keyspace/keyspace.ts";
import { contentsOf } from "./contents.ts";
import type { RdbFields } from "./job.ts";
import type { TakeChunks } from "./stream.ts";
import { streamHere, streamInThread } from "./thread.ts";

export interface RdbStreamerOptions {
  readonly keyspace: Keyspace;
  readonly values: Values;
  /** Of the database that is open; null: in memory. */
  readonly folder: () => string | null;
  /** In bytes, about. */
  readonly usedMemory: () => number;
}

export interface StreamRequest {
  readonly withKeys: boolean;
  readonly withLibraries: boolean;
  /** Called at the moment whose data it will be, when nothing is being written; what there is to tell of it. */
  readonly atMoment: () => RdbFields;
  readonly take: TakeChunks;
  readonly signal: AbortSignal;
}

/** Streams RDBs of all data of one moment. Any number may be under way. */
export class RdbStreamer {
  readonly #options: RdbStreamerOptions;
  readonly #running = new Map<AbortController, Promise<unknown>>();
  #isPaused = false;

  constructor(options: RdbStreamerOptions) {
    this.#options = options;
  }

  /** Resolves when all was taken. @throws SaveAborted, or what went wrong */
  async stream(request: StreamRequest): Promise<void> {
    if (this.#isPaused) throw new Error("the database is not open");
    const abort = new AbortController();
    const forward = (): void => abort.abort();
    request.signal.addEventListener("abort", forward);
    const run = this.#run(request, abort.signal);
    this.#running.set(
      abort,
      run.catch(() => undefined),
    );
    try {
      await run;
    } finally {
      request.signal.removeEventListener("abort", forward);
      this.#running.delete(abort);
    }
  }

  async #run(request: StreamRequest, signal: AbortSignal): Promise<void> {
    const { keyspace, values, folder, usedMemory } = this.#options;
    const { committer, reading } = keyspace;
    const { withKeys, withLibraries } = request;
    const job = {
      contents: { ...contentsOf(values, usedMemory()), withKeys, withLibraries },
      checksum: values.rdbchecksum,
    };
    const hooks = {
      atRest: (take: () => Promise<void>) => committer.atRest(take),
      fields: request.atMoment,
      take: request.take,
      progress: () => undefined,
      signal,
    };
    const opened = folder();
    if (opened === null) await streamHere(reading.store, job, hooks);
    else await streamInThread(opened, job, hooks);
  }

  /** The database is about to be closed: ends what is under way, and nothing begins until `resume`. */
  async pause(): Promise<void> {
    this.#isPaused = true;
    for (const abort of this.#running.keys()) abort.abort();
    await Promise.all(this.#running.values());
  }

  resume(): void {
    this.#isPaused = false;
  }
}
