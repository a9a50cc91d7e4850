import { BUSY_EVAL, BUSY_FUNCTION, CommandError, SYNTAX } from "../errors.ts";
import { NO_REPLY, OK, type Reply } from "../resp/reply.ts";
import type { Bytes } from "../support/bytes.ts";
import { nowMicroseconds } from "../support/clock.ts";
import { optionWord } from "./arguments.ts";
import type { CommandGroup, Context } from "./command.ts";
import { debug } from "./debug/debug.ts";
import { helpReply } from "./help.ts";
import { info } from "./info/info.ts";
import type { Server } from "./host.ts";
import { lolwut } from "./lolwut.ts";
import { WaitFor } from "./wait-for.ts";

/** What is asked about, or told to, the process as a whole. CONFIG and COMMAND have files of their own. */
export const SERVER: CommandGroup = {
  name: "server",
  rows: {
    debug: {
      arity: -2,
      flags: ["admin", "noscript", "loading", "stale", "protected"],
      doc: {
        summary: "A container for debugging commands",
        since: "1.0.0",
        complexity: "Depends on subcommand.",
        isInternal: true,
      },
      run: debug,
    },
    info: {
      arity: -1,
      flags: ["loading", "stale"],
      categories: ["dangerous"],
      tips: ["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
      doc: {
        summary: "Get information and statistics about the server",
        since: "1.0.0",
        complexity: "O(1)",
        history: [["7.0.0", "Added support for taking multiple section arguments."]],
        syntax: "[section...]",
      },
      run: info,
    },
    lolwut: {
      arity: -1,
      flags: ["readonly", "fast"],
      doc: {
        summary: "Display some computer art and the Redis version",
        since: "5.0.0",
        syntax: "[VERSION version:integer]",
      },
      run: lolwut,
    },
    module: {
      arity: -2,
      flags: [],
      doc: {
        summary: "A container for module commands",
        since: "4.0.0",
        complexity: "Depends on subcommand.",
      },
      subcommands: {
        help: {
          arity: 2,
          flags: ["loading", "stale"],
          doc: {
            summary: "Show helpful text about the different subcommands",
            since: "5.0.0",
            complexity: "O(1)",
          },
          run: moduleHelp,
        },
        list: {
          arity: 2,
          flags: ["admin", "noscript"],
          tips: ["nondeterministic_output_order"],
          doc: {
            summary: "List all modules loaded by the server",
            since: "4.0.0",
            complexity: "O(N) where N is the number of loaded modules.",
          },
          run: moduleList,
        },
        load: {
          arity: -3,
          flags: ["admin", "noscript", "protected", "no_async_loading"],
          doc: {
            summary: "Load a module",
            since: "4.0.0",
            complexity: "O(1)",
            syntax: "path [arg...]",
          },
          run: moduleLoad,
        },
        loadex: {
          arity: -3,
          flags: ["admin", "noscript", "protected", "no_async_loading"],
          doc: {
            summary: "Load a module with extended parameters",
            since: "7.0.0",
            complexity: "O(1)",
            syntax: "path [CONFIG configs:(name value)]... [ARGS args:(arg)...]",
          },
          run: moduleLoad,
        },
        unload: {
          arity: 3,
          flags: ["admin", "noscript", "protected", "no_async_loading"],
          doc: {
            summary: "Unload a module",
            since: "4.0.0",
            complexity: "O(1)",
            syntax: "name",
          },
          run: moduleUnload,
        },
      },
    },
    shutdown: {
      arity: -1,
      flags: ["admin", "noscript", "loading", "stale", "no_multi", "allow_busy"],
      doc: {
        summary: "Synchronously save the dataset to disk and then shut down the server",
        since: "1.0.0",
        complexity:
          "O(N) when saving, where N is the total number of keys in all databases when saving data, otherwise O(1)",
        history: [["7.0.0", "Added the `NOW`, `FORCE` and `ABORT` modifiers."]],
        syntax: "[NOSAVE | SAVE] [NOW]@7.0.0 [FORCE]@7.0.0 [ABORT]@7.0.0",
      },
      run: shutdown,
    },
    time: {
      arity: 1,
      flags: ["loading", "stale", "fast"],
      tips: ["nondeterministic_output"],
      doc: {
        summary: "Return the current server time",
        since: "2.6.0",
        complexity: "O(1)",
      },
      run: time,
    },
  },
};

/** Seconds and microseconds of Unix time. */
function time({ keyspace }: Context): Reply {
  const { attempt } = keyspace.reading;
  // A transaction that starts again takes the same way.
  const us = attempt.undo === null ? nowMicroseconds() : attempt.same(nowMicroseconds);
  return [String(Math.floor(us / 1e6)), String(us % 1e6)];
}

/**
 * SHUTDOWN [NOSAVE | SAVE] [NOW] [FORCE] [ABORT]: all that was acknowledged is on disk already. Replicas get time to
 * have it too, and where that is wanted an RDB file is saved. Who asked waits, and hears only of what went wrong.
 */
function shutdown(context: Context, args: readonly Bytes[]): Reply | WaitFor {
  const { client, server } = context;
  const options = new Set(args.slice(1).map(optionWord));
  for (const option of options) if (!SHUTDOWN_OPTIONS.includes(option)) throw SYNTAX;
  if (options.has("SAVE") && options.has("NOSAVE")) throw SYNTAX;
  if (options.has("ABORT")) {
    if (options.size > 1) throw SYNTAX;
    return abortShutdown(server);
  }
  const { script } = server.busy;
  if (script !== null && !options.has("NOSAVE")) throw script.kind === "eval" ? BUSY_EVAL : BUSY_FUNCTION;
  const orders = [...options].map((option) => option.toLowerCase());
  context.afterwards(() => server.shutdown(orders, client));
  return new WaitFor({ keys: [], type: "string", untilMs: 0, timeoutReply: NO_REPLY });
}

const SHUTDOWN_OPTIONS = ["SAVE", "NOSAVE", "NOW", "FORCE", "ABORT"];

function abortShutdown({ replication, log }: Server): Reply {
  if (!replication.grace.abort()) throw NO_SHUTDOWN;
  log("notice", "Shutdown manually aborted.");
  return OK;
}

const NO_SHUTDOWN = new CommandError("ERR No shutdown in progress.");

// ─── modules ─────────────────────────────────────────────────────────────────────────────────────

function moduleList(): Reply {
  return [];
}

/** Modules are shared libraries made for Redis' process. */
function moduleLoad({ server }: Context, args: readonly Bytes[]): Reply {
  server.log("warning", `Module ${args[2]!} failed to load: modules are not supported`);
  throw new CommandError("ERR Error loading the extension. Please check the server logs.");
}

function moduleUnload(): Reply {
  throw new CommandError("ERR Error unloading module: no such module with that name");
}

function moduleHelp(_: Context, args: readonly Bytes[]): Reply {
  return helpReply(args[0]!, [
    "LIST",
    "    Return a list of loaded modules.",
    "LOAD <path> [<arg> ...]",
    "    Load a module library from <path>, passing to it any optional arguments.",
    "LOADEX <path> [[CONFIG NAME VALUE] [CONFIG NAME VALUE]] [ARGS ...]",
    "    Load a module library from <path>, while passing it module configurations and optional arguments.",
    "UNLOAD <name>",
    "    Unload a module.",
  ]);
}
