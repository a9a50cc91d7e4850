import { CommandError } from "../../errors.ts";
import type { Bytes } from "../../support/bytes.ts";
import { splitArgs } from "../../support/split-args.ts";
import { SCRIPT_FLAGS, type ScriptFlags } from "./flags.ts";

const MARK = "#!";
const FLAGS_OPTION = "flags=";
const NAME_OPTION = "name=";

/** The first line without its line feed; null where no line ends. Redis looks no further than a zero byte. */
function firstLine(code: Bytes): Bytes | null {
  const end = code.indexOf("\n");
  const zero = code.indexOf("\0");
  return end < 0 || (zero >= 0 && zero < end) ? null : code.slice(0, end);
}

function scriptError(text: Bytes): CommandError {
  return new CommandError(`ERR ${text.replace(/[\r\n]/g, " ")}`);
}

/** What a script of EVAL says of itself, and the code that remains: line numbers are kept. */
export interface ScriptHead {
  readonly flags: ScriptFlags;
  readonly source: Bytes;
}

/**
 * The `#!lua flags=no-writes,allow-stale` of a script: https://redis.io/docs/latest/develop/programmability/eval-intro/#eval-flags
 * @throws CommandError
 */
export function readScriptHead(body: Bytes): ScriptHead {
  if (!body.startsWith(MARK)) return { flags: null, source: body };
  const line = firstLine(body);
  if (line === null) throw scriptError("Invalid script shebang");
  const words = splitArgs(line);
  if (words === null || words.length === 0) throw scriptError("Invalid engine in script shebang");
  const [engine, ...options] = words;
  if (engine !== "#!lua") throw scriptError(`Unexpected engine in script shebang: ${engine}`);
  const flags: string[] = [];
  for (const option of options) {
    if (!option.startsWith(FLAGS_OPTION)) throw scriptError(`Unknown lua shebang option: ${option}`);
    const list = option.slice(FLAGS_OPTION.length);
    for (const flag of list === "" ? [] : list.split(",")) {
      if (!SCRIPT_FLAGS.includes(flag)) throw scriptError(`Unexpected flag in script shebang: ${flag}`);
      flags.push(flag);
    }
  }
  return { flags, source: body.slice(line.length) };
}

/** What a library says of itself, and the code that remains. */
export interface LibraryHead {
  readonly name: Bytes;
  readonly source: Bytes;
}

const NAME = /^[A-Za-z0-9_]+$/;

/**
 * The `#!lua name=mylib` of a library: https://redis.io/docs/latest/develop/programmability/functions-intro/
 * @throws CommandError
 */
export function readLibraryHead(code: Bytes): LibraryHead {
  if (!code.startsWith(MARK)) throw scriptError("Missing library metadata");
  const line = firstLine(code);
  const words = line === null ? null : splitArgs(line);
  if (line === null || words === null || words.length === 0) throw scriptError("Invalid library metadata");
  const [engine, ...options] = words;
  let name: Bytes | null = null;
  for (const option of options) {
    if (!option.slice(0, NAME_OPTION.length).toLowerCase().startsWith(NAME_OPTION)) {
      throw scriptError(`Invalid metadata value given: ${option}`);
    }
    if (name !== null) throw scriptError("Invalid metadata value, name argument was given multiple times");
    name = option.slice(NAME_OPTION.length);
  }
  if (name === null) throw scriptError("Library name was not given");
  if (!NAME.test(name)) throw scriptError(BAD_LIBRARY_NAME);
  const engineName = engine!.slice(MARK.length);
  if (engineName.toLowerCase() !== "lua") throw scriptError(`Engine '${engineName}' not found`);
  return { name, source: code.slice(line.length) };
}

const BAD_LIBRARY_NAME =
  "Library names can only contain letters, numbers, or underscores(_) and must be at least one character long";
