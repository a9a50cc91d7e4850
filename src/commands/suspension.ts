import type { CommandError } from "../errors.ts";
import type { Reply } from "../resp/reply.ts";
import type { Bytes } from "../support/bytes.ts";

/** A script that is being run, as the commands that are allowed meanwhile see it. */
export interface RunningScript {
  readonly kind: "eval" | "function";
  /** The script's sha1, the function's name. */
  readonly name: Bytes;
  /** The command that runs it. */
  readonly args: readonly Bytes[];
  /** How long it has been running. */
  readonly durationMs: number;
  /** It has called a command that writes: it cannot be ended with nothing left behind by a client. */
  readonly hasWritten: boolean;
  /** It ends with this error when it is its turn again. */
  kill(error: CommandError): void;
}

/**
 * Thrown by a handler whose script is over its time and has yielded: what it did so far stays as it is, and `resume` goes
 * on, up to the reply or the next suspension. A handler that runs others must pass it on with what it does after it.
 */
export class Suspension {
  readonly script: RunningScript;
  readonly resume: () => Reply;
  /** The script will not go on: lets go of it. */
  readonly abandon: () => void;

  constructor(script: RunningScript, resume: () => Reply, abandon: () => void) {
    this.script = script;
    this.resume = resume;
    this.abandon = abandon;
  }

  /** The same, where the command around it has to go on as well. */
  within(resume: () => Reply): Suspension {
    return new Suspension(this.script, resume, this.abandon);
  }
}

/** Thrown by a handler: all that the attempt has written is taken back, and this is its answer. */
export class TakenBack {
  readonly error: CommandError;
  constructor(error: CommandError) {
    this.error = error;
  }
}
