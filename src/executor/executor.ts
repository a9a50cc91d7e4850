import type { Client, Server } from "../commands/host.ts";
import type { Command } from "../commands/registered-command.ts";
import type { CommandTable } from "../commands/table.ts";
import { WaitFor } from "../commands/wait-for.ts";
import { CommandError } from "../errors.ts";
import type { Keyspace } from "../keyspace/keyspace.ts";
import { closeReply } from "../resp/close-reply.ts";
import { QUEUED, type Reply } from "../resp/reply.ts";
import { Attempt, Fault } from "../storage/attempt.ts";
import { Undo } from "../storage/undo.ts";
import type { Bytes } from "../support/bytes.ts";
import { Random } from "../support/random.ts";
import { Accounts, type Run } from "./accounts.ts";
import { BlockedClients, type Ready } from "./blocked.ts";
import { type Caller, PENDING } from "./caller.ts";
import { Changes } from "./changes.ts";
import { check, type CheckState } from "./checks.ts";
import { CommandContext } from "./context.ts";
import type { DiskHealth } from "./disk-health.ts";
import { Monitors } from "./monitors.ts";
import { Notifications } from "./notifications.ts";
import { NOT_SERVED, type Outcome, Serving, type ServingHost } from "./serving.ts";
import type { Statistics } from "./statistics.ts";
import { WatchTable } from "./watches.ts";

export interface ExecutorOptions {
  readonly keyspace: Keyspace;
  readonly commands: CommandTable;
  readonly disk: DiskHealth;
  readonly isReadonly: () => boolean;
  /** Bytes that may wait to be written before further writes wait themselves. */
  readonly maxBacklogBytes: () => number;
  readonly logBug: (message: string, error: unknown) => void;
}

/** Pipelined requests whose keys are fetched while one waits for its own. */
const LOOK_AHEAD = 64;

/**
 * All that happens around a command, once: find, check, run, fault and retry, account.
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
  #notifications: Notifications | null = null;
  /** For the next command; one that faults keeps its own. */
  #attempt = new Attempt();
  #isTrimScheduled = false;
  /** Set while the store is exchanged: everything waits. */
  #hold: Promise<void> | null = null;
  readonly #accounts: Accounts;
  readonly #serving: Serving;
  readonly changes: Changes;
  readonly watches: WatchTable;
  readonly blocked: BlockedClients;

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
    this.#context = new CommandContext(options.keyspace, this.#seeds, this.watches, (command, args) =>
      this.#call(command, args),
    );
    this.#accounts = new Accounts(options.keyspace.committer);
    this.statistics = this.#accounts.statistics;
    this.#serving = new Serving(this.#servingHost(), this.blocked);
    this.#checks = { isReadonly: options.isReadonly, disk: options.disk, config: () => this.#server!.config };
  }

  /** The process around it, which is made after the executor. */
  attach(server: Server): void {
    this.#server = server;
    this.#context.server = server;
    this.#accounts.attach(server);
    this.#notifications = new Notifications(this.#keyspace, server);
    this.changes.add(server.tracking);
    server.tracking.onInterest = this.changes.refresh;
  }

  /** Commands that run or wait for their data. */
  running = 0;

  /** Runs a request. PENDING: `caller.resume` brings the reply. */
  execute(caller: Caller, args: readonly Bytes[]): Reply | typeof PENDING {
    this.replyBatch = 0;
    let command: Command | undefined;
    if (caller.tracking !== null) this.#endCaching(caller);
    try {
      command = this.#options.commands.resolve(args);
      caller.lastCommand = command.fullName;
      command.checkArity(args.length);
      check(this.#checks, caller, command);
      if (this.#server!.tracking.isTooLarge) this.#server!.tracking.shrink();
      if (caller.transaction !== null && !RUNS_IN_TRANSACTION.has(command.fullName)) {
        if (command.isNoMulti) throw NOT_IN_TRANSACTION;
        caller.transaction.add(command, args);
        return QUEUED;
      }
    } catch (error) {
      return this.#rejected(caller, command, error);
    }
    const wait = this.#reasonToWait(caller, command);
    if (wait !== null) {
      this.running++;
      void this.#runLater(wait, caller, command, args);
      return PENDING;
    }
    const attempt = this.#attempt;
    const nowMs = Date.now();
    const result = this.#try(caller, command, args, attempt, nowMs);
    if (!(result instanceof Fault)) {
      if (attempt.isUsed) this.#renewAttempt(attempt);
      if (result instanceof WaitFor) {
        this.blocked.add(caller, command, args, result);
        return PENDING;
      }
      this.replyBatch = this.#batchToWaitFor(attempt);
      return result as Reply;
    }
    this.#attempt = new Attempt();
    this.running++;
    this.#lookAhead(caller);
    void this.#runAgain(result, caller, command, args, attempt, nowMs);
    return PENDING;
  }

  #batchToWaitFor(attempt: Attempt): number {
    return attempt.batch > this.#keyspace.committer.written ? attempt.batch : 0;
  }

  /** One attempt: a reply, or the fault that it met. `ready`: for a blocked client. */
  #try(
    caller: Caller,
    command: Command,
    args: readonly Bytes[],
    attempt: Attempt,
    nowMs: number,
    ready: Ready | null = null,
  ): Outcome {
    const context = this.#context;
    const keyspace = this.#keyspace;
    keyspace.reading.attempt = attempt;
    keyspace.setTime(nowMs);
    attempt.restart();
    const { dbIndex } = caller;
    if (command.runsOthers) {
      const { changes } = keyspace;
      attempt.undo ??= new Undo();
      attempt.undo.add(() => (keyspace.changes = changes));
    }
    context.begin(caller, attempt, nowMs, ready?.key ?? null);
    const startedMs = performance.now();
    let result: Reply | WaitFor;
    let failure: CommandError | null = null;
    try {
      if (ready !== null && !this.blocked.canServe(ready)) return NOT_SERVED;
      keyspace.events.tellsMisses = command.isReadonly;
      keyspace.hidesChanges = command.hidesChanges;
      result = command.run!(context, args);
    } catch (error) {
      if (error instanceof Fault) {
        this.statistics.restarts++;
        caller.dbIndex = dbIndex;
        this.#takeBack(attempt);
        return error;
      }
      failure = this.#asCommandError(error, command);
      result = failure.reply;
    }
    const tookMs = performance.now() - startedMs;
    // Who was blocked was shown when it began to wait. A transaction ends behind the commands in it.
    if (!this.monitors.isEmpty && ready === null) {
      if (command.runsOthers) context.afterwards(() => this.#show(caller, command, args));
      else this.#show(caller, command, args);
    }
    if (result instanceof WaitFor) {
      // That it found nothing is told now; a client that was woken in vain has nothing to tell.
      if (ready === null) this.#finish(caller, attempt);
    } else {
      const { keyspaceHits, keyspaceMisses, wrote } = attempt;
      this.#accounts.enter({
        client: caller,
        command,
        args,
        tookMs,
        failure,
        keyspaceHits,
        keyspaceMisses,
        wrote,
      });
      this.#finish(caller, attempt);
    }
    // Who had to wait has read its keys when it asked, and knows that they changed before it is served.
    if (caller.tracking !== null && ready === null) this.#keysRead(caller, command, args)?.();
    return result;
  }

  /** A command of a transaction. What it writes can be taken back; that it blocks cannot be. */
  #call(command: Command, args: readonly Bytes[]): Reply {
    const context = this.#context;
    const { attempt } = context;
    const { keyspaceHits, keyspaceMisses } = attempt;
    attempt.undo!.mayWrite = command.isWrite;
    const startedMs = performance.now();
    let reply: Reply;
    let failure: CommandError | null = null;
    try {
      this.#keyspace.events.tellsMisses = command.isReadonly;
      this.#keyspace.hidesChanges = command.hidesChanges;
      const result = command.run!(context, args);
      reply = result instanceof WaitFor ? result.deniedReply : result;
    } catch (error) {
      if (error instanceof Fault) throw error;
      failure = this.#asCommandError(error, command);
      reply = failure.reply;
    }
    const tookMs = performance.now() - startedMs;
    context.replies.push(reply);
    const { client } = context;
    const run: Run = {
      client,
      command,
      args,
      tookMs,
      failure,
      keyspaceHits: attempt.keyspaceHits - keyspaceHits,
      keyspaceMisses: attempt.keyspaceMisses - keyspaceMisses,
      wrote: attempt.wrote,
    };
    context.afterwards(() => this.#accounts.enter(run));
    if (!this.monitors.isEmpty) {
      const { dbIndex } = client;
      context.afterwards(() => this.#show(client, command, args, dbIndex));
    }
    const remember = client.tracking === null ? null : this.#keysRead(client, command, args);
    if (remember !== null) this.changes.note(remember);
    attempt.undo!.mayWrite = false;
    return reply;
  }

  /** What is to be done so that a tracking client is told when the keys of a command that it ran change. */
  #keysRead(client: Client, command: Command, args: readonly Bytes[]): (() => void) | null {
    // A script's own commands read.
    if (!command.isReadonly || command.runsOthers || !client.tracking!.remembersReads) return null;
    const keys = command.keyPositionsOf(args).map((position) => args[position]!);
    return keys.length === 0 ? null : () => this.#server!.tracking.remember(client, keys);
  }

  /** CLIENT CACHING was for one command, or transaction, and that is over. */
  #endCaching({ tracking, transaction, lastCommand }: Caller): void {
    if (transaction === null && !lastCommand.startsWith("client|")) tracking!.isCaching = false;
  }

  /** The attempt is thrown away: nothing of it may stay behind. */
  #takeBack(attempt: Attempt): void {
    this.changes.forget();
    this.#keyspace.events.discard();
    this.#context.forget(closeReply);
    attempt.undo?.rollBack();
  }

  /** The command is final: whoever wants to know of it learns of it, and those who wait for what it did are served. */
  #finish(caller: Caller | null, attempt: Attempt): void {
    const work = this.#context.takeWork();
    for (const step of work) step(this.#batchToWaitFor(attempt));
    attempt.undo = null;
    this.changes.announce(caller, this.#batchToWaitFor(attempt));
    this.#keyspace.hidesChanges = false;
    this.#afterCommand();
    this.#notifications?.deliver(this.#batchToWaitFor(attempt));
    this.changes.announce(caller, this.#batchToWaitFor(attempt), true);
    this.#serving.run();
  }

  #servingHost(): ServingHost {
    return {
      tryBlocked: (ready, attempt, nowMs) => {
        const { caller, command, args } = ready.blocked;
        return this.#try(caller, command, args, attempt, nowMs, ready);
      },
      fetch: (fault) => this.#fetchOnly(fault),
      batchToWaitFor: (attempt) => this.#batchToWaitFor(attempt),
      failed: (ready, error) => {
        const failure = this.#asCommandError(error, ready.blocked.command);
        this.statistics.countError(failure);
        return failure.reply;
      },
    };
  }

  /** To the clients that said MONITOR. */
  #show(client: Client, command: Command, args: readonly Bytes[], dbIndex = client.dbIndex): void {
    this.monitors.feed(client, command, args, dbIndex);
  }

  #afterCommand(): void {
    const keyspace = this.#keyspace;
    keyspace.removeExpired(this.mayRemoveExpired);
    if (keyspace.cache.isFull && !this.#isTrimScheduled) {
      this.#isTrimScheduled = true;
      // Not in the middle of a turn: what the next pipelined command needs may just have been fetched.
      setImmediate(() => {
        this.#isTrimScheduled = false;
        if (!keyspace.cache.trim()) keyspace.committer.applySoon();
      });
    }
  }

  async #runAgain(
    first: Fault,
    caller: Caller,
    command: Command,
    args: readonly Bytes[],
    attempt: Attempt,
    nowMs: number,
  ): Promise<void> {
    let result: Outcome = first;
    try {
      while (result instanceof Fault) {
        await this.#fetch(result);
        this.#refuseUnwritable(caller, command);
        result = this.#try(caller, command, args, attempt, nowMs);
      }
    } catch (error) {
      // The store could not read, or can no longer write.
      const failure = this.#asCommandError(error, command);
      this.statistics.countError(failure);
      result = failure.reply;
    }
    attempt.release();
    this.running--;
    if (result instanceof WaitFor) {
      if (!caller.isClosed) this.blocked.add(caller, command, args, result);
    } else caller.resume(result as Reply, this.#batchToWaitFor(attempt));
  }

  async #fetch(fault: Fault): Promise<void> {
    await this.#fetchOnly(fault);
    while (this.#serving.pending !== null) await this.#serving.pending;
  }

  async #fetchOnly(fault: Fault): Promise<void> {
    try {
      await fault.fetch();
    } catch (error) {
      // The store was exchanged under the fetch: the next attempt asks the new one.
      if (this.#hold === null) throw error;
    }
    if (this.#hold !== null) await this.#hold;
  }

  /** Writing may have failed since the command was checked. */
  #refuseUnwritable(caller: Caller, command: Command): void {
    const { failure } = this.#options.disk;
    if (failure !== null && writes(caller, command)) throw failure;
  }

  async #runLater(
    wait: Promise<void>,
    caller: Caller,
    command: Command,
    args: readonly Bytes[],
  ): Promise<void> {
    for (
      let reason: Promise<void> | null = wait;
      reason !== null;
      reason = this.#reasonToWait(caller, command)
    ) {
      caller.blocked = this.#server!.pause.mode !== "off";
      await reason;
    }
    caller.blocked = false;
    if (caller.isClosed) {
      this.running--;
      return;
    }
    await this.#runAgain(NOTHING_TO_FETCH, caller, command, args, new Attempt(), Date.now());
  }

  /** Not while nothing can be written; and CLIENT PAUSE, and `readonly`, promise that nothing changes. */
  get mayRemoveExpired(): boolean {
    const { disk, isReadonly } = this.#options;
    return disk.failure === null && this.#server!.pause.mode === "off" && !isReadonly();
  }

  /** What must be over before the command may run, null when nothing. */
  #reasonToWait(caller: Caller, command: Command): Promise<void> | null {
    if (this.#hold !== null) return this.#hold;
    if (this.#serving.pending !== null) return this.#serving.pending;
    const { committer } = this.#keyspace;
    const isWrite = writes(caller, command);
    if (isWrite && committer.backlogBytes > this.#options.maxBacklogBytes()) {
      return committer.relieve().catch(() => undefined);
    }
    const { pause } = this.#server!;
    const isPaused = pause.mode === "all" || (pause.mode === "write" && (isWrite || command.mayReplicate));
    return isPaused ? pause.over : null;
  }

  #lookAhead(caller: Caller): void {
    const db = this.#keyspace.databases[caller.dbIndex]!;
    const keys: Bytes[] = [];
    const queued = caller.transaction?.queue.map(({ args }) => args) ?? [];
    for (const args of [...queued, ...caller.upcoming(LOOK_AHEAD)]) {
      const command = this.#options.commands.find(args);
      if (command === undefined || !command.hasArity(args.length)) continue;
      // From here on it is another database.
      if (command.fullName === "select") break;
      for (const position of command.keyPositionsOf(args)) keys.push(args[position]!);
    }
    if (keys.length > 0) db.prefetch(keys);
  }

  #renewAttempt(attempt: Attempt): void {
    attempt.release();
    this.#attempt = new Attempt();
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

  #asCommandError(error: unknown, command: Command): CommandError {
    if (error instanceof CommandError) return error;
    this.#options.logBug(`Command '${command.fullName}' failed`, error);
    return INTERNAL_ERROR;
  }

  /**
   * Work of the server's own on the keyspace, under the same rules as a handler: it may run several times,
   * reads before it writes. Resolves when it is done.
   */
  async runInternally(work: () => void): Promise<void> {
    const attempt = new Attempt();
    const nowMs = Date.now();
    for (;;) {
      if (this.#hold !== null) await this.#hold;
      this.#keyspace.reading.attempt = attempt;
      this.#keyspace.setTime(nowMs);
      attempt.restart();
      try {
        work();
        this.#finish(null, attempt);
        break;
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        await this.#fetch(error);
      }
    }
    attempt.release();
  }

  /** Runs `change` (an exchange of the store) while no command does. */
  async holding(change: () => Promise<void>): Promise<void> {
    let release!: () => void;
    this.#hold = new Promise((resolve) => (release = resolve));
    try {
      await this.#keyspace.committer.quiet();
      await change();
    } finally {
      this.#hold = null;
      release();
    }
  }
}

/** For a command that has not been tried yet. */
const NOTHING_TO_FETCH = new Fault(() => Promise.resolve());

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

/** Whether a command, or what EXEC runs, may change data. */
function writes(caller: Caller, command: Command): boolean {
  return command.isWrite || (command.runsOthers && caller.transaction?.writes === true);
}

const INTERNAL_ERROR = new CommandError("ERR internal error");
