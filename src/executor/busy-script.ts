import { setImmediate as nextTurn } from "node:timers/promises";
import type { Command } from "../commands/registered-command.ts";
import type { RunningScript, Suspension } from "../commands/suspension.ts";
import type { CommandError } from "../errors.ts";
import type { Reply } from "../resp/reply.ts";
import type { Attempt } from "../storage/attempt.ts";
import type { Committer } from "../storage/committer.ts";
import type { Bytes } from "../support/bytes.ts";
import type { Log } from "../support/log.ts";
import type { Caller } from "./caller.ts";

/** A command whose script is over its time and has yielded, in the middle of its attempt. */
export class Suspended {
  readonly suspension: Suspension;
  readonly caller: Caller;
  readonly command: Command;
  readonly args: readonly Bytes[];
  readonly attempt: Attempt;
  /** By `monotonicMs`. */
  readonly startedMs: number;
  /** The database of the client when the attempt began. */
  readonly dbIndex: number;

  constructor(state: {
    readonly suspension: Suspension;
    readonly caller: Caller;
    readonly command: Command;
    readonly args: readonly Bytes[];
    readonly attempt: Attempt;
    readonly startedMs: number;
    readonly dbIndex: number;
  }) {
    this.suspension = state.suspension;
    this.caller = state.caller;
    this.command = state.command;
    this.args = state.args;
    this.attempt = state.attempt;
    this.startedMs = state.startedMs;
    this.dbIndex = state.dbIndex;
  }
}

/** Who runs the attempt of a busy script. */
export interface BusyHost<Outcome> {
  /** Runs the next slice. */
  goOn(state: Suspended): Outcome | Suspended;
  /** Takes back what the attempt has done in memory; `isVoid`: memory has forgotten it already. */
  giveUp(state: Suspended, isVoid: boolean): void;
}

/**
 * A script that is over its time. It stands still in the middle of its attempt, with half of its changes in memory, and
 * goes on slice by slice; in between other clients are told that the server is busy, and may end it.
 *
 * Meanwhile nobody else may read, write or expire anything (`over` is what they wait for), and no batch is begun once the
 * script has written: half of a script never gets to the disk. So whatever else wrote in the same turn as the script waits
 * with it.
 */
export class BusyScript<Outcome> {
  readonly #host: BusyHost<Outcome>;
  readonly #committer: Committer;
  readonly #log: () => Log;
  #state: Suspended | null = null;
  #over: Promise<void> | null = null;
  /** Why it will not go on. */
  #end: { readonly reply: Reply; readonly isVoid: boolean } | null = null;

  constructor(host: BusyHost<Outcome>, committer: Committer, log: () => Log) {
    this.#host = host;
    this.#committer = committer;
    this.#log = log;
  }

  get script(): RunningScript | null {
    return this.#state?.suspension.script ?? null;
  }

  /** Resolves when the script is over, null when there is none. */
  get over(): Promise<void> | null {
    return this.#over;
  }

  /** Runs it to its end, or to a fault. */
  async run(first: Suspended): Promise<Outcome | Reply> {
    const { script } = first.suspension;
    this.#log()(
      "warning",
      `Slow script detected: still in execution after ${Math.round(script.durationMs)} milliseconds. ` +
        `You can try killing the script using the ${script.kind === "eval" ? "SCRIPT KILL" : "FUNCTION KILL"} command. ` +
        `Script name is: ${script.name}.`,
    );
    let release!: () => void;
    this.#over = new Promise((resolve) => (release = resolve));
    this.#state = first;
    let isHolding = false;
    try {
      for (;;) {
        const state = this.#state;
        if (state.attempt.wrote && !isHolding) {
          this.#committer.hold();
          isHolding = true;
        }
        await nextTurn();
        if (this.#end !== null) return this.#finishEarly(state, this.#end);
        const outcome = this.#host.goOn(state);
        if (!(outcome instanceof Suspended)) return outcome;
        this.#state = outcome;
      }
    } finally {
      this.#state = null;
      this.#over = null;
      this.#end = null;
      if (isHolding) this.#committer.release();
      release();
    }
  }

  #finishEarly(state: Suspended, { reply, isVoid }: { reply: Reply; isVoid: boolean }): Reply {
    state.suspension.abandon();
    this.#host.giveUp(state, isVoid);
    return reply;
  }

  /** A batch could not be written: memory was set back to what the store holds, and with it what the script has done. */
  writeFailed(error: CommandError): void {
    if (this.#state !== null) this.#end = { reply: error.reply, isVoid: true };
  }

  /** The server stops: what the script has done is taken back, and nobody is answered. Resolves when that is done. */
  async stop(): Promise<void> {
    if (this.#state === null) return;
    this.#end = { reply: null, isVoid: false };
    this.#state.caller.close();
    await this.#over;
  }
}
