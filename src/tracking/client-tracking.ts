import type { Push } from "../resp/reply.ts";
import type { Bytes } from "../support/bytes.ts";

/**
 * Which keys are tracked for a client: all that it reads; those of a command behind CLIENT CACHING YES; all but those
 * of a command behind CLIENT CACHING NO; or, whatever it reads, all that begin with its prefixes.
 */
export type TrackingMode = "default" | "optin" | "optout" | "broadcast";

export interface TrackingOptions {
  readonly mode: TrackingMode;
  /** The id of the client that gets the messages, 0: the tracking client itself. */
  readonly redirectTo: number;
  /** It is not told of what it changes itself. */
  readonly isNoLoop: boolean;
  /** In the order in which the client named them. */
  readonly prefixes: readonly Bytes[];
}

/** What CLIENT TRACKING says of one client. Changed by `Tracking` alone. */
export class ClientTracking {
  readonly mode: TrackingMode;
  readonly redirectTo: number;
  readonly isNoLoop: boolean;
  readonly prefixes: readonly Bytes[];
  /** CLIENT CACHING was given for the command, or transaction, that follows. */
  isCaching: boolean;
  /** A message could not be sent: the client that it should have gone to is no more. */
  isBroken = false;

  constructor(options: TrackingOptions, isCaching: boolean) {
    this.mode = options.mode;
    this.redirectTo = options.redirectTo;
    this.isNoLoop = options.isNoLoop;
    this.prefixes = options.prefixes;
    this.isCaching = isCaching;
  }

  /** What the client reads now is to be remembered. */
  get remembersReads(): boolean {
    switch (this.mode) {
      case "default":
        return true;
      case "optin":
        return this.isCaching;
      case "optout":
        return !this.isCaching;
      case "broadcast":
        return false;
    }
  }
}

/** A client as tracking needs it. */
export interface TrackedClient {
  readonly id: number;
  readonly resp: 2 | 3;
  readonly subscriptions: { readonly total: number };
  /** Null: off. */
  tracking: ClientTracking | null;
  /** Not before `batch` is written; 0: at once. */
  push(push: Push, batch: number): void;
  /** Does something right behind the reply to the command that runs. */
  afterReply(work: () => void): void;
}
