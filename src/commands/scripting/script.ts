import { BUSY_EVAL, BUSY_FUNCTION, CommandError } from "../../errors.ts";
import { OK, type Reply } from "../../resp/reply.ts";
import type { Bytes } from "../../support/bytes.ts";
import { optionWord } from "../arguments.ts";
import type { CommandRow, Context } from "../command.ts";
import { helpReply } from "../help.ts";
import type { Server } from "../host.ts";
import type { RunningScript } from "../suspension.ts";
import { known } from "./eval.ts";

export const SCRIPT = {
  script: {
    arity: -2,
    flags: [],
    doc: {
      summary: "A container for Lua scripts management commands",
      since: "2.6.0",
      complexity: "Depends on subcommand.",
    },
    subcommands: {
      debug: {
        arity: 3,
        flags: ["noscript"],
        doc: {
          summary: "Set the debug mode for executed scripts.",
          since: "3.2.0",
          complexity: "O(1)",
          syntax: "mode:(YES | SYNC | NO)",
        },
        run: scriptDebug,
      },
      exists: {
        arity: -3,
        flags: ["noscript"],
        tips: ["request_policy:all_shards", "response_policy:agg_logical_and"],
        doc: {
          summary: "Check existence of scripts in the script cache.",
          since: "2.6.0",
          complexity:
            "O(N) with N being the number of scripts to check (so checking a single script is an O(1) operation).",
          syntax: "sha1...",
        },
        run: scriptExists,
      },
      flush: {
        arity: -2,
        flags: ["noscript"],
        tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
        doc: {
          summary: "Remove all the scripts from the script cache.",
          since: "2.6.0",
          complexity: "O(N) with N being the number of scripts in cache",
          history: [["6.2.0", "Added the `ASYNC` and `SYNC` flushing mode modifiers."]],
          syntax: "async:[ASYNC | SYNC]@6.2.0",
        },
        run: scriptFlush,
      },
      help: {
        arity: 2,
        flags: ["loading", "stale"],
        doc: {
          summary: "Show helpful text about the different subcommands",
          since: "5.0.0",
          complexity: "O(1)",
        },
        run: scriptHelp,
      },
      kill: {
        arity: 2,
        flags: ["noscript", "allow_busy"],
        tips: ["request_policy:all_shards", "response_policy:one_succeeded"],
        doc: {
          summary: "Kill the script currently in execution.",
          since: "2.6.0",
          complexity: "O(1)",
        },
        run: scriptKill,
      },
      load: {
        arity: 3,
        flags: ["noscript", "stale"],
        tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
        doc: {
          summary: "Load the specified Lua script into the script cache.",
          since: "2.6.0",
          complexity: "O(N) with N being the length in bytes of the script body.",
          syntax: "script",
        },
        run: scriptLoad,
      },
    },
  },
} satisfies Record<string, CommandRow>;

/** SCRIPT LOAD script */
function scriptLoad(context: Context, args: readonly Bytes[]): Reply {
  return known(context, args[2]!).sha;
}

/** SCRIPT EXISTS sha1 [sha1 …] */
function scriptExists({ server }: Context, args: readonly Bytes[]): Reply {
  const { cache } = server.scripting;
  return args.slice(2).map((sha) => (cache.get(sha) === undefined ? 0 : 1));
}

/** SCRIPT FLUSH [ASYNC | SYNC]: the memory is V8's, which takes it back when it likes. */
function scriptFlush(context: Context, args: readonly Bytes[]): Reply {
  const isRight = args.length === 2 || (args.length === 3 && FLUSH_MODES.includes(optionWord(args[2]!)));
  if (!isRight) throw WRONG_FLUSH;
  const { cache, evalEngine } = context.server.scripting;
  cache.clear(context.keyspace.reading.attempt.undo);
  context.afterwards(() => evalEngine.flush());
  return OK;
}

export const FLUSH_MODES: readonly string[] = ["SYNC", "ASYNC"];

/** SCRIPT KILL */
function scriptKill({ server }: Context): Reply {
  kill(server, "eval");
  return OK;
}

/** Ends the script or function that is over its time. @throws CommandError if it may not be ended, or not this way */
export function kill({ busy, log }: Server, kind: RunningScript["kind"]): void {
  const { script } = busy;
  if (script === null) throw NOT_BUSY;
  if (script.hasWritten) throw UNKILLABLE;
  if (script.kind !== kind) throw script.kind === "eval" ? BUSY_EVAL : BUSY_FUNCTION;
  log("warning", "Lua script killed by user with SCRIPT KILL.");
  script.kill(KILLED);
}

/** SCRIPT DEBUG YES | SYNC | NO: there is no debugger to be turned on. */
function scriptDebug(_: Context, args: readonly Bytes[]): Reply {
  const mode = optionWord(args[2]!);
  if (mode === "NO") return OK;
  throw mode === "YES" || mode === "SYNC" ? NO_DEBUGGER : WRONG_DEBUG;
}

function scriptHelp(_: Context, args: readonly Bytes[]): Reply {
  return helpReply(args[0]!, [
    "DEBUG (YES|SYNC|NO)",
    "    Set the debug mode for subsequent scripts executed.",
    "EXISTS <sha1> [<sha1> ...]",
    "    Return information about the existence of the scripts in the script cache.",
    "FLUSH [ASYNC|SYNC]",
    "    Flush the Lua scripts cache. Very dangerous on replicas.",
    "    When called without the optional mode argument, the behavior is determined by the",
    "    lazyfree-lazy-user-flush configuration directive. Valid modes are:",
    "    * ASYNC: Asynchronously flush the scripts cache.",
    "    * SYNC: Synchronously flush the scripts cache.",
    "KILL",
    "    Kill the currently executing Lua script.",
    "LOAD <script>",
    "    Load a script into the scripts cache without executing it.",
  ]);
}

const WRONG_FLUSH = new CommandError("ERR SCRIPT FLUSH only support SYNC|ASYNC option");
const WRONG_DEBUG = new CommandError("ERR Use SCRIPT DEBUG YES/SYNC/NO");
const NO_DEBUGGER = new CommandError("ERR The Lua debugger is not supported");
const NOT_BUSY = new CommandError("NOTBUSY No scripts in execution right now.");
const KILLED = new CommandError("ERR Script killed by user with SCRIPT KILL...");
const UNKILLABLE = new CommandError(
  "UNKILLABLE Sorry the script already executed write commands against the dataset. You can either wait the script " +
    "termination or kill the server in a hard way using the SHUTDOWN NOSAVE command.",
);
