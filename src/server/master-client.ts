import type { ClientType } from "../commands/host.ts";
import { Transaction } from "../commands/transaction.ts";
import { type Caller, PENDING } from "../executor/caller.ts";
import { Subscriptions } from "../pubsub/subscriptions.ts";
import type { MasterCommands, MasterStream } from "../replication/master-stream.ts";
import { closeReply } from "../resp/close-reply.ts";
import { ErrorReply, type Reply, Status } from "../resp/reply.ts";
import type { Bytes } from "../support/bytes.ts";
import type { ClientTracking } from "../tracking/client-tracking.ts";
import { describeClient } from "./client-line.ts";
import type { Connection } from "./connection.ts";
import type { Peer } from "./peer.ts";
import type { CommandRunner } from "./session-host.ts";

export interface MasterClientOptions {
  readonly id: number;
  readonly peer: Peer;
  readonly descriptor: () => number;
  readonly executor: CommandRunner;
  /** The database that the stream has selected. */
  readonly dbIndex: number;
  readonly stream: MasterStream;
  /** A command of the master's was answered with an error, which it never hears. */
  readonly onError: (error: ErrorReply, commandName: string) => void;
  readonly onGone: (client: MasterClient) => void;
}

/** Nothing is ever sent to it. */
const NO_OUTPUT = { bytes: 0, heldBytes: 0, partCount: 0 };

/** The master as a client of this server: what it sends is run as it comes, without questions and without replies. */
export class MasterClient implements Caller, Connection, MasterCommands {
  readonly id: number;
  readonly address: Bytes;
  readonly localAddress: Bytes;
  readonly isLocal: boolean;
  readonly isUnix = false;
  readonly type: ClientType = "master";
  readonly createdAtMs = Date.now();
  readonly subscriptions = new Subscriptions();
  readonly authRequired = false;
  readonly output = NO_OUTPUT;
  readonly hasTouchedWatches = false;
  readonly isReading = true;
  readonly isWriting = false;
  readonly isClosing = false;
  dbIndex: number;
  resp: 2 | 3 = 2;
  name: Bytes = "";
  libraryName: Bytes = "";
  libraryVersion: Bytes = "";
  user: Bytes = "default";
  authenticated = true;
  noEvict = false;
  isMonitor = false;
  tracking: ClientTracking | null = null;
  blocked = false;
  transaction: Transaction | null = null;
  lastCommand = "";
  isClosed = false;
  profile = null;
  readonly source = null;
  readonly replica = null;
  readonly hasPendingReplies = false;
  changesOffset = 0;
  readonly #options: MasterClientOptions;
  #request: readonly Bytes[] = [];
  /** `resume` came before `execute` returned. */
  #isAnswered = false;

  constructor(options: MasterClientOptions) {
    this.#options = options;
    this.id = options.id;
    this.address = options.peer.address;
    this.localAddress = options.peer.localAddress;
    this.isLocal = options.peer.isLocal;
    this.dbIndex = options.dbIndex;
  }

  // ─── what it sends ─────────────────────────────────────────────────────────────────────────────

  get isInTransaction(): boolean {
    return this.transaction !== null;
  }

  run(args: readonly Bytes[]): boolean {
    const { executor } = this.#options;
    this.#request = args;
    const reply = executor.execute(this, args);
    if (reply !== PENDING) {
      this.#answered(reply);
      return true;
    }
    this.#isAnswered = false;
    // Its commands were run by it already: what blocks there and is told all the same finds what it found.
    if (executor.blocked.isWaiting(this)) executor.blocked.release(this, null);
    return this.#isAnswered;
  }

  resume(reply: Reply): void {
    if (this.isClosed) {
      closeReply(reply);
      return;
    }
    this.#answered(reply);
    if (this.#options.executor.blocked.isWaiting(this)) return;
    this.#isAnswered = true;
    this.#options.stream.resume();
  }

  #answered(reply: Reply): void {
    if (typeof reply !== "object" || reply === null || reply instanceof Status) return;
    if (reply instanceof ErrorReply) this.#options.onError(reply, this.lastCommand);
    else if (Array.isArray(reply)) {
      for (const part of reply as readonly Reply[]) {
        if (part instanceof ErrorReply) this.#options.onError(part, this.lastCommand);
      }
    }
    closeReply(reply);
  }

  upcoming(limit: number): readonly (readonly Bytes[])[] {
    return this.#options.stream.upcoming(limit);
  }

  /** What it sent and was not run yet is void: it sends that again. */
  get isCancelled(): boolean {
    return this.isClosed;
  }

  // ─── as one of the clients ─────────────────────────────────────────────────────────────────────

  get descriptor(): number {
    return this.#options.descriptor();
  }

  get inputBytes(): number {
    return this.#options.stream.waitingBytes;
  }

  get argumentBytes(): number {
    return this.#request.reduce((sum, arg) => sum + arg.length, 0);
  }

  get lastInteractionMs(): number {
    return this.#options.stream.lastReadMs;
  }

  describe(nowMs: number): Bytes {
    return describeClient(this, nowMs);
  }

  startTransaction(): void {
    this.transaction = new Transaction();
  }

  endTransaction(): void {
    this.transaction = null;
  }

  setReplies(): void {}

  follow(): void {}

  push(): void {}

  afterReply(work: () => void): void {
    setImmediate(work);
  }

  reset(): void {}

  tick(): void {}

  closeAfterReply(): void {
    this.close();
  }

  finish(): void {
    this.close();
  }

  close(): void {
    this.#options.stream.close("it was closed");
  }

  /** The connection is over. */
  end(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#options.executor.forget(this);
    this.#options.onGone(this);
  }
}
