import { ErrorReply, type Reply } from "../resp/reply.ts";
import type { Bytes } from "../support/bytes.ts";

/**
 * What a script can reach of the server. Every method runs inside the Lua VM: whatever JavaScript exception it throws
 * (a fault, say) unwinds the whole VM, no `pcall` of the script sees it, comes out of `run`, `call` or `resume`,
 * and the next call starts in a fresh state.
 */
export interface ScriptHost {
  /**
   * `redis.call` and `redis.pcall`: runs a command and returns its whole reply, in the shape that the version of the
   * protocol asks for that the script chose (2 at its start). An `ErrorReply` is what `redis.call` raises.
   * Replies must be complete: no StreamReply, NoReply or Push.
   */
  call(args: Bytes[]): Reply;
  /** `redis.acl_check_cmd`: whether the user may run this, null for what is no command. */
  mayRun(args: Bytes[]): boolean | null;
  /** `redis.log`: 0 is debug, 3 is warning. */
  log(level: number, text: Bytes): void;
  /** `redis.setresp`. */
  setResp(version: 2 | 3): void;
  /** `redis.set_repl`: 1 is the AOF, 2 the replicas. */
  setReplication(targets: number): void;
  /**
   * Asked every `hookInstructions` instructions. `yield` is obeyed where the VM can yield, and asked for again
   * where it cannot. `kill` ends the script at once, uncatchably.
   */
  interrupt(canYield: boolean): "continue" | "yield" | Stop;
}

/** Ends a script, uncatchably, with this error: `new Stop("ERR Script killed by user with SCRIPT KILL...")`. */
export class Stop {
  readonly message: Bytes;
  constructor(message: Bytes) {
    this.message = message;
  }
}

/** In what a script returns: the error of a command that it called, which was counted there. */
export class CountedErrorReply extends ErrorReply {}

/** A script that ran to its end, well or with an error (`reply` is an ErrorReply then, with Redis' text). */
export interface Finished {
  readonly kind: "finished";
  readonly reply: Reply;
  /** The error is one that a command of the script has answered: it was counted there. */
  readonly errorWasCounted: boolean;
}

/** A script that has yielded. Until it is over, its engine runs nothing else. */
export interface Suspended {
  readonly kind: "suspended";
  resume(): Outcome;
  /** Ends it with the error that Redis answers for the line where it stands. */
  stop(reason: Stop): Finished;
}

export type Outcome = Finished | Suspended;

export interface EngineOptions {
  /** Bytes that the state of one engine may take; past it a script ends with Lua's "not enough memory". */
  readonly memoryLimit: number;
}

/** Scripts of EVAL: one Lua state with Redis' sandbox, compiled scripts by their sha1. */
export interface EvalEngine {
  /**
   * Compiles, unless it has it. `source` is without the shebang line's text (its line feed stays).
   * Throws `CommandError("ERR Error compiling script (new function): user_script:1: …")`.
   */
  compile(sha: string, source: Bytes): void;
  /** Runs a script that `compile` knows or that it compiles now. */
  run(sha: string, source: Bytes, keys: readonly Bytes[], argv: readonly Bytes[], host: ScriptHost): Outcome;
  /** Forgets all compiled scripts, and the Lua state with them (SCRIPT FLUSH). */
  flush(): void;
  /** Bytes that Lua uses now; 0 before the first script. */
  readonly usedMemory: number;
}

/** One function as its library registered it. */
export interface RegisteredFunction {
  readonly name: Bytes;
  readonly description: Bytes | null;
  /** Lower case: `no-writes`, `allow-oom`, `allow-stale`, `no-cluster`, `allow-cross-slot-keys`. */
  readonly flags: readonly string[];
}

/** Libraries of functions: a second Lua state, as in Redis. */
export interface FunctionEngine {
  /**
   * Runs a library's code, which registers functions, and keeps the library under a handle of the caller's. `source` is without
   * the shebang line's text (its line feed stays). Throws a `CommandError` with Redis' text: `ERR Error compiling
   * function: user_function:2: …`, `ERR Error registering functions: …`, also when it runs longer than `timeoutMs` (0: no limit).
   * `exists` tells a function name that another library has (Redis refuses it only when loading is complete: so do that in the caller).
   * Nothing is kept of a library that fails.
   */
  load(library: object, source: Bytes, timeoutMs: number, log: ScriptHost["log"]): RegisteredFunction[];
  /** Forgets it. */
  unload(library: object): void;
  /** Calls a function of a loaded library; after a state was dropped its libraries are loaded again when they are called. */
  call(
    library: object,
    name: Bytes,
    keys: readonly Bytes[],
    argv: readonly Bytes[],
    host: ScriptHost,
  ): Outcome;
  /** Forgets all libraries and the Lua state. */
  flush(): void;
  readonly usedMemory: number;
}
