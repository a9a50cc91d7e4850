import type { CommandError } from "../errors.ts";
import type { ErrorReply, Reply } from "../resp/reply.ts";
import type { Bytes } from "../support/bytes.ts";
import type { Command } from "./registered-command.ts";

/** What a script has chosen for the commands that it calls, and lets go of at its end. */
export interface ScriptState {
  /** SELECT in a script is for that script. */
  dbIndex: number;
  resp: 2 | 3;
  /** The keys that the call of the script declared. */
  readonly keys: readonly Bytes[];
}

/** Runs the commands of scripts, as a part of the command that runs the script. */
export interface ScriptCaller {
  /** A client's script begins: MONITOR shows it ahead of what it calls. */
  began(args: readonly Bytes[]): void;
  /** Runs a command that was checked. Its reply is whole, whatever its size. */
  call(command: Command, args: readonly Bytes[], state: ScriptState): Reply;
  /** The script's reply has errors in it: that counts as failing, and each as an error that was not counted before. */
  answersErrors(args: readonly Bytes[], errors: readonly ErrorReply[]): void;
  /** Counts a command that a script may not run, or that is none. */
  refused(command: Command | undefined, error: CommandError): ErrorReply;
}
