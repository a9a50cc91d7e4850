import type { KeyRange } from "../layout.ts";
import type { Packed } from "./run.ts";

/** What the thread is started with. */
export interface WorkerData {
  readonly folder: string;
}

export type Order =
  /** Each scan has a number of its own. Its first run is wanted with `next`. */
  | { readonly order: "begin"; readonly scan: number; readonly range: KeyRange }
  | { readonly order: "next"; readonly scan: number }
  | { readonly order: "end"; readonly scan: number }
  /** Answered by the end of the thread. */
  | { readonly order: "close" };

export type Report =
  /** The answer to `next`; null: there is no more. */
  | { readonly report: "run"; readonly scan: number; readonly run: Packed | null }
  | { readonly report: "failed"; readonly scan: number; readonly error: Error };
