import type { Pace } from "./rounds.ts";
import type { Progress } from "./sweep.ts";

/** What the thread is started with. */
export interface WorkerData {
  readonly folder: string;
  readonly pace: Pace;
}

export type Order =
  | { readonly order: "configure"; readonly pace: Pace }
  /** Answered by the end of the thread. */
  | { readonly order: "close" };

export type Report =
  | { readonly report: "progress"; readonly progress: Progress }
  | { readonly report: "error"; readonly error: Error };
