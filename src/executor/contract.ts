import type { Client } from "../commands/host.ts";
import type { Reply } from "../resp/reply.ts";
import type { Bytes } from "../support/bytes.ts";

/** The command is not over: its reply comes through `Requester.resume`. */
export const PENDING: unique symbol = Symbol("pending");

/** A client, as the executor knows it. */
export interface Requester extends Client {
  /** Full name of its last command (`client|list`), empty before the first one that exists. */
  lastCommand: string;
  /** It is in a pause or in a blocking command; set and cleared by the executor. */
  blocked: boolean;
  /** It has to log in first. */
  readonly authRequired: boolean;
  /** It is gone: whatever runs for it can be dropped. */
  readonly isClosed: boolean;
  /**
   * The reply of the request that was answered with `PENDING`. The session goes on with what it has read.
   * @param batch must have been written before the reply may leave; 0: it may leave now
   */
  resume(reply: Reply, batch: number): void;
  /** Up to `limit` of the requests that come next, for fetching ahead. */
  upcoming(limit: number): readonly (readonly Bytes[])[];
}

export interface RequestExecutor {
  /** Runs a request, or begins to. Requests of one client come one at a time, in order. */
  execute(requester: Requester, args: Bytes[]): Reply | typeof PENDING;
  /** Of the reply that `execute` returned last: the batch that must have been written before it may leave. */
  readonly replyBatch: number;
}
