import type { Config } from "../config/config.ts";
import type { CommandError } from "../errors.ts";
import type { LatencyMonitor } from "../metrics/latency-monitor.ts";
import type { LoadingProgress } from "../metrics/loading-progress.ts";
import type { ProcessMemory } from "../metrics/process-memory.ts";
import type { SlowLog } from "../metrics/slow-log.ts";
import type { PubSub } from "../pubsub/pubsub.ts";
import type { Subscriptions } from "../pubsub/subscriptions.ts";
import type { RdbSaver } from "../rdb/save/saver.ts";
import type { ConnectedReplica, ReplicaLink } from "../replication/connected-replica.ts";
import type { ReplicaProfile } from "../replication/replica-profile.ts";
import type { Replication } from "../replication/replication.ts";
import type { Push, Reply, Status } from "../resp/reply.ts";
import type { Backup } from "../storage/backup.ts";
import type { Progress } from "../storage/collector/sweep.ts";
import type { LogRewrite } from "../storage/log-rewrite.ts";
import type { Bytes } from "../support/bytes.ts";
import type { Int64 } from "../support/integers.ts";
import type { Log } from "../support/log.ts";
import type { ClientTracking } from "../tracking/client-tracking.ts";
import type { Tracking } from "../tracking/tracking.ts";
import type { Scripting } from "./scripting/scripting.ts";
import type { RunningScript } from "./suspension.ts";
import type { CommandTable } from "./table.ts";
import type { Transaction } from "./transaction.ts";
import type { WaitFor } from "./wait-for.ts";

/**
 * What a handler may know of the client that sent the command and of the process around it. The server
 * layer implements both; handlers never see a socket.
 */

export type ClientType = "normal" | "replica" | "pubsub" | "master";

/** One connection. */
export interface Client {
  /** Unique for the life of the process, increasing. */
  readonly id: number;
  /** `ip:port`, `[ip]:port`, or `path:0` for a unix socket. */
  readonly address: Bytes;
  readonly localAddress: Bytes;
  /** It came over the loopback interface or a unix socket. */
  readonly isLocal: boolean;
  readonly type: ClientType;
  readonly subscriptions: Subscriptions;
  readonly createdAtMs: number;
  dbIndex: number;
  resp: 2 | 3;
  /** Empty when the client has not given itself a name. */
  name: Bytes;
  libraryName: Bytes;
  libraryVersion: Bytes;
  user: Bytes;
  /** Logged in, or connected while no password was set. */
  authenticated: boolean;
  /** It has to log in before it may do anything else. */
  readonly authRequired: boolean;
  noEvict: boolean;
  /** MONITOR: it is told of every command. */
  isMonitor: boolean;
  /** It came over a unix socket. */
  readonly isUnix: boolean;
  /** It waits: for a CLIENT PAUSE to end, or in a blocking command. Not: for a read from disk. */
  blocked: boolean;
  /** CLIENT TRACKING, null: off. */
  tracking: ClientTracking | null;
  /** What it has queued since MULTI, null outside of a transaction. */
  readonly transaction: Transaction | null;
  /** Full name of its last command, `client|list`; empty before the first. */
  lastCommand: string;
  /** What REPLCONF said of it, null: nothing. */
  profile: ReplicaProfile | null;
  /** What it is as one who follows this server, null: it does not. */
  readonly replica: ConnectedReplica | null;
  /** Bytes of the stream of changes behind its last command: what WAIT waits for. */
  changesOffset: number;
  /** Of its last replies not all is with its connection. */
  readonly hasPendingReplies: boolean;
  /** It becomes a replica: from now on it is not answered any more. */
  follow(create: (link: ReplicaLink) => ConnectedReplica): void;
  /** It is gone: nobody waits for a reply. */
  readonly isClosed: boolean;
  startTransaction(): void;
  /** EXEC ran it, or DISCARD threw it away. */
  endTransaction(): void;
  /** CLIENT REPLY. `skip` drops the reply of the next command only. */
  setReplies(mode: "on" | "off" | "skip"): void;
  /** Its line in CLIENT LIST, without the line feed. */
  describe(nowMs: number): Bytes;
  /**
   * Sends what the client did not ask for: in order with its replies, whatever CLIENT REPLY says, in its protocol
   * version. Not before `batch` is written (0: at once); if that fails, it is not sent at all. One `Push` for many
   * clients, one after the other, is encoded once. To be called when the command is final: `Context.afterwards`.
   */
  push(push: Push | Status, batch: number): void;
  /** Does something right behind the reply to the command that runs; not at all if the client goes before that. */
  afterReply(work: () => void): void;
  /** As if it had just connected: RESET. */
  reset(): void;
  /** Hangs up when all replies so far, this command's too, have been sent. */
  closeAfterReply(): void;
  /** Hangs up now. What was not sent yet is lost. */
  close(): void;
}

/** Who is connected. Iteration is in order of connection. */
export interface Clients extends Iterable<Client> {
  readonly size: number;
  byId(id: number): Client | undefined;
  /** The largest buffers that any client had in the last seconds, in bytes. */
  readonly recentMaxInputBuffer: number;
  readonly recentMaxOutputBuffer: number;
}

/** Clients in blocking commands. */
export interface BlockedView {
  isWaiting(client: Client): boolean;
  /** It waits for just that. */
  isWaitingFor(client: Client, wait: WaitFor): boolean;
  /** Ends the wait with a reply; null: as if its time were over. */
  release(client: Client, reply: Reply | null): void;
  fail(client: Client, error: CommandError): void;
}

/** CLIENT PAUSE: `write` holds commands that change data, `all` holds everything. */
export type PauseMode = "off" | "write" | "all";

/** Who holds the clients: CLIENT PAUSE, or the server itself until its replicas have everything. */
export type PausePurpose = "command" | "failover" | "shutdown";

export interface Pause {
  readonly mode: PauseMode;
  /** Unix time in ms. */
  readonly untilMs: number;
  /** Resolves when the pause is over, at once when there is none: the executor holds commands by it. */
  readonly over: Promise<void>;
  /** A second pause for the same purpose never shortens or loosens the first. Infinity: until it is ended. */
  start(mode: "write" | "all", untilMs: number, purpose?: PausePurpose): void;
  end(purpose?: PausePurpose): void;
}

/** What INFO tells of the network. Counters since the start or CONFIG RESETSTAT; rates over the last 1.6 s. */
export interface Traffic {
  readonly connectionsReceived: number;
  readonly connectionsRejected: number;
  /** Without those of masters. */
  readonly inputBytes: number;
  /** Without those to replicas. */
  readonly outputBytes: number;
  readonly replicaOutputBytes: number;
  readonly replicaOutputBytesPerSecond: number;
  readonly masterInputBytesPerSecond: number;
  /** All of it. */
  readonly inputBytesPerSecond: number;
  readonly outputBytesPerSecond: number;
  readonly commandsPerSecond: number;
  readonly readsProcessed: number;
  readonly writesProcessed: number;
  resetCounters(): void;
}

/** What INFO tells of the executor. */
export interface CommandCounters {
  readonly commandsProcessed: number;
  readonly keyspaceHits: number;
  readonly keyspaceMisses: number;
  readonly errorReplies: number;
  readonly errorsByCode: ReadonlyMap<string, number>;
  /** Attempts that were thrown away because something was not in memory. */
  readonly restarts: number;
  reset(): void;
}

/** Keys on their way to another server. */
export interface Migration {
  readonly host: Bytes;
  readonly port: number;
  /** The database there, as the client named it. */
  readonly db: Int64;
  /** The longest that nothing may move. */
  readonly timeoutMs: number;
  /** What AUTH takes there. */
  readonly credentials: readonly Bytes[] | null;
  readonly commands: readonly (readonly Bytes[])[];
}

export interface MigrationResult {
  /** Which of the commands were not answered with an error, as far as they were answered. */
  readonly answers: readonly boolean[];
  /** The first error that the other server answered. */
  readonly error: Bytes | null;
  /** What was being done when the connection failed. */
  readonly failure: "connecting" | "writing" | "reading" | null;
}

export interface Migrations {
  /** Connections that are kept for the next time. */
  readonly idleConnections: number;
  send(migration: Migration): Promise<MigrationResult>;
}

/** The process. */
export interface Server {
  readonly counters: CommandCounters;
  readonly config: Config;
  readonly commands: CommandTable;
  readonly clients: Clients;
  readonly pause: Pause;
  readonly blocked: BlockedView;
  readonly pubsub: PubSub;
  readonly tracking: Tracking;
  readonly traffic: Traffic;
  readonly memory: ProcessMemory;
  readonly slowLog: SlowLog;
  readonly latency: LatencyMonitor;
  readonly monitors: { add(client: Client): void };
  /** The removal of expired keys that nobody asks for: DEBUG SET-ACTIVE-EXPIRE. */
  readonly expiryWalk: { isActive: boolean };
  readonly collector: { readonly progress: Progress };
  /** `failure`: what writes are answered while the disk takes nothing, null when all is well; `refusal`: at all. */
  readonly disk: { readonly failure: CommandError | null; readonly refusal: CommandError | null };
  readonly saver: RdbSaver;
  readonly logRewrite: LogRewrite;
  /** Loads the RDB file of the options; false when it could not, which is logged. */
  readonly reload: (mode: { readonly flush: boolean; readonly merge: boolean }) => Promise<boolean>;
  readonly backup: Backup;
  /** DEBUG SET-SKIP-CHECKSUM-VALIDATION: whether RESTORE looks at checksums. */
  readonly payloads: { checksChecksums: boolean };
  readonly migrations: Migrations;
  /** A load of data that is going on, null when there is none. */
  readonly loading: LoadingProgress | null;
  readonly scripting: Scripting;
  readonly replication: Replication;
  /** A script that is over its time, null when none is. */
  readonly busy: { readonly script: RunningScript | null };
  readonly log: Log;
  /** 40 hexadecimal digits, new at every start. */
  readonly runId: string;
  readonly startedAtMs: number;
  /** Where TCP is listened to, 0 when it is not: the real port, also when port 0 was asked for. */
  readonly port: number;
  /** Listens on other addresses, as `bind` and `port` have them; false when it could not, and listens as before. */
  listenOn(bind: readonly Bytes[], port: number): Promise<boolean>;
  /** Listens on what the options say. */
  listenAsConfigured(): void;
  /**
   * The orderly stop, after the handler returned; `orders`: words of SHUTDOWN. `client` waits in a blocking command, and
   * is answered only if the server does not stop.
   */
  shutdown(orders: readonly string[], client: Client): void;
}
