import type { Effect } from "../commands/effect.ts";
import type { Pause } from "../commands/host.ts";
import type { Command } from "../commands/registered-command.ts";
import type { Keyspace } from "../keyspace/keyspace.ts";
import type { Fault } from "../storage/attempt.ts";
import type { Bytes } from "../support/bytes.ts";

export interface GatesOptions {
  readonly keyspace: Keyspace;
  /** Who else runs alone: a client that is served from disk, a script that is busy. */
  readonly serving: { readonly pending: Promise<void> | null };
  readonly busy: { readonly over: Promise<void> | null };
  readonly pause: () => Pause;
  /** Bytes that may wait to be written before further writes wait themselves. */
  readonly maxBacklogBytes: () => number;
}

/** What has to be over before something may run. */
export class Gates {
  readonly #options: GatesOptions;
  /** Set while the store is exchanged: everything waits. */
  #hold: Promise<void> | null = null;
  /** The server stops: what waits for it waits for ever. */
  #end: Promise<never> | null = null;

  constructor(options: GatesOptions) {
    this.#options = options;
  }

  /** While the store is exchanged, a client is served from disk, or a script is busy, nothing else may run. */
  get #closed(): Promise<void> | null {
    const { serving, busy } = this.#options;
    return this.#end ?? this.#hold ?? serving.pending ?? busy.over;
  }

  /** Resolves when all of them are open. */
  async passed(): Promise<void> {
    for (let gate = this.#closed; gate !== null; gate = this.#closed) await gate;
  }

  /** What must be over before the command may run, null when nothing. Then ask again. */
  before(command: Command, { isWrite, mayReplicate }: Effect, args: readonly Bytes[]): Promise<void> | null {
    const gate = this.#closed;
    if (gate !== null) return gate;
    const { committer, frozen } = this.#options.keyspace;
    const writes = isWrite || (command.runsOthers && mayReplicate);
    if (writes && committer.backlogBytes > this.#options.maxBacklogBytes()) {
      return committer.relieve().catch(() => undefined);
    }
    if (writes && !frozen.isEmpty && touches(command, args, frozen)) return frozen.thaw;
    const pause = this.#options.pause();
    const isPaused = pause.mode === "all" || (pause.mode === "write" && (isWrite || mayReplicate));
    return isPaused ? pause.over : null;
  }

  /** Fetches what an attempt was missing, for an attempt that runs whatever else is going on. */
  async fetch(fault: Fault): Promise<void> {
    try {
      await fault.fetch();
    } catch (error) {
      // The store was exchanged under the fetch: the next attempt asks the new one.
      if (this.#hold === null && this.#end === null) throw error;
    }
    if (this.#hold !== null) await this.#hold;
    if (this.#end !== null) await this.#end;
  }

  /** Runs `change` (an exchange of the store, a SAVE) while no command does. */
  async holding(change: () => Promise<void>): Promise<void> {
    for (let before = this.#holdBefore; before !== null; before = this.#holdBefore) await before;
    let release!: () => void;
    this.#hold = new Promise((resolve) => (release = resolve));
    try {
      await this.#options.keyspace.committer.quiet();
      await change();
    } finally {
      this.#hold = null;
      release();
    }
  }

  /** What has to be over before another hold. */
  get #holdBefore(): Promise<void> | null {
    return this.#hold ?? this.#options.busy.over;
  }

  /** Nothing passes any more. */
  end(): void {
    this.#end = new Promise(() => undefined);
  }
}

/** Whether a command writes to one of the keys, or may: what has no keys, or runs others, may write to any. */
function touches(command: Command, args: readonly Bytes[], keys: { has(key: Bytes): boolean }): boolean {
  if (command.runsOthers || !command.hasKeys) return true;
  return command.keyPositionsOf(args).some((position) => keys.has(args[position]!));
}
