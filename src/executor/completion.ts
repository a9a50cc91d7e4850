import type { PropagatedCommand } from "../keyspace/propagation.ts";
import type { Keyspace } from "../keyspace/keyspace.ts";
import { closeReply } from "../resp/close-reply.ts";
import type { RequestSource } from "../resp/request-source.ts";
import type { Attempt } from "../storage/attempt.ts";
import type { Caller } from "./caller.ts";
import type { Changes } from "./changes.ts";
import type { CommandContext } from "./context.ts";
import type { Notifications } from "./notifications.ts";
import type { OwnWork } from "./own-work.ts";
import type { ScriptCalls } from "./script-calls.ts";
import type { Serving } from "./serving.ts";

export interface ReplicationSink {
  /** `asOne`: replicas do all of it, or nothing. `source`: of one of them, perhaps. */
  append(commands: readonly PropagatedCommand[], asOne: boolean, source: RequestSource | null): void;
  /** Bytes of all that was told. */
  readonly offset: number;
}

export interface CompletionOptions {
  readonly keyspace: Keyspace;
  readonly context: CommandContext;
  readonly changes: Changes;
  readonly scripts: ScriptCalls;
  readonly serving: Serving;
  /** Takes what commands tell replicas. */
  readonly stream: ReplicationSink;
  readonly ownWork: OwnWork;
}

/**
 * What an attempt leaves behind: what it did is told to all who want to know of it when it is final, and nothing remains
 * of one that is thrown away.
 */
export class Completion {
  readonly #options: CompletionOptions;
  readonly #keyspace: Keyspace;
  #notifications: Notifications | null = null;
  #isTrimScheduled = false;

  constructor(options: CompletionOptions) {
    this.#options = options;
    this.#keyspace = options.keyspace;
  }

  /** They need the server, which is made after the executor. */
  attach(notifications: Notifications): void {
    this.#notifications = notifications;
  }

  /** The batch that must be written before anybody may see what the attempt did or saw, 0 for none. */
  batchToWaitFor(attempt: Attempt): number {
    return attempt.batch > this.#keyspace.committer.written ? attempt.batch : 0;
  }

  /**
   * The command is final: whoever wants to know of it learns of it, and those who wait for what it did are served.
   * `caller` is null when the server itself did something.
   */
  finish(caller: Caller | null, attempt: Attempt): void {
    const { context, changes, stream, serving } = this.#options;
    const work = context.takeWork();
    for (const step of work) step(this.batchToWaitFor(attempt));
    attempt.undo = null;
    changes.announce(caller, this.batchToWaitFor(attempt));
    this.#keyspace.hidesChanges = false;
    this.#tidy();
    this.#propagate(caller);
    if (caller !== null) caller.changesOffset = stream.offset;
    this.#notifications?.deliver(this.batchToWaitFor(attempt));
    changes.announce(caller, this.batchToWaitFor(attempt), true);
    serving.run();
  }

  /** Removes what the command met whose time is over, and what memory has no room for. */
  #tidy(): void {
    const keyspace = this.#keyspace;
    keyspace.removeExpired(this.#options.ownWork.mayRemoveExpired);
    if (keyspace.cache.isFull && !this.#isTrimScheduled) {
      this.#isTrimScheduled = true;
      // Not in the middle of a turn: what the next pipelined command needs may just have been fetched.
      setImmediate(() => {
        this.#isTrimScheduled = false;
        if (!keyspace.cache.trim()) keyspace.committer.applySoon();
      });
    }
  }

  /** What the server does of itself is many things, not one; and so is what a client only met. */
  #propagate(caller: Caller | null): void {
    const { propagation } = this.#keyspace;
    if (propagation.isEmpty) return;
    const asOne = caller !== null && !TOUCHES_ANY_KEYS.has(caller.lastCommand);
    this.#options.stream.append(propagation.take(), asOne, caller === null ? null : caller.source);
  }

  /** The attempt is thrown away: nothing of it may stay behind. */
  takeBack(attempt: Attempt): void {
    const { context, changes, scripts } = this.#options;
    changes.forget();
    this.#keyspace.events.discard();
    this.#keyspace.propagation.discard();
    context.forget(closeReply);
    scripts.forget();
    attempt.undo?.rollBack();
  }
}

/** Redis' flag of that name: keys that nobody has named may be removed, if their time is over. */
const TOUCHES_ANY_KEYS: ReadonlySet<string> = new Set(["scan", "randomkey"]);
