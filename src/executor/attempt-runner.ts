import type { Command } from "../commands/registered-command.ts";
import { Suspension, TakenBack } from "../commands/suspension.ts";
import type { Watches } from "../commands/transaction.ts";
import { WaitFor } from "../commands/wait-for.ts";
import type { CommandError } from "../errors.ts";
import type { Keyspace } from "../keyspace/keyspace.ts";
import type { Reply } from "../resp/reply.ts";
import { type Attempt, Fault } from "../storage/attempt.ts";
import { Undo } from "../storage/undo.ts";
import type { Bytes } from "../support/bytes.ts";
import { monotonicMs } from "../support/clock.ts";
import type { Accounts } from "./accounts.ts";
import type { BlockedClients, Ready } from "./blocked.ts";
import { type BusyHost, Suspended } from "./busy-script.ts";
import type { Caller } from "./caller.ts";
import type { Completion } from "./completion.ts";
import type { CommandContext } from "./context.ts";
import type { Monitors } from "./monitors.ts";
import { NOT_SERVED, type Outcome } from "./serving.ts";
import { rememberKeys } from "./transaction-calls.ts";

export interface AttemptRunnerOptions {
  readonly keyspace: Keyspace;
  readonly context: CommandContext;
  readonly completion: Completion;
  readonly accounts: Accounts;
  readonly monitors: Monitors;
  readonly watches: Watches;
  readonly blocked: BlockedClients;
  readonly asCommandError: (error: unknown, command: Command) => CommandError;
}

/** Runs a command once: to its end, to a fault, or until its script is over its time. */
export class AttemptRunner implements BusyHost<Outcome> {
  readonly #options: AttemptRunnerOptions;
  readonly #keyspace: Keyspace;
  readonly #context: CommandContext;
  readonly #completion: Completion;

  constructor(options: AttemptRunnerOptions) {
    this.#options = options;
    this.#keyspace = options.keyspace;
    this.#context = options.context;
    this.#completion = options.completion;
  }

  /**
   * One attempt: a reply, or the fault that it met. `startedMs`: by `monotonicMs`. `nowMs`: the time that the command goes by.
   * `ready`: for a blocked client.
   */
  run(
    caller: Caller,
    command: Command,
    args: readonly Bytes[],
    attempt: Attempt,
    startedMs: number,
    nowMs: number,
    ready: Ready | null = null,
  ): Outcome {
    const context = this.#context;
    const keyspace = this.#keyspace;
    keyspace.reading.attempt = attempt;
    // To a master every key is there until it says otherwise.
    keyspace.setTime(nowMs, caller.type !== "master");
    attempt.restart();
    const { dbIndex } = caller;
    if (command.runsOthers) {
      const { changes } = keyspace;
      attempt.undo ??= new Undo();
      attempt.undo.add(() => (keyspace.changes = changes));
    }
    context.begin(caller, attempt, nowMs, ready?.key ?? null);
    let result: Reply | WaitFor;
    try {
      if (ready !== null && !this.#options.blocked.canServe(ready)) {
        // The key's time may be over: then it is removed, as by whoever meets it.
        this.#completion.finish(null, attempt);
        return NOT_SERVED;
      }
      keyspace.events.tellsMisses = command.isReadonly;
      keyspace.hidesChanges = command.hidesChanges;
      keyspace.propagation.begin(dbIndex, keyspace.changes);
      result = command.run!(context, args);
    } catch (error) {
      return this.#threw(error, caller, command, args, attempt, startedMs, dbIndex, ready);
    }
    return this.#ended(caller, command, args, attempt, startedMs, result, null, ready);
  }

  /** The script that stood still goes on. */
  goOn({ suspension, caller, command, args, attempt, startedMs, dbIndex }: Suspended): Outcome {
    this.#keyspace.reading.attempt = attempt;
    let result: Reply;
    try {
      result = suspension.resume();
    } catch (error) {
      return this.#threw(error, caller, command, args, attempt, startedMs, dbIndex, null);
    }
    return this.#ended(caller, command, args, attempt, startedMs, result, null, null);
  }

  /** A script that stood still will not go on. */
  giveUp({ caller, command, attempt, dbIndex }: Suspended, isVoid: boolean): void {
    caller.dbIndex = dbIndex;
    this.#keyspace.reading.attempt = attempt;
    if (isVoid) attempt.undo = null;
    this.#completion.takeBack(attempt);
    this.#endTransaction(caller, command);
  }

  /** The attempt has thrown: its script stands still, or something is missing, or the answer is an error. */
  #threw(
    error: unknown,
    caller: Caller,
    command: Command,
    args: readonly Bytes[],
    attempt: Attempt,
    startedMs: number,
    dbIndex: number,
    ready: Ready | null,
  ): Outcome {
    if (error instanceof Suspension) {
      return new Suspended({ suspension: error, caller, command, args, attempt, startedMs, dbIndex });
    }
    if (this.#isTakenBack(error, caller, attempt, dbIndex)) return error;
    const failure = this.#failureOf(error, caller, command);
    return this.#ended(caller, command, args, attempt, startedMs, failure.reply, failure, ready);
  }

  /** After a fault, and after what a script is not allowed at all, nothing of the attempt remains. */
  #isTakenBack(error: unknown, caller: Caller, attempt: Attempt, dbIndex: number): error is Fault {
    const isFault = error instanceof Fault;
    if (!isFault && !(error instanceof TakenBack)) return false;
    if (isFault) this.#options.accounts.statistics.restarts++;
    caller.dbIndex = dbIndex;
    this.#completion.takeBack(attempt);
    return isFault;
  }

  #failureOf(error: unknown, caller: Caller, command: Command): CommandError {
    if (!(error instanceof TakenBack)) return this.#options.asCommandError(error, command);
    this.#endTransaction(caller, command);
    return error.error;
  }

  /** Of EXEC, which comes to its end in another way than by its handler. */
  #endTransaction(caller: Caller, command: Command): void {
    if (command.fullName !== "exec") return;
    caller.endTransaction();
    this.#options.watches.unwatch(caller);
  }

  /** The command has come to its end, well or not. */
  #ended(
    caller: Caller,
    command: Command,
    args: readonly Bytes[],
    attempt: Attempt,
    startedMs: number,
    result: Reply | WaitFor,
    failure: CommandError | null,
    ready: Ready | null,
  ): Reply | WaitFor {
    const tookMs = monotonicMs() - startedMs;
    const { propagation, changes } = this.#keyspace;
    if (!command.runsOthers) propagation.end(args, changes);
    // Who was blocked was shown when it began to wait.
    if (!this.#options.monitors.isEmpty && ready === null) this.#show(caller, command, args);
    if (result instanceof WaitFor) {
      // That it found nothing is told now; a client that was woken in vain has nothing to tell.
      if (ready === null) this.#completion.finish(caller, attempt);
    } else {
      this.#options.accounts.enter(caller, command, args, tookMs, failure, attempt);
      this.#completion.finish(caller, attempt);
    }
    // Who had to wait has read its keys when it asked, and knows that they changed before it is served.
    if (caller.tracking !== null && ready === null) {
      rememberKeys(this.#context.server, caller, command, args)?.();
    }
    return result;
  }

  /** To the clients that said MONITOR. */
  #show(caller: Caller, command: Command, args: readonly Bytes[]): void {
    const { monitors } = this.#options;
    const feed = (): void => monitors.feed(caller, command, args, caller.dbIndex);
    // A transaction ends behind the commands in it.
    if (command.runsOthers) this.#context.afterwards(feed);
    else feed();
  }
}
