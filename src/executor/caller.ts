import type { Client } from "../commands/host.ts";
import type { Reply } from "../resp/reply.ts";
import type { RequestSource } from "../resp/request-source.ts";
import type { Bytes } from "../support/bytes.ts";

/** The reply comes later, by `resume`. */
export const PENDING = Symbol("pending");

/** A client as the executor needs it. */
export interface Caller extends Client {
  /** The reply to the request that `execute` left pending, and the batch that it must wait for (0: none). */
  resume(reply: Reply, batch: number): void;
  /** What it sent and did not run yet is void: it is not to be tried again. */
  readonly isCancelled?: boolean;
  /** Null: what it sends is not told on, or not command by command. */
  readonly source: RequestSource | null;
  /** Complete requests that wait behind the one that runs, at most `limit`: their keys are fetched ahead. */
  upcoming(limit: number): readonly (readonly Bytes[])[];
}
