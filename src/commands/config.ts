import { reasonOf } from "../config/conf-file.ts";
import { ConfigSetError } from "../config/config.ts";
import { findOption } from "../config/options.ts";
import { CommandError, LOADING, SYNTAX } from "../errors.ts";
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

function set(context: Context, args: readonly Bytes[]): Reply {
  if (args.length % 2 !== 0) throw SYNTAX;
  const { config } = context.server;
  const pairs: [Bytes, Bytes][] = [];
  for (let i = 2; i < args.length; i += 2) pairs.push([args[i]!, args[i + 1]!]);
  if (context.server.loading !== null) refuseWhileLoading(pairs);
  const { enableProtectedConfigs } = config.values;
  const mayTouchProtected =
    enableProtectedConfigs === "yes" || (enableProtectedConfigs === "local" && context.client.isLocal);
  try {
    listen(context, config.preview(pairs, mayTouchProtected), pairs);
    config.setAll(pairs, mayTouchProtected);
  } catch (error) {
    if (error instanceof ConfigSetError) throw new CommandError(`ERR ${error.message}`);
    throw error;
  }
  return OK;
}

function refuseWhileLoading(pairs: readonly (readonly [Bytes, Bytes])[]): void {
  if (pairs.some(([name]) => NOT_WHILE_LOADING.has(name.toLowerCase()))) throw LOADING;
}

/** Redis would have to change in the middle what it does with the data that arrive. */
const NOT_WHILE_LOADING: ReadonlySet<string> = new Set(["appendonly", "repl-diskless-load"]);

/** Where the addresses are to change: faults until that is done, so that CONFIG SET can fail for it. */
function listen({ server, keyspace }: Context, wanted: Addresses, pairs: readonly [Bytes, Bytes][]): void {
  const { config } = server;
  const hasNewPort = wanted.port !== config.values.port;
  const hasNewBind = wanted.bind.join(" ") !== config.values.bind.join(" ");
  if (!hasNewPort && !hasNewBind) return;
  const { attempt } = keyspace.reading;
  const couldListen = attempt.once(server, `${wanted.port} ${wanted.bind.join(" ")}`, async () => {
    // A transaction may come to another end when it runs again.
    attempt.releases.push(() => server.listenAsConfigured());
    return server.listenOn(wanted.bind, wanted.port);
  });
  if (couldListen) return;
  const name = pairs
    .map(([given]) => findOption(given)!.primaryName)
    .find((primary) => (primary === "port" && hasNewPort) || (primary === "bind" && hasNewBind))!;
  const reason =
    name === "port"
      ? "Unable to listen on this port. Check server logs."
      : "Failed to bind to specified addresses.";
  throw new ConfigSetError(`CONFIG SET failed (possibly related to argument '${name}') - ${reason}`);
}

interface Addresses {
  readonly bind: readonly Bytes[];
  readonly port: number;
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
  server.replication.resetCounters();
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
