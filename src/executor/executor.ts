import { type Effect, effectOf } from "../commands/effect.ts";
import type { Server } from "../commands/host.ts";
import type { Command } from "../commands/registered-command.ts";
import { hidesData, refusesWrites } from "../commands/replica-rules.ts";
import type { CommandTable } from "../commands/table.ts";
import { WaitFor } from "../commands/wait-for.ts";
import { CommandError } from "../errors.ts";
import type { Keyspace } from "../keyspace/keyspace.ts";
import { QUEUED, type Reply } from "../resp/reply.ts";
import { Attempt, Fault } from "../storage/attempt.ts";
import type { Bytes } from "../support/bytes.ts";
import { monotonicMs, unixMsAt } from "../support/clock.ts";
import { Random } from "../support/random.ts";
import { Accounts } from "./accounts.ts";
import { Aside } from "./aside.ts";
import { AttemptRunner } from "./attempt-runner.ts";
import { BlockedClients } from "./blocked.ts";
import { BusyScript, Suspended } from "./busy-script.ts";
import { type Caller, PENDING } from "./caller.ts";
import { Changes } from "./changes.ts";
import { check, type CheckState } from "./checks.ts";
import { Completion, type ReplicationSink } from "./completion.ts";
import { CommandContext } from "./context.ts";
import type { DiskHealth } from "./disk-health.ts";
import { Gates } from "./gates.ts";
import { lookAhead, readAhead, type ReadAhead } from "./look-ahead.ts";
import { Monitors } from "./monitors.ts";
import { Notifications } from "./notifications.ts";
import { OwnWork } from "./own-work.ts";
import { PendingCommands } from "./pending-commands.ts";
import { ScriptCalls } from "./script-calls.ts";
import { type Outcome, Serving, type ServingHost } from "./serving.ts";
import type { Statistics } from "./statistics.ts";
import { type CallsOptions, TransactionCalls } from "./transaction-calls.ts";
import { WatchTable } from "./watches.ts";

export interface ExecutorOptions {
  readonly keyspace: Keyspace;
  readonly commands: CommandTable;
  readonly disk: DiskHealth;
  /** Takes what commands tell replicas. */
  readonly stream: ReplicationSink;
  readonly isReadonly: () => boolean;
  /** Bytes that may wait to be written before further writes wait themselves. */
  readonly maxBacklogBytes: () => number;
  readonly logBug: (message: string, error: unknown) => void;
}

/**
 * All that happens around a command, once: find, check, run, fault and retry, account. Here is what comes first, and the
 * putting together of the rest: an attempt (`AttemptRunner`), what it leaves behind (`Completion`), what has to be tried
 * again (`PendingCommands`).
 *
 * One command runs at a time, to its end or to a fault. A fault throws the attempt away; when what was
 * missing is in memory the handler runs again from its start, with the same time and random numbers.
 */
export class Executor {
  /** After `execute` returned a reply: the batch that must be written before it may leave, 0 for none. */
  replyBatch = 0;
  readonly statistics: Statistics;
  readonly monitors = new Monitors();
  readonly #options: ExecutorOptions;
  readonly #keyspace: Keyspace;
  readonly #context: CommandContext;
  readonly #checks: CheckState;
  readonly #seeds = new Random(Date.now() + process.pid * 0x1_0000_0000);
  #server: Server | null = null;
  /** For the next command; one that faults keeps its own. */
  #attempt = new Attempt();
  readonly #accounts: Accounts;
  readonly #serving: Serving;
  readonly #completion: Completion;
  readonly #attempts: AttemptRunner;
  readonly #pending: PendingCommands;
  readonly busy: BusyScript<Outcome>;
  readonly ownWork: OwnWork;
  readonly #aside: Aside;
  readonly #gates: Gates;
  readonly changes: Changes;
  readonly watches: WatchTable;
  readonly blocked: BlockedClients;

  /** An error of a handler that is none of its replies is a bug. */
  readonly #asCommandError = (error: unknown, command: Command): CommandError => {
    if (error instanceof CommandError) return error;
    this.#options.logBug(`Command '${command.fullName}' failed`, error);
    return INTERNAL_ERROR;
  };

  constructor(options: ExecutorOptions) {
    this.#options = options;
    this.#keyspace = options.keyspace;
    this.changes = new Changes(options.keyspace);
    this.watches = new WatchTable(this.changes.refresh);
    this.blocked = new BlockedClients(options.keyspace, this.changes.refresh, (command, error) => {
      command.statistics.calls++;
      if (error === null) return;
      command.statistics.failed++;
      this.statistics.countError(error);
    });
    this.changes.add(this.watches);
    this.changes.add(this.blocked);
    this.#context = new CommandContext(options.keyspace, this.#seeds, this.watches);
    this.#accounts = new Accounts(options.keyspace.committer);
    this.statistics = this.#accounts.statistics;
    this.#serving = new Serving(this.#servingHost(), this.blocked);
    const calls: CallsOptions = {
      keyspace: options.keyspace,
      context: this.#context,
      accounts: this.#accounts,
      monitors: this.monitors,
      changes: this.changes,
      asCommandError: this.#asCommandError,
    };
    const scripts = new ScriptCalls(calls);
    this.#context.scripts = scripts;
    const transactions = new TransactionCalls(calls);
    this.#context.call = (command, args) => transactions.call(command, args);
    this.busy = new BusyScript(
      {
        goOn: (state) => this.#attempts.goOn(state),
        giveUp: (state, isVoid) => this.#attempts.giveUp(state, isVoid),
      },
      options.keyspace.committer,
      () => this.#server!.log,
    );
    this.#gates = new Gates({
      keyspace: options.keyspace,
      serving: this.#serving,
      busy: this.busy,
      pause: () => this.#server!.pause,
      maxBacklogBytes: options.maxBacklogBytes,
    });
    this.ownWork = new OwnWork({
      keyspace: options.keyspace,
      gates: this.#gates,
      disk: options.disk,
      isReadonly: options.isReadonly,
      busy: this.busy,
      finish: (attempt) => this.#completion.finish(null, attempt),
    });
    this.#completion = new Completion({
      keyspace: options.keyspace,
      context: this.#context,
      changes: this.changes,
      scripts,
      serving: this.#serving,
      stream: options.stream,
      ownWork: this.ownWork,
    });
    this.#attempts = new AttemptRunner({
      keyspace: options.keyspace,
      context: this.#context,
      completion: this.#completion,
      accounts: this.#accounts,
      monitors: this.monitors,
      watches: this.watches,
      blocked: this.blocked,
      asCommandError: this.#asCommandError,
    });
    this.#aside = new Aside(
      options.keyspace,
      this.#seeds,
      this.watches,
      this.#accounts,
      this.#asCommandError,
    );
    this.#checks = {
      isReadonly: options.isReadonly,
      disk: options.disk,
      config: () => this.#server!.config,
      loading: () => this.#server!.loading,
      refusesWrites: () => refusesWrites(this.#server!),
      lacksReplicas: () => this.#server!.replication.replicas.areTooFew,
      hidesData: () => hidesData(this.#server!),
      busy: this.busy,
    };
    this.#pending = new PendingCommands({
      attempts: this.#attempts,
      gates: this.#gates,
      busy: this.busy,
      blocked: this.blocked,
      completion: this.#completion,
      checks: this.#checks,
      statistics: this.statistics,
      pause: () => this.#server!.pause,
      asCommandError: this.#asCommandError,
    });
  }

  /** The process around it, which is made after the executor. */
  attach(server: Server): void {
    this.#server = server;
    this.#context.server = server;
    this.#aside.attach(server);
    this.#accounts.attach(server);
    this.ownWork.attach(server);
    this.#completion.attach(new Notifications(this.#keyspace, server));
    this.changes.add(server.tracking);
    server.tracking.onInterest = this.changes.refresh;
  }

  /** Clients will read these keys at once (`Entries.touch`): about how many of them are not in memory. */
  touch(dbIndex: number, keys: readonly Bytes[]): number {
    return this.#keyspace.databases[dbIndex]!.entries.touch(keys);
  }

  /** The same of requests that name more than a key, with a key of each. */
  touchFor(dbIndex: number, keys: readonly Bytes[], requests: readonly (readonly Bytes[])[]): number {
    return this.#keyspace.databases[dbIndex]!.entries.touchFor(keys, requests);
  }

  /** Those callers whose requests are better run when what they lack has been read. */
  readAhead<Of extends Caller>(callers: readonly Of[]): ReadAhead<Of>[] {
    return readAhead(this.#keyspace, this.#options.commands, callers);
  }

  /** Runs a request. PENDING: `caller.resume` brings the reply. */
  execute(caller: Caller, args: readonly Bytes[]): Reply | typeof PENDING {
    this.replyBatch = 0;
    let command: Command | undefined;
    let effect: Effect;
    if (caller.tracking !== null) this.#endCaching(caller);
    try {
      command = this.#options.commands.resolve(args);
      caller.lastCommand = command.fullName;
      command.checkArity(args.length);
      effect = effectOf(caller, command, args, this.#server!);
      check(this.#checks, caller, command, effect);
      if (this.#server!.tracking.isTooLarge) this.#server!.tracking.shrink();
      if (caller.transaction !== null && !RUNS_IN_TRANSACTION.has(command.fullName)) {
        if (command.isNoMulti) throw NOT_IN_TRANSACTION;
        caller.transaction.add(command, args, effect);
        return QUEUED;
      }
    } catch (error) {
      return this.#rejected(caller, command, error);
    }
    if (this.busy.script !== null) {
      const reply = this.#aside.run(caller, command, args);
      if (reply !== undefined) return reply;
    }
    const wait = this.#gates.before(command, effect, args);
    if (wait !== null) {
      void this.#pending.runLater(wait, caller, command, args, effect);
      return PENDING;
    }
    const attempt = this.#attempt;
    const startedMs = monotonicMs();
    const nowMs = unixMsAt(startedMs);
    const result = this.#attempts.run(caller, command, args, attempt, startedMs, nowMs);
    if (!(result instanceof Fault || result instanceof Suspended)) {
      if (attempt.isUsed) attempt.renew();
      if (result instanceof WaitFor) {
        this.blocked.add(caller, command, args, result);
        return PENDING;
      }
      this.replyBatch = this.#completion.batchToWaitFor(attempt);
      return result as Reply;
    }
    this.#attempt = new Attempt();
    lookAhead(this.#keyspace, this.#options.commands, caller);
    void this.#pending.runAgain(result, caller, command, args, attempt, nowMs, effect);
    return PENDING;
  }

  /** CLIENT CACHING was for one command, or transaction, and that is over. */
  #endCaching({ tracking, transaction, lastCommand }: Caller): void {
    if (transaction === null && !lastCommand.startsWith("client|")) tracking!.isCaching = false;
  }

  #servingHost(): ServingHost {
    return {
      tryBlocked: (ready, attempt, nowMs) => {
        const { caller, command, args } = ready.blocked;
        return this.#attempts.run(caller, command, args, attempt, monotonicMs(), nowMs, ready);
      },
      fetch: (fault) => this.#gates.fetch(fault),
      batchToWaitFor: (attempt) => this.#completion.batchToWaitFor(attempt),
      failed: (ready, error) => {
        const failure = this.#asCommandError(error, ready.blocked.command);
        this.statistics.countError(failure);
        return failure.reply;
      },
    };
  }

  #rejected(caller: Caller, command: Command | undefined, error: unknown): Reply {
    if (!(error instanceof CommandError)) throw error;
    if (command !== undefined) command.statistics.rejected++;
    if (command?.fullName !== "exec") {
      this.statistics.countError(error);
      if (caller.transaction !== null) caller.transaction.isBroken = true;
      return error.reply;
    }
    caller.endTransaction();
    this.watches.unwatch(caller);
    const reason = error.reply.message.replace(/^ERR /, "");
    const abort = new CommandError(`EXECABORT Transaction discarded because of: ${reason}`);
    this.statistics.countError(abort);
    return abort.reply;
  }

  /** The client is gone. */
  forget(caller: Caller): void {
    this.blocked.remove(caller);
    this.watches.unwatch(caller);
  }

  /**
   * Nothing runs any more: the store is about to be closed. Commands whose clients are gone may still wait for their
   * data; they were not acknowledged.
   */
  end(): void {
    this.#gates.end();
  }

  /** Runs `change` (an exchange of the store, a SAVE) while no command does. */
  async holding(change: () => Promise<void>): Promise<void> {
    await this.#gates.holding(change);
  }
}

/** What is not queued between MULTI and EXEC. */
const RUNS_IN_TRANSACTION: ReadonlySet<string> = new Set([
  "multi",
  "exec",
  "discard",
  "watch",
  "quit",
  "reset",
]);

const NOT_IN_TRANSACTION = new CommandError("ERR Command not allowed inside a transaction");

const INTERNAL_ERROR = new CommandError("ERR internal error");
