import type { Log } from "../support/log.ts";

/** What holding up the clients' writes, until replicas have everything, needs of the server around it. */
export interface WritePause {
  /** Clients that write wait until `resumeWrites`. */
  readonly pauseWrites: () => void;
  readonly resumeWrites: () => void;
  readonly log: Log;
}
