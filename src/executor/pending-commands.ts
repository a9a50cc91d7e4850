import type { Effect } from "../commands/effect.ts";
import type { Pause } from "../commands/host.ts";
import type { Command } from "../commands/registered-command.ts";
import { WaitFor } from "../commands/wait-for.ts";
import type { CommandError } from "../errors.ts";
import { NO_REPLY, type Reply } from "../resp/reply.ts";
import { Attempt, Fault } from "../storage/attempt.ts";
import type { Bytes } from "../support/bytes.ts";
import { monotonicMs, unixMs } from "../support/clock.ts";
import type { AttemptRunner } from "./attempt-runner.ts";
import type { BlockedClients } from "./blocked.ts";
import { type BusyScript, Suspended } from "./busy-script.ts";
import type { Caller } from "./caller.ts";
import { type CheckState, checkAgain } from "./checks.ts";
import type { Completion } from "./completion.ts";
import type { Gates } from "./gates.ts";
import type { Outcome } from "./serving.ts";
import type { Statistics } from "./statistics.ts";

export interface PendingCommandsOptions {
  readonly attempts: AttemptRunner;
  readonly gates: Gates;
  readonly busy: BusyScript<Outcome>;
  readonly blocked: BlockedClients;
  readonly completion: Completion;
  readonly checks: CheckState;
  readonly statistics: Statistics;
  readonly pause: () => Pause;
  readonly asCommandError: (error: unknown, command: Command) => CommandError;
}

/** For a command that has not been tried yet. */
const NOTHING_TO_FETCH = new Fault(() => Promise.resolve());

/**
 * Brings those commands to their end that could not come to it at once: waits for what has to be over, fetches what they
 * miss, and runs them again until they miss nothing more. Then `caller.resume` is given the reply.
 */
export class PendingCommands {
  readonly #options: PendingCommandsOptions;

  constructor(options: PendingCommandsOptions) {
    this.#options = options;
  }

  /** A command that may not run before `wait` is over (`Gates.before`). */
  async runLater(
    wait: Promise<void>,
    caller: Caller,
    command: Command,
    args: readonly Bytes[],
    effect: Effect,
  ): Promise<void> {
    const { gates, pause } = this.#options;
    for (
      let reason: Promise<void> | null = wait;
      reason !== null;
      reason = gates.before(command, effect, args)
    ) {
      caller.blocked = pause().mode !== "off";
      await reason;
    }
    caller.blocked = false;
    if (caller.isClosed) return;
    await this.runAgain(NOTHING_TO_FETCH, caller, command, args, new Attempt(), unixMs(), effect);
  }

  /** A command whose attempt has met a fault, or whose script is over its time. `nowMs`: of its first attempt. */
  async runAgain(
    first: Fault | Suspended,
    caller: Caller,
    command: Command,
    args: readonly Bytes[],
    attempt: Attempt,
    nowMs: number,
    effect: Effect,
  ): Promise<void> {
    const { attempts, gates, busy, blocked, completion, checks } = this.#options;
    let result: Outcome = first;
    try {
      while (result instanceof Fault || result instanceof Suspended) {
        if (result instanceof Suspended) {
          result = await busy.run(result);
          continue;
        }
        await gates.fetch(result);
        await gates.passed();
        if (caller.isCancelled === true) {
          result = NO_REPLY;
          break;
        }
        checkAgain(checks, caller, effect);
        result = attempts.run(caller, command, args, attempt, monotonicMs(), nowMs);
      }
    } catch (error) {
      // The store could not read, or can no longer write.
      const failure = this.#options.asCommandError(error, command);
      this.#options.statistics.countError(failure);
      result = failure.reply;
    }
    attempt.release();
    if (result instanceof WaitFor) {
      if (!caller.isClosed) blocked.add(caller, command, args, result);
    } else caller.resume(result as Reply, completion.batchToWaitFor(attempt));
  }
}
