import type { Server } from "../commands/host.ts";
import type { Command } from "../commands/registered-command.ts";
import type { Watches } from "../commands/transaction.ts";
import { WaitFor } from "../commands/wait-for.ts";
import type { CommandError } from "../errors.ts";
import type { Keyspace } from "../keyspace/keyspace.ts";
import type { Reply } from "../resp/reply.ts";
import { Attempt, Fault } from "../storage/attempt.ts";
import type { Bytes } from "../support/bytes.ts";
import { monotonicMs, unixMsAt } from "../support/clock.ts";
import type { Random } from "../support/random.ts";
import type { Accounts, Deeds } from "./accounts.ts";
import type { Caller } from "./caller.ts";
import { CommandContext } from "./context.ts";

const NO_DEEDS: Deeds = { keyspaceHits: 0, keyspaceMisses: 0, wrote: false };

/**
 * Runs the few commands that are allowed while a script stands still: beside its attempt, whose time, events and changes
 * they must leave alone. They write no keys.
 */
export class Aside {
  readonly #keyspace: Keyspace;
  readonly #context: CommandContext;
  readonly #accounts: Accounts;
  readonly #asCommandError: (error: unknown, command: Command) => CommandError;

  constructor(
    keyspace: Keyspace,
    seeds: Random,
    watches: Watches,
    accounts: Accounts,
    asCommandError: (error: unknown, command: Command) => CommandError,
  ) {
    this.#keyspace = keyspace;
    this.#accounts = accounts;
    this.#asCommandError = asCommandError;
    this.#context = new CommandContext(keyspace, seeds, watches);
  }

  attach(server: Server): void {
    this.#context.server = server;
  }

  /** The reply; undefined when the command needs what is on disk and has to wait until the script is over. */
  run(caller: Caller, command: Command, args: readonly Bytes[]): Reply | undefined {
    const { reading } = this.#keyspace;
    const attempt = new Attempt();
    const scriptAttempt = reading.attempt;
    reading.attempt = attempt;
    const context = this.#context;
    const startedMs = monotonicMs();
    context.begin(caller, attempt, unixMsAt(startedMs), null);
    let result: Reply | WaitFor;
    let failure: CommandError | null = null;
    try {
      result = command.run!(context, args);
    } catch (error) {
      if (error instanceof Fault) {
        context.forget(() => undefined);
        return undefined;
      }
      failure = this.#asCommandError(error, command);
      result = failure.reply;
    } finally {
      reading.attempt = scriptAttempt;
      attempt.release();
    }
    const tookMs = monotonicMs() - startedMs;
    this.#accounts.enter(caller, command, args, tookMs, failure, NO_DEEDS);
    for (const step of context.takeWork()) step(0);
    return result instanceof WaitFor ? result.deniedReply : result;
  }
}
