import type { Database } from "../keyspace/database.ts";
import type { Keyspace } from "../keyspace/keyspace.ts";
import type { Propagation } from "../keyspace/propagation.ts";
import type { Reply } from "../resp/reply.ts";
import type { Bytes } from "../support/bytes.ts";
import type { Random } from "../support/random.ts";
import type { Client, Server } from "./host.ts";
import type { CommandDoc } from "./doc.ts";
import type { Effect } from "./effect.ts";
import type { KeyReference, KeySpec } from "./key-spec.ts";
import type { Command } from "./registered-command.ts";
import type { ScriptCaller } from "./script-caller.ts";
import type { Watches } from "./transaction.ts";
import type { WaitFor } from "./wait-for.ts";

/**
 * A command is one row beside its handler. Arity errors, COMMAND and its subcommands, ACL categories, the
 * keys to fetch ahead and the tables in the docs all derive from the row; a bad row stops the start.
 *
 * A handler is a plain synchronous function that sees all data as if it were in memory. It may be thrown
 * away in the middle of its reads and run again from its start, so: read first, then write; take the time
 * and random numbers only from the context; keep no state outside the keyspace.
 */
export type Handler = (context: Context, args: readonly Bytes[]) => Reply | WaitFor;

export interface CommandRow {
  /** Number of arguments with the name itself; negative for "at least". Containers: -2. */
  readonly arity: number;
  /** Redis' command flags; `movablekeys` is not among them, it follows from `keys`. */
  readonly flags: readonly CommandFlag[];
  /**
   * ACL categories without `@`. Those that flags give (`write`, `read`, `admin`, `dangerous`, `pubsub`,
   * `blocking`, `fast`, `slow`) need not be told; absent, the category of the group is added to them.
   */
  readonly categories?: readonly Category[];
  /** Where the keys are and what is done to them; absent for a command without keys. */
  readonly keys?: readonly KeySpec[];
  /** Where `keys` cannot tell the keys of a call, or what is done to them: SORT … STORE, SET … GET. */
  readonly findKeys?: (args: readonly Bytes[]) => readonly KeyReference[];
  /** Hints for proxies and clients, as COMMAND INFO gives them: `nondeterministic_output` … */
  readonly tips?: readonly string[];
  /** What COMMAND DOCS tells. */
  readonly doc: CommandDoc;
  /** Redis does not count what it writes as a change of its keys: no WATCH fails for it, no cache drops them. */
  readonly hidesChanges?: true;
  /** It runs other commands by `Context.call` or `Context.scripts`. */
  readonly runsOthers?: true;
  /** What a call does to the data, where that is not in `flags`: scripts tell it in theirs. Null: as `flags` have it. */
  readonly findEffect?: (args: readonly Bytes[], server: Server) => Effect | null;
  /** Absent in a container that has only subcommands. */
  readonly run?: Handler;
  /** By lower-case name. */
  readonly subcommands?: Readonly<Record<string, CommandRow>>;
}

/** In the order in which COMMAND INFO tells them. */
export const COMMAND_FLAGS = [
  "write",
  "readonly",
  "denyoom",
  "admin",
  "pubsub",
  "noscript",
  "blocking",
  "loading",
  "stale",
  "skip_monitor",
  "skip_slowlog",
  "asking",
  "fast",
  "no_auth",
  "may_replicate",
  "no_mandatory_keys",
  "protected",
  "no_async_loading",
  "no_multi",
  "allow_busy",
] as const;

export type CommandFlag = (typeof COMMAND_FLAGS)[number];

/** ACL categories, in the order in which COMMAND INFO and ACL CAT tell them. */
export const CATEGORIES = [
  "keyspace",
  "read",
  "write",
  "set",
  "sortedset",
  "list",
  "hash",
  "string",
  "bitmap",
  "hyperloglog",
  "geo",
  "stream",
  "pubsub",
  "admin",
  "fast",
  "slow",
  "blocking",
  "dangerous",
  "connection",
  "transaction",
  "scripting",
] as const;

export type Category = (typeof CATEGORIES)[number];

/** All the rows of one group, by lower-case command name; the group is the one COMMAND DOCS names. */
export interface CommandGroup {
  /** `string`, `hash`, `set`, `sorted-set`, `generic`, `connection`, `server` … */
  readonly name: string;
  readonly rows: Readonly<Record<string, CommandRow>>;
}

/** What a handler is given. One is alive at a time; it is not to be kept after the handler returned. */
export interface Context {
  /** The database that the client selected. */
  readonly db: Database;
  /** All databases: for MOVE, COPY … DB, SWAPDB, FLUSHALL. */
  readonly keyspace: Keyspace;
  /** What replicas are told of the command, where that is not the command as it came. */
  readonly propagation: Propagation;
  /** Unix time in ms, fixed at the first attempt of the command. */
  readonly nowMs: number;
  /** Fixed at the first attempt: a repeated attempt draws the same numbers. */
  readonly random: Random;
  /** The protocol version of the client: 2 or 3. */
  readonly resp: 2 | 3;
  /** The client that sent the command. */
  readonly client: Client;
  /** The key that woke the client from a `WaitFor`: only that one may be served. Null when the request is new. */
  readonly wokenBy: Bytes | null;
  readonly watches: Watches;
  /** Runs another command as a part of this one, with its own errors as replies: EXEC, scripts. Only where undoing is prepared. */
  call(command: Command, args: readonly Bytes[]): Reply;
  /** The same for what a script calls. */
  readonly scripts: ScriptCaller;
  /**
   * Work outside of the keyspace that must be done once: when the command, and a transaction around it, is final.
   * It is told the batch that must be written before anybody may see what it tells of, 0 for none.
   */
  afterwards(work: (batch: number) => void): void;
  /** The process around it: options, statistics, clients, the command table. */
  readonly server: Server;
}
