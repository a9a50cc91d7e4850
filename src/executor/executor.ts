import type { Client, Server } from "../commands/host.ts";
import type { Command } from "../commands/registered-command.ts";
import type { CommandTable } from "../commands/table.ts";
import { WaitFor } from "../commands/wait-for.ts";
import { CommandError } from "../errors.ts";
import type { Keyspace } from "../keyspace/keyspace.ts";
import { LatencyHistogram } from "../metrics/latency-histogram.ts";
import type { Reply } from "../resp/reply.ts";
import { Attempt, Fault } from "../storage/attempt.ts";
import type { Bytes } from "../support/bytes.ts";
import { Random } from "../support/random.ts";
import { check, type CheckState } from "./checks.ts";
import { CommandContext } from "./context.ts";
import type { DiskHealth } from "./disk-health.ts";
import { Statistics } from "./statistics.ts";

/** The reply comes later, by `resume`. */
export const PENDING = Symbol("pending");

/** A client as the executor needs it. */
export interface Caller extends Client {
  /** The reply to the request that `execute` left pending, and the batch that it must wait for (0: none). */
  resume(reply: Reply, batch: number): void;
  /** Complete requests that wait behind the one that runs, at most `limit`: their keys are fetched ahead. */
  upcoming(limit: number): readonly (readonly Bytes[])[];
}

export interface ExecutorOptions {
  readonly keyspace: Keyspace;
  readonly commands: CommandTable;
  readonly disk: DiskHealth;
  readonly isReadonly: () => boolean;
  /** Bytes that may wait to be written before further writes wait themselves. */
  readonly maxBacklogBytes: number;
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
  readonly statistics = new Statistics();
  readonly #options: ExecutorOptions;
  readonly #keyspace: Keyspace;
  readonly #context: CommandContext;
  readonly #checks: CheckState;
  readonly #seeds = new Random(Date.now() + process.pid * 0x1_0000_0000);
  #server: Server | null = null;
  /** For the next command; one that faults keeps its own. */
  #attempt = new Attempt();
  #isTrimScheduled = false;
  /** Set while the store is exchanged: everything waits. */
  #hold: Promise<void> | null = null;

  constructor(options: ExecutorOptions) {
    this.#options = options;
    this.#keyspace = options.keyspace;
    this.#context = new CommandContext(options.keyspace, this.#seeds);
    this.#checks = { isReadonly: options.isReadonly, disk: options.disk, config: () => this.#server!.config };
  }

  /** The process around it, which is made after the executor. */
  attach(server: Server): void {
    this.#server = server;
    this.#context.server = server;
  }

  /** Commands that run or wait for their data. */
  running = 0;

  /** Runs a request. PENDING: `caller.resume` brings the reply. */
  execute(caller: Caller, args: readonly Bytes[]): Reply | typeof PENDING {
    this.replyBatch = 0;
    let command: Command | undefined;
    try {
      command = this.#options.commands.resolve(args);
      caller.lastCommand = command.fullName;
      command.checkArity(args.length);
      check(this.#checks, caller, command);
    } catch (error) {
      return this.#rejected(command, error);
    }
    const wait = this.#reasonToWait(command);
    if (wait !== null) {
      this.running++;
      void this.#runLater(wait, caller, command, args);
      return PENDING;
    }
    const attempt = this.#attempt;
    const nowMs = Date.now();
    const result = this.#try(caller, command, args, attempt, nowMs);
    if (!(result instanceof Fault)) {
      this.replyBatch = attempt.batch > this.#keyspace.committer.written ? attempt.batch : 0;
      if (attempt.isUsed) this.#renewAttempt(attempt);
      return result;
    }
    this.#attempt = new Attempt();
    this.running++;
    this.#lookAhead(caller);
    void this.#runAgain(result, caller, command, args, attempt, nowMs);
    return PENDING;
  }

  /** One attempt: a reply, or the fault that it met. */
  #try(
    caller: Caller,
    command: Command,
    args: readonly Bytes[],
    attempt: Attempt,
    nowMs: number,
  ): Reply | Fault {
    const context = this.#context;
    const keyspace = this.#keyspace;
    keyspace.reading.attempt = attempt;
    keyspace.setTime(nowMs);
    attempt.restart();
    context.begin(caller, attempt, nowMs);
    const startedMs = performance.now();
    let reply: Reply;
    let failure: CommandError | null = null;
    try {
      const result = command.run!(context, args);
      reply = result instanceof WaitFor ? result.timeoutReply : result;
    } catch (error) {
      if (error instanceof Fault) {
        this.statistics.restarts++;
        return error;
      }
      failure = this.#asCommandError(error, command);
      reply = failure.reply;
    }
    this.#account(command, args, attempt, performance.now() - startedMs, failure);
    this.#afterCommand();
    return reply;
  }

  #account(
    command: Command,
    args: readonly Bytes[],
    attempt: Attempt,
    tookMs: number,
    failure: CommandError | null,
  ): void {
    const { statistics } = command;
    statistics.calls++;
    statistics.usec += tookMs * 1000;
    if (this.#server!.config.values.latencyTracking) {
      statistics.latency ??= new LatencyHistogram();
      statistics.latency.record(tookMs * 1e6);
    }
    const all = this.statistics;
    all.commandsProcessed++;
    if (command.isReadonly) {
      all.keyspaceHits += attempt.keyspaceHits;
      all.keyspaceMisses += attempt.keyspaceMisses;
    }
    if (failure !== null) {
      statistics.failed++;
      all.countError(failure);
    }
    if (attempt.wrote) this.#keyspace.committer.weigh(bytesOf(args));
  }

  #afterCommand(): void {
    const keyspace = this.#keyspace;
    keyspace.removeExpired(this.mayRemoveExpired);
    if (keyspace.cache.isFull && !this.#isTrimScheduled) {
      this.#isTrimScheduled = true;
      // Not in the middle of a turn: what the next pipelined command needs may just have been fetched.
      setImmediate(() => {
        this.#isTrimScheduled = false;
        keyspace.cache.trim();
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
    let result: Reply | Fault = first;
    try {
      while (result instanceof Fault) {
        await this.#fetch(result);
        this.#refuseUnwritable(command);
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
    caller.resume(result, attempt.batch > this.#keyspace.committer.written ? attempt.batch : 0);
  }

  async #fetch(fault: Fault): Promise<void> {
    try {
      await fault.fetch();
    } catch (error) {
      // The store was exchanged under the fetch: the next attempt asks the new one.
      if (this.#hold === null) throw error;
    }
    if (this.#hold !== null) await this.#hold;
  }

  /** Writing may have failed since the command was checked. */
  #refuseUnwritable(command: Command): void {
    const { failure } = this.#options.disk;
    if (command.isWrite && failure !== null) throw failure;
  }

  async #runLater(
    wait: Promise<void>,
    caller: Caller,
    command: Command,
    args: readonly Bytes[],
  ): Promise<void> {
    for (let reason: Promise<void> | null = wait; reason !== null; reason = this.#reasonToWait(command)) {
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

  /** Not while nothing can be written; and CLIENT PAUSE promises that nothing changes. */
  get mayRemoveExpired(): boolean {
    return this.#options.disk.failure === null && this.#server!.pause.mode === "off";
  }

  /** What must be over before the command may run, null when nothing. */
  #reasonToWait(command: Command): Promise<void> | null {
    if (this.#hold !== null) return this.#hold;
    const { committer } = this.#keyspace;
    if (command.isWrite && committer.backlogBytes > this.#options.maxBacklogBytes) {
      return committer.settle().catch(() => undefined);
    }
    const { pause } = this.#server!;
    return pause.mode === "all" || (pause.mode === "write" && command.isWrite) ? pause.over : null;
  }

  #lookAhead(caller: Caller): void {
    const db = this.#keyspace.databases[caller.dbIndex]!;
    const keys: Bytes[] = [];
    for (const args of caller.upcoming(LOOK_AHEAD)) {
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

  #rejected(command: Command | undefined, error: unknown): Reply {
    if (!(error instanceof CommandError)) throw error;
    if (command !== undefined) command.statistics.rejected++;
    this.statistics.countError(error);
    return error.reply;
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
        this.#afterCommand();
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

const INTERNAL_ERROR = new CommandError("ERR internal error");

function bytesOf(args: readonly Bytes[]): number {
  let bytes = 0;
  for (const arg of args) bytes += arg.length;
  return bytes;
}
