import type { Command } from "../commands/registered-command.ts";
import type { ScriptCaller, ScriptState } from "../commands/script-caller.ts";
import { WaitFor } from "../commands/wait-for.ts";
import { CommandError } from "../errors.ts";
import type { ErrorReply, Reply } from "../resp/reply.ts";
import { CountedErrorReply } from "../scripting/engine.ts";
import { Fault } from "../storage/attempt.ts";
import type { Bytes } from "../support/bytes.ts";
import { monotonicMs } from "../support/clock.ts";
import { bytesOf } from "./accounts.ts";
import { CallTally } from "./call-tally.ts";
import { isSlow, recordIfSlow } from "./slow-calls.ts";
import type { CallsOptions } from "./transaction-calls.ts";

/** Redis has a client of its own for scripts, with no name and no address. */
const SCRIPT_CLIENT = { address: "?:0", name: "" };

/** Runs the commands that scripts call. What others learn of them they learn when the script is final. */
export class ScriptCalls implements ScriptCaller {
  readonly #options: CallsOptions;
  readonly #tally = new CallTally();
  /** The script whose keys were noted last for its client's cache. */
  #noted: ScriptState | null = null;

  constructor(options: CallsOptions) {
    this.#options = options;
  }

  began(args: readonly Bytes[]): void {
    const { context, monitors } = this.#options;
    if (monitors.isEmpty) return;
    const { client } = context;
    const { dbIndex } = client;
    context.afterwards(() => monitors.feedScript(client, args, dbIndex));
  }

  call(command: Command, args: readonly Bytes[], state: ScriptState): Reply {
    const { context, keyspace } = this.#options;
    const { attempt, client } = context;
    const { dbIndex, resp } = client;
    const { keyspaceHits, keyspaceMisses } = attempt;
    const startedMs = monotonicMs();
    let reply: Reply;
    let failure: CommandError | null = null;
    client.dbIndex = state.dbIndex;
    client.resp = state.resp;
    attempt.undo!.mayWrite = command.isWrite || command.mayReplicate;
    attempt.inScript = true;
    keyspace.events.tellsMisses = command.isReadonly;
    keyspace.hidesChanges = command.hidesChanges;
    keyspace.propagation.begin(state.dbIndex, keyspace.changes);
    try {
      const result = command.run!(context, args);
      reply = result instanceof WaitFor ? result.deniedReply : result;
    } catch (error) {
      if (error instanceof Fault) throw error;
      failure = this.#options.asCommandError(error, command);
      reply = failure.reply;
    } finally {
      state.dbIndex = client.dbIndex;
      client.dbIndex = dbIndex;
      client.resp = resp;
      attempt.undo!.mayWrite = false;
      attempt.inScript = false;
    }
    const tookMs = monotonicMs() - startedMs;
    keyspace.propagation.end(args, keyspace.changes);
    this.#settleLater();
    const counts = this.#tally.of(command);
    counts.add(tookMs);
    counts.keyspaceHits += attempt.keyspaceHits - keyspaceHits;
    counts.keyspaceMisses += attempt.keyspaceMisses - keyspaceMisses;
    if (failure !== null) {
      counts.failed++;
      this.#tally.countError(failure);
    }
    if (command.isWrite) this.#tally.writtenBytes += bytesOf(args);
    this.#tell(command, args, tookMs, state);
    return reply;
  }

  #tell(command: Command, args: readonly Bytes[], tookMs: number, state: ScriptState): void {
    const { context, monitors, changes } = this.#options;
    const { server, client } = context;
    if (isSlow(server, tookMs)) {
      context.afterwards(() => recordIfSlow(server, SCRIPT_CLIENT, command, args, tookMs));
    }
    if (!monitors.isEmpty) {
      const { dbIndex } = state;
      context.afterwards(() => monitors.feedFromScript(command, args, dbIndex));
    }
    // A script that reads anything has read all the keys that it declared.
    if (client.tracking?.remembersReads !== true || !command.isReadonly || state.keys.length === 0) return;
    if (this.#noted === state && !changes.hasNew) return;
    this.#noted = state;
    changes.note(() => server.tracking.remember(client, state.keys));
  }

  refused(command: Command | undefined, error: CommandError): ErrorReply {
    this.#settleLater();
    if (command !== undefined) this.#tally.of(command).rejected++;
    this.#tally.countError(error);
    return error.reply;
  }

  answersErrors(args: readonly Bytes[], errors: readonly ErrorReply[]): void {
    const { context, accounts } = this.#options;
    const { statistics } = context.server.commands.find(args)!;
    context.afterwards(() => {
      const uncounted = errors.filter((error) => !(error instanceof CountedErrorReply));
      for (const { message } of uncounted) accounts.statistics.countError(new CommandError(message));
      // As Redis has it: one for each that was counted before, one for all others.
      statistics.failed += errors.length - uncounted.length + (uncounted.length > 0 ? 1 : 0);
    });
  }

  #settleLater(): void {
    if (!this.#tally.isEmpty) return;
    this.#options.context.afterwards(() => {
      this.#options.accounts.enterCalls(this.#tally);
      this.#tally.clear();
      this.#noted = null;
    });
  }

  /** The attempt was thrown away, and with it all that was called in it. */
  forget(): void {
    this.#tally.clear();
    this.#noted = null;
  }
}
