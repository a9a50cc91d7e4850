import type { LogPart } from "./reader.ts";

/** What the thread is started with. */
export interface WorkerData {
  readonly folder: string;
}

export interface ApplyOrder {
  readonly order: "apply";
  /** What is brought into LevelDB, behind what was held back at the end of the order before. */
  readonly parts: readonly LogPart[];
  /** False: what was held back is among the parts, or was given up. */
  readonly goesOn: boolean;
  /** Of the last part something is held back until the next order: it may be changed again there. */
  readonly holdsLast: boolean;
  /** What LevelDB has must be on the disk itself: the log is to be deleted. */
  readonly durably: boolean;
}

export type Order =
  | ApplyOrder
  /** The main thread is busy: rest between two batches; or not any more. */
  | { readonly order: "pace"; readonly isBusy: boolean }
  /** Answered by the end of the thread. */
  | { readonly order: "close" };

export type Report =
  /** So many bytes of the log are done since the last report. */
  | { readonly report: "progress"; readonly bytes: number }
  /** `error`: what kept it from being made, null when it was. */
  | { readonly report: "applied"; readonly error: Error | null };
