import { CommandError } from "../errors.ts";
import { OK, type Reply } from "../resp/reply.ts";
import type { Bytes } from "../support/bytes.ts";
import { integerAtLeast } from "./arguments.ts";
import type { CommandGroup, Context } from "./command.ts";
import { helpReply, wrongSubcommandUse } from "./help.ts";

/** The commands that took long: see metrics/slow-log.ts. */
export const SLOWLOG: CommandGroup = {
  name: "server",
  rows: {
    slowlog: {
      arity: -2,
      flags: [],
      doc: {
        summary: "A container for slow log commands",
        since: "2.2.12",
        complexity: "Depends on subcommand.",
      },
      subcommands: {
        get: {
          arity: -2,
          flags: ["admin", "loading", "stale"],
          tips: ["request_policy:all_nodes", "nondeterministic_output"],
          doc: {
            summary: "Get the slow log's entries",
            since: "2.2.12",
            complexity: "O(N) where N is the number of entries returned",
            history: [["4.0.0", "Added client IP address, port and name to the reply."]],
            syntax: "[count:integer]",
          },
          run: slowlogGet,
        },
        help: {
          arity: 2,
          flags: ["loading", "stale"],
          doc: {
            summary: "Show helpful text about the different subcommands",
            since: "6.2.0",
            complexity: "O(1)",
          },
          run: slowlogHelp,
        },
        len: {
          arity: 2,
          flags: ["admin", "loading", "stale"],
          tips: ["request_policy:all_nodes", "response_policy:agg_sum", "nondeterministic_output"],
          doc: {
            summary: "Get the slow log's length",
            since: "2.2.12",
            complexity: "O(1)",
          },
          run: slowlogLen,
        },
        reset: {
          arity: 2,
          flags: ["admin", "loading", "stale"],
          tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
          doc: {
            summary: "Clear all entries from the slow log",
            since: "2.2.12",
            complexity: "O(N) where N is the number of entries in the slowlog",
          },
          run: slowlogReset,
        },
      },
    },
  },
};

const DEFAULT_COUNT = 10;
const WRONG_COUNT = new CommandError("ERR count should be greater than or equal to -1");

function slowlogGet({ server }: Context, args: readonly Bytes[]): Reply {
  if (args.length > 3) throw wrongSubcommandUse(args);
  const asked = args[2] === undefined ? DEFAULT_COUNT : integerAtLeast(args[2], -1, WRONG_COUNT);
  const count = asked === -1 ? server.slowLog.length : asked;
  return server.slowLog
    .latest(count)
    .map((entry) => [
      entry.id,
      entry.timeS,
      entry.durationUs,
      entry.args,
      entry.clientAddress,
      entry.clientName,
    ]);
}

function slowlogLen({ server }: Context): Reply {
  return server.slowLog.length;
}

function slowlogReset({ server }: Context): Reply {
  server.slowLog.reset();
  return OK;
}

function slowlogHelp(_: Context, args: readonly Bytes[]): Reply {
  return helpReply(args[0]!, [
    "GET [<count>]",
    "    Return top <count> entries from the slowlog (default: 10, -1 mean all).",
    "    Entries are made of:",
    "    id, timestamp, time in microseconds, arguments array, client IP and port,",
    "    client name",
    "LEN",
    "    Return the length of the slowlog.",
    "RESET",
    "    Reset the slowlog.",
  ]);
}
