import { BUSY_EVAL, CommandError } from "../../errors.ts";
import type { Library, LibraryFunction } from "../../keyspace/libraries.ts";
import { MapReply, OK, type Reply, SetReply, Status } from "../../resp/reply.ts";
import type { Bytes } from "../../support/bytes.ts";
import { globMatch } from "../../support/glob.ts";
import { optionWord } from "../arguments.ts";
import type { CommandRow, Context } from "../command.ts";
import { helpReply, wrongSubcommandUse } from "../help.ts";
import { functionDump, functionRestore } from "./function-payload.ts";
import { SCRIPT_FLAGS } from "./flags.ts";
import { changeLibraries, functionNamed } from "./libraries.ts";
import { FLUSH_MODES, kill } from "./script.ts";
import { readLibraryHead } from "./shebang.ts";

/** Libraries of functions: https://redis.io/docs/latest/develop/programmability/functions-intro/ */
export const FUNCTION = {
  function: {
    arity: -2,
    flags: [],
    doc: {
      summary: "A container for function commands",
      since: "7.0.0",
      complexity: "Depends on subcommand.",
    },
    subcommands: {
      delete: {
        arity: 3,
        flags: ["write", "noscript"],
        tips: ["request_policy:all_shards", "response_policy:all_succeeded"],
        doc: {
          summary: "Delete a function by name",
          since: "7.0.0",
          complexity: "O(1)",
          syntax: "library-name",
        },
        run: functionDelete,
      },
      dump: {
        arity: 2,
        flags: ["noscript"],
        doc: {
          summary: "Dump all functions into a serialized binary payload",
          since: "7.0.0",
          complexity: "O(N) where N is the number of functions",
        },
        run: functionDump,
      },
      flush: {
        arity: -2,
        flags: ["write", "noscript"],
        tips: ["request_policy:all_shards", "response_policy:all_succeeded"],
        doc: {
          summary: "Deleting all functions",
          since: "7.0.0",
          complexity: "O(N) where N is the number of functions deleted",
          syntax: "async:[ASYNC | SYNC]",
        },
        run: functionFlush,
      },
      help: {
        arity: 2,
        flags: ["loading", "stale"],
        doc: {
          summary: "Show helpful text about the different subcommands",
          since: "7.0.0",
          complexity: "O(1)",
        },
        run: functionHelp,
      },
      kill: {
        arity: 2,
        flags: ["noscript", "allow_busy"],
        tips: ["request_policy:all_shards", "response_policy:one_succeeded"],
        doc: {
          summary: "Kill the function currently in execution.",
          since: "7.0.0",
          complexity: "O(1)",
        },
        run: functionKill,
      },
      list: {
        arity: -2,
        flags: ["noscript"],
        tips: ["nondeterministic_output_order"],
        doc: {
          summary: "List information about all the functions",
          since: "7.0.0",
          complexity: "O(N) where N is the number of functions",
          syntax: "[LIBRARYNAME library-name-pattern] [WITHCODE]",
        },
        run: functionList,
      },
      load: {
        arity: -3,
        flags: ["write", "denyoom", "noscript"],
        tips: ["request_policy:all_shards", "response_policy:all_succeeded"],
        doc: {
          summary: "Create a function with the given arguments (name, code, description)",
          since: "7.0.0",
          complexity: "O(1) (considering compilation time is redundant)",
          syntax: "[REPLACE] function-code",
        },
        run: functionLoad,
      },
      restore: {
        arity: -3,
        flags: ["write", "denyoom", "noscript"],
        tips: ["request_policy:all_shards", "response_policy:all_succeeded"],
        doc: {
          summary: "Restore all the functions on the given payload",
          since: "7.0.0",
          complexity: "O(N) where N is the number of functions on the payload",
          syntax: "serialized-value policy:[FLUSH | APPEND | REPLACE]",
        },
        run: functionRestore,
      },
      stats: {
        arity: 2,
        flags: ["noscript", "allow_busy"],
        tips: ["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
        doc: {
          summary: "Return information about the function currently running (name, description, duration)",
          since: "7.0.0",
          complexity: "O(1)",
        },
        run: functionStats,
      },
    },
  },
} satisfies Record<string, CommandRow>;

/** How long the code of a library may take to register its functions. */
const LOAD_TIMEOUT_MS = 500;

/** FUNCTION LOAD [REPLACE] function-code */
function functionLoad(context: Context, args: readonly Bytes[]): Reply {
  let replaces = false;
  for (const option of args.slice(2, -1)) {
    if (optionWord(option) !== "REPLACE") throw new CommandError(`ERR Unknown option given: ${option}`);
    replaces = true;
  }
  const { client, keyspace, server } = context;
  const { all } = keyspace.libraries;
  const { name } = readLibraryHead(args.at(-1)!);
  if (all.has(name) && !replaces) throw new CommandError(`ERR Library '${name}' already exists`);
  // What a master has loaded loads, whatever time it takes here.
  const timeoutMs = client.type === "master" ? 0 : LOAD_TIMEOUT_MS;
  const library = server.scripting.load(args.at(-1)!, timeoutMs);
  const others = new Map(all);
  others.delete(name);
  const taken = library.functions.find((entry) => functionNamed(others.values(), entry.name));
  if (taken !== undefined) {
    server.scripting.functionEngine.unload(library);
    throw new CommandError(`ERR Function ${taken.name} already exists`);
  }
  changeLibraries(context, others.set(name, library));
  return name;
}

/** FUNCTION DELETE library-name */
function functionDelete(context: Context, args: readonly Bytes[]): Reply {
  const left = new Map(context.keyspace.libraries.all);
  if (!left.delete(args[2]!)) throw new CommandError("ERR Library not found");
  changeLibraries(context, left);
  return OK;
}

/** FUNCTION FLUSH [ASYNC | SYNC] */
function functionFlush(context: Context, args: readonly Bytes[]): Reply {
  if (args.length > 3) throw wrongSubcommandUse(args);
  if (args.length === 3 && !FLUSH_MODES.includes(optionWord(args[2]!))) throw WRONG_FLUSH;
  changeLibraries(context, new Map());
  return OK;
}

/** FUNCTION LIST [LIBRARYNAME library-name-pattern] [WITHCODE] */
function functionList({ keyspace }: Context, args: readonly Bytes[]): Reply {
  let withCode = false;
  let pattern: Bytes | null = null;
  for (let at = 2; at < args.length; at++) {
    const word = optionWord(args[at]!);
    if (word === "WITHCODE" && !withCode) withCode = true;
    else if (word === "LIBRARYNAME" && pattern === null) {
      pattern = args[++at] ?? null;
      if (pattern === null) throw new CommandError("ERR library name argument was not given");
    } else throw new CommandError(`ERR Unknown argument ${args[at]!.replace(/[\r\n]/g, " ")}`);
  }
  return [...keyspace.libraries.all.values()]
    .filter(({ name }) => pattern === null || globMatch(pattern, name, true))
    .map((library) => describe(library, withCode));
}

function describe({ name, code, functions }: Library, withCode: boolean): Reply {
  const about: Reply[] = [
    "library_name",
    name,
    "engine",
    "LUA",
    "functions",
    functions.map(describeFunction),
  ];
  return new MapReply(withCode ? [...about, "library_code", code] : about);
}

function describeFunction({ name, description, flags }: LibraryFunction): Reply {
  const told = SCRIPT_FLAGS.filter((flag) => flags.includes(flag)).map((flag) => new Status(flag));
  return new MapReply(["name", name, "description", description, "flags", new SetReply(told)]);
}

/** FUNCTION STATS */
function functionStats({ server, keyspace }: Context): Reply {
  const { script } = server.busy;
  if (script?.kind === "eval") throw BUSY_EVAL;
  const running =
    script === null
      ? null
      : new MapReply([
          "name",
          script.name,
          "command",
          script.args,
          "duration_ms",
          Math.floor(script.durationMs),
        ]);
  const { all, functionCount } = keyspace.libraries;
  const counts = new MapReply(["libraries_count", all.size, "functions_count", functionCount]);
  return new MapReply(["running_script", running, "engines", new MapReply(["LUA", counts])]);
}

/** FUNCTION KILL */
function functionKill({ server }: Context): Reply {
  kill(server, "function");
  return OK;
}

function functionHelp(_: Context, args: readonly Bytes[]): Reply {
  return helpReply(args[0]!, [
    "LOAD [REPLACE] <FUNCTION CODE>",
    "    Create a new library with the given library name and code.",
    "DELETE <LIBRARY NAME>",
    "    Delete the given library.",
    "LIST [LIBRARYNAME PATTERN] [WITHCODE]",
    "    Return general information on all the libraries:",
    "    * Library name",
    "    * The engine used to run the Library",
    "    * Library description",
    "    * Functions list",
    "    * Library code (if WITHCODE is given)",
    "    It also possible to get only function that matches a pattern using LIBRARYNAME argument.",
    "STATS",
    "    Return information about the current function running:",
    "    * Function name",
    "    * Command used to run the function",
    "    * Duration in MS that the function is running",
    "    If no function is running, return nil",
    "    In addition, returns a list of available engines.",
    "KILL",
    "    Kill the current running function.",
    "FLUSH [ASYNC|SYNC]",
    "    Delete all the libraries.",
    "    When called without the optional mode argument, the behavior is determined by the",
    "    lazyfree-lazy-user-flush configuration directive. Valid modes are:",
    "    * ASYNC: Asynchronously flush the libraries.",
    "    * SYNC: Synchronously flush the libraries.",
    "DUMP",
    "    Return a serialized payload representing the current libraries, can be restored using FUNCTION RESTORE command",
    "RESTORE <PAYLOAD> [FLUSH|APPEND|REPLACE]",
    "    Restore the libraries represented by the given payload, it is possible to give a restore policy to",
    "    control how to handle existing libraries (default APPEND):",
    "    * FLUSH: delete all existing libraries.",
    "    * APPEND: appends the restored libraries to the existing libraries. On collision, abort.",
    "    * REPLACE: appends the restored libraries to the existing libraries, On collision, replace the old",
    "      libraries with the new libraries (notice that even on this option there is a chance of failure",
    "      in case of functions name collision with another library).",
  ]);
}

const WRONG_FLUSH = new CommandError("ERR FUNCTION FLUSH only supports SYNC|ASYNC option");
