import type { SaveJob, SaveOutcome } from "./job.ts";

/** What the thread that writes an RDB file is started with. */
export interface WorkerData {
  readonly folder: string;
  readonly job: SaveJob;
}

export type Order =
  | { readonly order: "snapshot" }
  | { readonly order: "abort" }
  /** The main thread is busy, or is not: make way for it. */
  | { readonly order: "pace"; readonly isBusy: boolean };

export type Report =
  /** It has the database open. */
  | { readonly report: "opened" }
  /** What is in the database now will be in the file; nothing later. */
  | { readonly report: "begun" }
  | { readonly report: "progress"; readonly keys: number }
  | { readonly report: "done"; readonly outcome: SaveOutcome }
  | { readonly report: "aborted" }
  | { readonly report: "failed"; readonly message: string };
