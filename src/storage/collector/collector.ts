import type { Store } from "../store.ts";
import type { Pace } from "./rounds.ts";
import type { Progress } from "./sweep.ts";

/** Deletes what nothing points to any more (the `g` entries of layout.ts), a little at a time. */
export interface Collector {
  readonly progress: Progress;
  /** CONFIG SET of `gc-interval` and `gc-batch-size`. */
  configure(pace: Pace): void;
  /** Resolves when it has let go of the store: the store may be closed now. */
  pause(): Promise<void>;
  /** The store is open again, or another one is. */
  resume(store: Store): Promise<void>;
  /** For good. Await it before the store is closed: see thread.ts. */
  close(): Promise<void>;
}

export interface CollectorOptions extends Pace {
  /** Told of the first of a series of failures. */
  readonly onError: (error: Error) => void;
  /** The entry of the worker thread; default: the built one beside this file. */
  readonly workerUrl?: URL;
}
