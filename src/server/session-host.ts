import type { Config } from "../config/config.ts";
import type { CommandError } from "../errors.ts";
import type { BlockedView } from "../commands/host.ts";
import type { Caller, PENDING } from "../executor/caller.ts";
import type { ReadAhead } from "../executor/look-ahead.ts";
import type { PubSub } from "../pubsub/pubsub.ts";
import type { Replication } from "../replication/replication.ts";
import type { Reply } from "../resp/reply.ts";
import type { Bytes } from "../support/bytes.ts";
import type { Log } from "../support/log.ts";
import type { Tracking } from "../tracking/tracking.ts";
import type { Connection } from "./connection.ts";
import type { InputBudget } from "./input-budget.ts";
import type { Commits } from "./output.ts";
import type { PushEncoder } from "./push-encoder.ts";
import type { TrafficCounter } from "./traffic.ts";
import type { Turn } from "./turn.ts";

/** What requests name first, and these requests. */
export interface UsedKeys {
  readonly keys: Bytes[];
  readonly requests: (readonly Bytes[])[];
}

/** What a session needs of the executor. */
export interface CommandRunner {
  /** Requests of one client come one at a time, in order. After `PENDING` comes `caller.resume`. */
  execute(caller: Caller, args: readonly Bytes[]): Reply | typeof PENDING;
  /** Clients will read these keys of a database at once. Gives about how many it lacks. */
  touch(dbIndex: number, keys: readonly Bytes[]): number;
  /** Clients will send these requests at once, each of which names one of these keys, and more. Gives the same. */
  touchFor(dbIndex: number, keys: readonly Bytes[], requests: readonly (readonly Bytes[])[]): number;
  /** Begins to read what callers lack; see `executor/look-ahead.ts`. */
  readAhead<Of extends Caller>(callers: readonly Of[]): ReadAhead<Of>[];
  /** Of the reply that was returned last: the batch that must be written before it may leave, or 0. */
  readonly replyBatch: number;
  readonly watches: { unwatch(client: object): void; isTouched(client: object): boolean };
  readonly blocked: BlockedView;
  /** The client is gone. */
  forget(caller: Caller): void;
  readonly statistics: { countError(error: CommandError): void };
}

/** What a session needs of the server around it. */
export interface SessionHost {
  readonly config: Config;
  readonly executor: CommandRunner;
  readonly commits: Commits;
  readonly traffic: TrafficCounter;
  readonly inputBudget: InputBudget;
  readonly pubsub: PubSub;
  readonly tracking: Tracking;
  readonly replication: Replication;
  readonly pushEncoder: PushEncoder;
  readonly turn: Turn;
  readonly log: Log;
  /** Clients have to log in. */
  readonly isPasswordRequired: boolean;
  /** The session is over. */
  remove(session: Connection): void;
}
