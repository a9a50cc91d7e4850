import type { Client, Server } from "../commands/host.ts";
import type { Command } from "../commands/registered-command.ts";
import { Suspension, TakenBack } from "../commands/suspension.ts";
import { WaitFor } from "../commands/wait-for.ts";
import type { CommandError } from "../errors.ts";
import type { Keyspace } from "../keyspace/keyspace.ts";
import type { Reply } from "../resp/reply.ts";
import { Fault } from "../storage/attempt.ts";
import type { Bytes } from "../support/bytes.ts";
import { monotonicMs } from "../support/clock.ts";
import type { Accounts, Deeds } from "./accounts.ts";
import type { Changes } from "./changes.ts";
import type { CommandContext } from "./context.ts";
import type { Monitors } from "./monitors.ts";

/** What commands need that are run as a part of others. */
export interface CallsOptions {
  readonly keyspace: Keyspace;
  readonly context: CommandContext;
  readonly accounts: Accounts;
  readonly monitors: Monitors;
  readonly changes: Changes;
  readonly asCommandError: (error: unknown, command: Command) => CommandError;
}

/** A command that has begun. */
interface StartedCall {
  readonly command: Command;
  readonly args: readonly Bytes[];
  readonly startedMs: number;
  readonly keyspaceHits: number;
  readonly keyspaceMisses: number;
}

/** Runs what EXEC has in its queue. What it writes can be taken back; that it blocks cannot be. */
export class TransactionCalls {
  readonly #options: CallsOptions;

  constructor(options: CallsOptions) {
    this.#options = options;
  }

  call(command: Command, args: readonly Bytes[]): Reply {
    const { context } = this.#options;
    const { attempt } = context;
    attempt.undo!.mayWrite = command.isWrite || command.mayReplicate;
    const { keyspaceHits, keyspaceMisses } = attempt;
    const start = { command, args, startedMs: monotonicMs(), keyspaceHits, keyspaceMisses };
    return this.#finish(start, () => command.run!(context, args));
  }

  #finish(start: StartedCall, run: () => Reply | WaitFor): Reply {
    const { keyspace, context, accounts, monitors, changes } = this.#options;
    const { attempt, client, server } = context;
    const { command, args } = start;
    let reply: Reply;
    let failure: CommandError | null = null;
    try {
      keyspace.events.tellsMisses = command.isReadonly;
      keyspace.hidesChanges = command.hidesChanges;
      keyspace.propagation.begin(client.dbIndex, keyspace.changes);
      const result = run();
      reply = result instanceof WaitFor ? result.deniedReply : result;
    } catch (error) {
      if (error instanceof Suspension) throw error.within(() => this.#finish(start, error.resume));
      if (error instanceof Fault || error instanceof TakenBack) throw error;
      failure = this.#options.asCommandError(error, command);
      reply = failure.reply;
    }
    const tookMs = monotonicMs() - start.startedMs;
    if (!command.runsOthers) keyspace.propagation.end(args, keyspace.changes);
    context.replies.push(reply);
    const deeds: Deeds = {
      keyspaceHits: attempt.keyspaceHits - start.keyspaceHits,
      keyspaceMisses: attempt.keyspaceMisses - start.keyspaceMisses,
      wrote: attempt.wrote,
    };
    context.afterwards(() => accounts.enter(client, command, args, tookMs, failure, deeds));
    if (!monitors.isEmpty) {
      const { dbIndex } = client;
      context.afterwards(() => monitors.feed(client, command, args, dbIndex));
    }
    const remember = client.tracking === null ? null : rememberKeys(server, client, command, args);
    if (remember !== null) changes.note(remember);
    attempt.undo!.mayWrite = false;
    return reply;
  }
}

/** What is to be done so that a tracking client is told when the keys of a command that it ran change. */
export function rememberKeys(
  server: Server,
  client: Client,
  command: Command,
  args: readonly Bytes[],
): (() => void) | null {
  // A script's own commands read.
  if (!command.isReadonly || command.runsOthers || !client.tracking!.remembersReads) return null;
  const keys = command.keyPositionsOf(args).map((position) => args[position]!);
  return keys.length === 0 ? null : () => server.tracking.remember(client, keys);
}
