import type { Bytes } from "../support/bytes.ts";

/**
 * One option: a directive of the config file, a flag of the command line and a parameter of CONFIG are the
 * same thing. Rows are made by the functions of `option-types.ts`.
 */
export interface Option<T = unknown> {
  /** What a value looks like, for --help and the docs: `yes|no`, `bytes` … */
  readonly type: string;
  readonly initial: T;
  /** The initial value as --help and the docs show it. */
  readonly initialText: Bytes;
  readonly help: string;
  /** Other spellings; CONFIG GET answers to each. */
  readonly aliases: readonly string[];
  /**
   * - `real`: it does what it says.
   * - `none`: every value is accepted and kept, and changes nothing, for `reason`.
   * - `fixed`: only values that mean what leveldis does anyway are accepted, for `reason`.
   */
  readonly effect: "real" | "none" | "fixed";
  readonly reason: string;
  /**
   * - `anytime`: CONFIG SET changes it, and whoever needs it reads it from `Config.values`.
   * - `listener`: somebody has to act when it changes; while nobody listens CONFIG SET is refused.
   * - `start`: immutable, in Redis' word.
   */
  readonly changes: "anytime" | "listener" | "start";
  /** CONFIG SET needs `enable-protected-configs`. */
  readonly isProtected: boolean;
  /** Its value stays out of MONITOR, the slow log and the like. */
  readonly isSensitive: boolean;
  /** Not in --help, and in CONFIG GET only by its exact name. */
  readonly isHidden: boolean;
  /** An order for this start; CONFIG REWRITE must not make it one for every start. */
  readonly isForThisStart: boolean;
  /** CONFIG REWRITE writes it even where it has its default. */
  readonly isAlwaysWritten: boolean;
  /** On the command line its name alone means `yes`. */
  readonly isFlag: boolean;
  /** It takes any number of words, not one. */
  readonly takesWords: boolean;
  /**
   * What new words are added to: nothing; what the lines before in the same file say; or whatever the value
   * is, for a value of several parts that are set one by one.
   */
  readonly addsTo: "nothing" | "lines" | "value";
  /** Throws a `ValueError`. `previous` is what the words are added to, as `addsTo` has it. */
  parse(words: readonly Bytes[], previous: T | null): T;
  /** As CONFIG GET shows it. */
  format(value: T): Bytes;
  /** What stands behind the name in the config file, one for each line. */
  lines(value: T): readonly Bytes[];
}

/** A value that an option does not take. The message is Redis' where Redis has one. */
export class ValueError extends Error {
  override readonly name = "ValueError";
}

/** A value that means something that leveldis does not do. */
export class UnsupportedError extends ValueError {}

/** The server cannot start; the message says so to the person who started it. */
export class StartError extends Error {
  override readonly name = "StartError";
  readonly exitCode = 1;
}
