import { CommandError, CountedError, NO_REPLICAS } from "../../errors.ts";
import { ErrorReply, MapReply, type Reply, SetReply } from "../../resp/reply.ts";
import { CountedErrorReply, type Outcome, type ScriptHost, Stop } from "../../scripting/engine.ts";
import type { Bytes } from "../../support/bytes.ts";
import type { Context } from "../command.ts";
import type { Command } from "../registered-command.ts";
import { READ_ONLY, hidesData, refusesWrites } from "../replica-rules.ts";
import type { ScriptState } from "../script-caller.ts";
import { type RunningScript, Suspension, TakenBack } from "../suspension.ts";

/** How long a script that is over its time runs before the other clients are seen to. */
const SLICE_MS = 5;

/** The bit of them in what `redis.set_repl` is given. */
const REPLICAS = 2;

export interface ScriptRunOptions {
  readonly kind: "eval" | "function";
  /** The script's sha1, the function's name. */
  readonly name: Bytes;
  readonly args: readonly Bytes[];
  readonly keys: readonly Bytes[];
  readonly isReadonly: boolean;
}

/** One run of a script or function: what it may reach, and how long. */
export class ScriptRun implements ScriptHost, ScriptState, RunningScript {
  readonly kind: "eval" | "function";
  readonly name: Bytes;
  readonly args: readonly Bytes[];
  readonly keys: readonly Bytes[];
  dbIndex: number;
  resp: 2 | 3 = 2;
  hasWritten = false;
  readonly #context: Context;
  readonly #isReadonly: boolean;
  readonly #startedMs = performance.now();
  #sliceStartedMs = this.#startedMs;
  #stop: Stop | null = null;

  constructor(context: Context, { kind, name, args, keys, isReadonly }: ScriptRunOptions) {
    this.#context = context;
    this.kind = kind;
    this.name = name;
    this.args = args;
    this.keys = keys;
    this.#isReadonly = isReadonly;
    this.dbIndex = context.client.dbIndex;
    context.propagation.isMuted = false;
    this.#repeatRandom();
  }

  /** An attempt that starts again draws the same numbers. */
  #repeatRandom(): void {
    const { random } = this.#context.server.scripting;
    const { attempt } = this.#context.keyspace.reading;
    if (attempt.scriptRandom !== null) random.restore(attempt.scriptRandom);
    attempt.scriptRandom = null;
    const state = random.save();
    // The steps are taken from the last script to the first.
    attempt.undo!.add(() => {
      random.restore(state);
      attempt.scriptRandom = state;
    });
  }

  get durationMs(): number {
    return performance.now() - this.#startedMs;
  }

  // ─── what it calls ─────────────────────────────────────────────────────────────────────────────

  call(args: Bytes[]): Reply {
    const { server, scripts } = this.#context;
    const command = server.commands.find(args);
    const refusal = this.#refusalOf(command, args);
    if (refusal !== null) return scripts.refused(command, refusal);
    if (command!.isWrite) this.hasWritten = true;
    return scripts.call(command!, args, this);
  }

  /** In the order of Redis' checks. */
  #refusalOf(command: Command | undefined, args: readonly Bytes[]): CommandError | null {
    if (command === undefined) return UNKNOWN_COMMAND;
    if (!command.hasArity(args.length)) return WRONG_ARITY;
    const { config, disk, scripting } = this.#context.server;
    if (command.isNoScript && (!scripting.allowsAll || command.runsOthers)) return NOT_ALLOWED;
    if (this.#isReadonly && (command.isWrite || command.mayReplicate)) return READ_ONLY_SCRIPT;
    if (!command.isStale && hidesData(this.#context.server)) return STALE;
    // What has begun to write goes on.
    if (!command.isWrite || this.hasWritten) return null;
    if (config.values.readonly) return READ_ONLY;
    if (this.#context.client.type === "master") return disk.failure;
    if (refusesWrites(this.#context.server)) return READ_ONLY;
    return disk.refusal ?? (this.#context.server.replication.replicas.areTooFew ? NO_REPLICAS : null);
  }

  mayRun(args: Bytes[]): boolean | null {
    return this.#context.server.commands.find(args) === undefined ? null : true;
  }

  log(level: number, text: Bytes): void {
    const { server, keyspace } = this.#context;
    // What was logged before a fault is not logged again.
    keyspace.reading.attempt.same(() => server.scripting.log(level, text));
  }

  setResp(version: 2 | 3): void {
    this.resp = version;
  }

  /** `redis.set_repl`. There is no AOF. */
  setReplication(targets: number): void {
    this.#context.propagation.isMuted = (targets & REPLICAS) === 0;
  }

  // ─── how long it runs ──────────────────────────────────────────────────────────────────────────

  interrupt(canYield: boolean): "continue" | "yield" | Stop {
    if (this.#stop !== null) return this.#stop;
    const { busyReplyThreshold, scriptStuckLimit } = this.#context.server.config.values;
    const nowMs = performance.now();
    if (busyReplyThreshold === 0 || nowMs - this.#startedMs < busyReplyThreshold) return "continue";
    const sliceMs = nowMs - this.#sliceStartedMs;
    if (canYield) return sliceMs < SLICE_MS ? "continue" : "yield";
    if (scriptStuckLimit > 0 && sliceMs > busyReplyThreshold + scriptStuckLimit) throw new TakenBack(STUCK);
    return "continue";
  }

  kill(error: CommandError): void {
    this.#stop = new Stop(error.message);
  }

  /** The reply of the script, when it has come to its end. */
  finish(outcome: Outcome): Reply {
    if (outcome.kind === "suspended") {
      throw new Suspension(
        this,
        () => {
          this.#sliceStartedMs = performance.now();
          return this.finish(outcome.resume());
        },
        () => void outcome.stop(new Stop("ERR The script was given up")),
      );
    }
    this.#context.propagation.isMuted = false;
    const { reply, errorWasCounted } = outcome;
    if (!(reply instanceof ErrorReply)) {
      const errors = errorsIn(reply);
      if (errors.length > 0) this.#context.scripts.answersErrors(this.args, errors);
      return reply;
    }
    throw errorWasCounted || reply instanceof CountedErrorReply
      ? new CountedError(reply.message)
      : new CommandError(reply.message);
  }
}

const NO_ERRORS: readonly ErrorReply[] = [];

function errorsIn(reply: Reply): readonly ErrorReply[] {
  if (typeof reply !== "object" || reply === null) return NO_ERRORS;
  if (reply instanceof ErrorReply) return [reply];
  if (reply instanceof MapReply) return errorsAmong(reply.flat);
  if (reply instanceof SetReply) return errorsAmong(reply.members);
  return Array.isArray(reply) ? errorsAmong(reply) : NO_ERRORS;
}

function errorsAmong(replies: readonly Reply[]): readonly ErrorReply[] {
  let errors = NO_ERRORS;
  for (const reply of replies) {
    const found = errorsIn(reply);
    if (found.length > 0) errors = [...errors, ...found];
  }
  return errors;
}

const UNKNOWN_COMMAND = new CommandError("ERR Unknown Redis command called from script");
const WRONG_ARITY = new CommandError("ERR Wrong number of args calling Redis command from script");
const NOT_ALLOWED = new CommandError("ERR This Redis command is not allowed from script");
const STALE = new CommandError("ERR Can not execute the command on a stale replica");
const READ_ONLY_SCRIPT = new CommandError("ERR Write commands are not allowed from read-only scripts.");
const STUCK = new CommandError(
  "ERR Script ended by the server: it ran longer than 'script-stuck-limit' where it cannot be interrupted. Nothing of it was done.",
);
