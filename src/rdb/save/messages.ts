import type { RdbFields, SaveJob, SaveOutcome, StreamJob } from "./job.ts";

/** What the thread that writes an RDB file is started with. */
export interface WorkerData {
  readonly folder: string;
  readonly job: SaveJob | StreamJob;
}

export type Order =
  /** `fields`: what there is to tell of this moment. */
  | { readonly order: "snapshot"; readonly fields: RdbFields }
  /** Chunks were taken. */
  | { readonly order: "more" }
  | { readonly order: "abort" }
  /** The main thread is busy, or is not: make way for it. */
  | { readonly order: "pace"; readonly isBusy: boolean };

export type Report =
  /** What is in the database now will be in the file; nothing later. */
  | { readonly report: "begun" }
  | { readonly report: "progress"; readonly keys: number }
  /** Of a stream. */
  | { readonly report: "chunks"; readonly chunks: readonly Uint8Array[] }
  | { readonly report: "done"; readonly outcome: SaveOutcome }
  | { readonly report: "aborted" }
  | { readonly report: "failed"; readonly message: string };
