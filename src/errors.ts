import { ErrorReply } from "./resp/reply.ts";
import type { Bytes } from "./support/bytes.ts";

/**
 * Every error that a client can see, by name, with Redis' text. A handler throws one; the executor turns
 * it into a reply at one place. An exception of any other class is a bug of ours.
 *
 * No stack is kept: these are answers, thrown many thousands of times a second by ordinary clients.
 */
export class CommandError {
  readonly reply: ErrorReply;
  constructor(message: Bytes) {
    this.reply = new ErrorReply(message);
  }
  get message(): Bytes {
    return this.reply.message;
  }
  /** The first word: `ERR`, `WRONGTYPE` …, which INFO errorstats counts by. */
  get code(): string {
    const space = this.reply.message.indexOf(" ");
    return space < 0 ? this.reply.message : this.reply.message.slice(0, space);
  }
}

/** What a script ends with when a command in it has: that command has been counted for it already. */
export class CountedError extends CommandError {}

export const WRONG_TYPE = new CommandError(
  "WRONGTYPE Operation against a key holding the wrong kind of value",
);
export const SYNTAX = new CommandError("ERR syntax error");
export const NOT_AN_INTEGER = new CommandError("ERR value is not an integer or out of range");
export const NOT_A_FLOAT = new CommandError("ERR value is not a valid float");
export const NO_SUCH_KEY = new CommandError("ERR no such key");
export const OVERFLOW = new CommandError("ERR increment or decrement would overflow");
export const NOT_FINITE = new CommandError("ERR increment would produce NaN or Infinity");

/** `min-replicas-to-write` */
export const NO_REPLICAS = new CommandError("NOREPLICAS Not enough good replicas to write.");

export const LOADING = new CommandError("LOADING Redis is loading the dataset in memory");

/** While a script of EVAL, or a function, is over its time. */
export const BUSY_EVAL = new CommandError(
  "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
);
export const BUSY_FUNCTION = new CommandError(
  "BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE.",
);

/** For a name as the client spelled it: `wrongArity("get")`. */
export function wrongArity(fullName: Bytes): CommandError {
  return new CommandError(`ERR wrong number of arguments for '${fullName}' command`);
}

/** `invalidExpire("set")`: the text that SET, GETEX, EXPIRE and SETEX share. */
export function invalidExpire(name: string): CommandError {
  return new CommandError(`ERR invalid expire time in '${name}' command`);
}

/** For a word that EXPIRE and its family do not know. */
export function unsupportedOption(option: Bytes): CommandError {
  return new CommandError(onOneLine(`ERR Unsupported option ${excerpt(option, option.length)}`));
}

/** For a name that is no command; as much of the arguments as Redis shows. */
export function unknownCommand(args: readonly Bytes[]): CommandError {
  let shown = "";
  for (let i = 1; i < args.length && shown.length < SHOWN_BYTES; i++) {
    shown += `'${excerpt(args[i]!, SHOWN_BYTES - shown.length)}' `;
  }
  const name = excerpt(args[0]!, SHOWN_BYTES);
  return new CommandError(onOneLine(`ERR unknown command '${name}', with args beginning with: ${shown}`));
}

/** For a container's name and a subcommand that it does not have. */
export function unknownSubcommand(container: Bytes, name: Bytes): CommandError {
  const shown = excerpt(name, SHOWN_BYTES);
  return new CommandError(
    onOneLine(`ERR unknown subcommand '${shown}'. Try ${container.toUpperCase()} HELP.`),
  );
}

const SHOWN_BYTES = 128;

/** Redis shows C strings: nothing from the first NUL on. */
function excerpt(bytes: Bytes, length: number): Bytes {
  const end = bytes.indexOf("\0");
  return bytes.slice(0, end < 0 ? length : Math.min(end, length));
}

function onOneLine(text: Bytes): Bytes {
  return text.replace(/[\r\n]/g, " ");
}
