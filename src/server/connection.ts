import type { Client } from "../commands/host.ts";

/** One of those whom CLIENT LIST shows: a client, or the master that this server follows. */
export interface Connection extends Client {
  /** Of its socket, -1 when it is closed. */
  readonly descriptor: number;
  readonly lastInteractionMs: number;
  /** Bytes of requests in memory, those of the one that runs included. */
  readonly inputBytes: number;
  readonly argumentBytes: number;
  /** What it still has to receive. */
  readonly output: { readonly bytes: number; readonly heldBytes: number; readonly partCount: number };
  readonly isReading: boolean;
  readonly isWriting: boolean;
  readonly isClosing: boolean;
  /** A key that it watches has changed. */
  readonly hasTouchedWatches: boolean;
  /** The limits of time, looked at about once a second. */
  tick(nowMs: number): void;
  /** The server stops: the request that runs is finished and answered, no other is taken. */
  finish(): void;
}
