import { createHash } from "node:crypto";
import type { Reply } from "../resp/reply.ts";
import { ErrorReply, Sequence } from "../resp/reply.ts";
import type { Bytes } from "../support/bytes.ts";
import { formatDouble } from "../support/doubles.ts";
import { codeAndText, cString, pushReply } from "./conversion.ts";
import type { ScriptHost } from "./engine.ts";
import type { InternalFunction, Stack } from "./lua-stack.ts";
import { NUMBER, STRING } from "./native.ts";
import { REDIS_VERSION } from "../support/version.ts";

/** What the functions of `redis` know of the script that runs. */
export interface Running {
  readonly host: ScriptHost;
  resp: 2 | 3;
  call(args: Bytes[]): Reply;
  log(level: number, text: Bytes): void;
  /** Runs something of the host's: an exception of its unwinds the whole VM, and is handed on. */
  reach<T>(run: () => T): T;
}

type Functions = Readonly<Record<string, InternalFunction>>;
type Constants = Readonly<Record<string, number | Bytes>>;

const LOG_LEVELS: Constants = { LOG_DEBUG: 0, LOG_VERBOSE: 1, LOG_NOTICE: 2, LOG_WARNING: 3 };
const REPLICATION_TARGETS = 3;

function versionNumber(version: string): number {
  const [major, minor, patch] = version.split(".").map(Number);
  return (major! << 16) | (minor! << 8) | patch!;
}

/** What the table `redis` holds besides functions, while a library is loaded. */
export const LIBRARY_CONSTANTS: Constants = {
  ...LOG_LEVELS,
  REDIS_VERSION,
  REDIS_VERSION_NUM: versionNumber(REDIS_VERSION),
};

/** The same in scripts and functions. */
export const CONSTANTS: Constants = {
  ...LIBRARY_CONSTANTS,
  REPL_NONE: 0,
  REPL_AOF: 1,
  REPL_SLAVE: 2,
  REPL_REPLICA: 2,
  REPL_ALL: REPLICATION_TARGETS,
};

/** `redis.*` in scripts and functions. */
export function redisFunctions(running: Running): Functions {
  return {
    call: (lua) => command(lua, running, true),
    pcall: (lua) => command(lua, running, false),
    log: logFunction(running),
    setresp: (lua) => {
      if (lua.top() !== 1) raise(lua, "redis.setresp() requires one argument.");
      const version = Math.trunc(lua.toNumber(1));
      if (version !== 2 && version !== 3) raise(lua, "RESP version must be 2 or 3.");
      running.resp = version;
      running.reach(() => running.host.setResp(version));
      return 0;
    },
    sha1hex: (lua) => {
      if (lua.top() !== 1) raise(lua, "wrong number of arguments");
      const digest = createHash("sha1").update(lua.toBytes(1) ?? "", "latin1");
      lua.pushBytes(digest.digest("hex"));
      return 1;
    },
    error_reply: (lua) => {
      if (!isOneString(lua)) return pushError(lua, WRONG_ARGUMENT);
      const message = cString(lua.toBytes(1)!);
      lua.pushRecord("err", codeAndText(message.startsWith("-") ? message.slice(1) : message));
      return 1;
    },
    status_reply: (lua) => {
      if (!isOneString(lua)) return pushError(lua, WRONG_ARGUMENT);
      lua.newTable(0, 1);
      lua.pushValue(1);
      lua.rawSetField(-2, "ok");
      return 1;
    },
    set_repl: (lua) => {
      if (lua.top() !== 1) raise(lua, "redis.set_repl() requires two arguments.");
      const number = lua.toNumber(1);
      // What is no C int becomes one with other bits set.
      const targets = Math.abs(number) < 2 ** 31 ? Math.trunc(number) : -1;
      if ((targets & ~REPLICATION_TARGETS) !== 0) {
        raise(lua, "Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.");
      }
      running.reach(() => running.host.setReplication(targets));
      return 0;
    },
    acl_check_cmd: (lua) => {
      const args = takeArguments(lua);
      if (args instanceof Mistake) raise(lua, args.message);
      const allowed = running.reach(() => running.host.mayRun(args));
      if (allowed === null) raise(lua, "Invalid command passed to redis.acl_check_cmd()");
      lua.pushBoolean(allowed);
      return 1;
    },
  };
}

/** `redis.log`: also while a library is loaded. */
export function logFunction(running: Pick<Running, "log" | "reach">): InternalFunction {
  return (lua) => {
    const count = lua.top();
    if (count < 2) raise(lua, "redis.log() requires two arguments or more.");
    if (!lua.isNumber(1)) raise(lua, "First argument must be a number (log level).");
    const level = Math.trunc(lua.toNumber(1));
    if (level < 0 || level > 3) raise(lua, "Invalid debug level.");
    let text = "";
    for (let i = 2; i <= count; i++) {
      const part = lua.toBytes(i);
      if (part === null) continue;
      if (i > 2) text += " ";
      text += part;
    }
    running.reach(() => running.log(level, text));
    return 0;
  };
}

/** What only EVAL has. */
export const EVAL_FUNCTIONS: Functions = {
  // Nobody debugs: Redis answers false then, and prints nothing.
  breakpoint: (lua) => {
    lua.pushBoolean(false);
    return 1;
  },
  debug: () => 0,
  replicate_commands: (lua) => {
    lua.pushBoolean(true);
    return 1;
  },
};

const WRONG_ARGUMENT = "wrong number or type of arguments";

/** What the script did wrong in its arguments. */
class Mistake {
  readonly message: Bytes;
  constructor(message: Bytes) {
    this.message = message;
  }
}

function command(lua: Stack, running: Running, raises: boolean): number {
  const args = takeArguments(lua);
  if (args instanceof Mistake) {
    pushError(lua, args.message);
    return raises ? lua.raise() : 1;
  }
  const reply = running.call(args);
  pushReply(lua, reply, running.resp);
  if (raises && isError(reply)) lua.raise();
  return 1;
}

function isError(reply: Reply): boolean {
  if (typeof reply !== "object") return false;
  return reply instanceof ErrorReply || (reply instanceof Sequence && isError(reply.replies.at(-1)!));
}

/** Takes all arguments from the stack, so that there is room for the reply. */
function takeArguments(lua: Stack): Bytes[] | Mistake {
  const count = lua.top();
  if (count === 0) return new Mistake("Please specify at least one argument for this redis lib call");
  const args = new Array<Bytes>(count);
  for (let i = 1; i <= count; i++) {
    const type = lua.type(i);
    if (type === STRING) args[i - 1] = lua.toBytes(i)!;
    else if (type === NUMBER) args[i - 1] = formatNumber(lua.toNumber(i));
    else return new Mistake("Lua redis lib command arguments must be strings or integers");
  }
  lua.setTop(0);
  return args;
}

/** `%.17g`. What is no number has a sign there, and the one that a division makes has minus. */
function formatNumber(value: number): Bytes {
  return Number.isNaN(value) ? "-nan" : formatDouble(value);
}

function isOneString(lua: Stack): boolean {
  return lua.top() === 1 && lua.type(1) === STRING;
}

function pushError(lua: Stack, message: Bytes): number {
  lua.pushRecord("err", `ERR ${message}`);
  return 1;
}

/** Raises what `redis.call` raises: a table. */
export function raise(lua: Stack, message: Bytes): never {
  pushError(lua, message);
  lua.raise();
}
