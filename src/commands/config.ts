import { reasonOf } from "../config/conf-file.ts";
import { ConfigSetError } from "../config/config.ts";
import { CommandError, SYNTAX } from "../errors.ts";
import { MapReply, OK, type Reply } from "../resp/reply.ts";
import { type Bytes, bytesOfText } from "../support/bytes.ts";
import type { CommandGroup, Context } from "./command.ts";
import { helpReply } from "./help.ts";

export const CONFIG: CommandGroup = {
  name: "server",
  rows: {
    config: {
      arity: -2,
      flags: [],
      doc: {
        summary: "A container for server configuration commands",
        since: "2.0.0",
        complexity: "Depends on subcommand.",
      },
      subcommands: {
        get: {
          arity: -3,
          flags: ["admin", "noscript", "loading", "stale"],
          doc: {
            summary: "Get the values of configuration parameters",
            since: "2.0.0",
            complexity: "O(N) when N is the number of configuration parameters provided",
            history: [["7.0.0", "Added the ability to pass multiple pattern parameters in one call"]],
            syntax: "(parameter)...",
          },
          run: get,
        },
        help: {
          arity: 2,
          flags: ["loading", "stale"],
          doc: {
            summary: "Show helpful text about the different subcommands",
            since: "5.0.0",
            complexity: "O(1)",
          },
          run: help,
        },
        resetstat: {
          arity: 2,
          flags: ["admin", "noscript", "loading", "stale"],
          doc: { summary: "Reset the stats returned by INFO", since: "2.0.0", complexity: "O(1)" },
          run: resetStatistics,
        },
        rewrite: {
          arity: 2,
          flags: ["admin", "noscript", "loading", "stale"],
          doc: {
            summary: "Rewrite the configuration file with the in memory configuration",
            since: "2.8.0",
            complexity: "O(1)",
          },
          run: rewrite,
        },
        set: {
          arity: -4,
          flags: ["admin", "noscript", "loading", "stale"],
          tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
          doc: {
            summary: "Set configuration parameters to the given values",
            since: "2.0.0",
            complexity: "O(N) when N is the number of configuration parameters provided",
            history: [["7.0.0", "Added the ability to set multiple parameters in one call."]],
            syntax: "(parameter value)...",
          },
          run: set,
        },
      },
    },
  },
};

function get({ server }: Context, args: readonly Bytes[]): Reply {
  return new MapReply(server.config.get(args.slice(2)).flat());
}

function set({ server, client }: Context, args: readonly Bytes[]): Reply {
  if (args.length % 2 !== 0) throw SYNTAX;
  const pairs: [Bytes, Bytes][] = [];
  for (let i = 2; i < args.length; i += 2) pairs.push([args[i]!, args[i + 1]!]);
  const { enableProtectedConfigs } = server.config.values;
  try {
    server.config.setAll(
      pairs,
      enableProtectedConfigs === "yes" || (enableProtectedConfigs === "local" && client.isLocal),
    );
  } catch (error) {
    if (error instanceof ConfigSetError) throw new CommandError(`ERR ${error.message}`);
    throw error;
  }
  return OK;
}

function rewrite({ server }: Context): Reply {
  if (server.config.file === null) throw new CommandError("ERR The server is running without a config file");
  try {
    server.config.rewrite();
  } catch (error) {
    throw new CommandError(`ERR Rewriting config file: ${bytesOfText(reasonOf(error))}`);
  }
  return OK;
}

function resetStatistics({ server, keyspace }: Context): Reply {
  server.counters.reset();
  server.commands.resetStatistics();
  server.traffic.resetCounters();
  keyspace.expiry.expiredKeys = 0;
  return OK;
}

function help(_: Context, args: readonly Bytes[]): Reply {
  return helpReply(args[0]!, [
    "GET <pattern>",
    "    Return parameters matching the glob-like <pattern> and their values.",
    "SET <directive> <value>",
    "    Set the configuration <directive> to <value>.",
    "RESETSTAT",
    "    Reset statistics reported by the INFO command.",
    "REWRITE",
    "    Rewrite the configuration file.",
  ]);
}
