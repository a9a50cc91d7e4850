import { CommandError, SYNTAX } from "../errors.ts";
import { MapReply } from "../resp/reply.ts";
import type { Reply } from "../resp/reply.ts";
import type { Bytes } from "../support/bytes.ts";
import { globMatch } from "../support/glob.ts";
import { docsReply, infoReply, keyFlagsReply } from "./command-reply.ts";
import type { CommandGroup, Context } from "./command.ts";
import { helpReply } from "./help.ts";
import type { KeyReference } from "./key-spec.ts";
import type { Command } from "./registered-command.ts";

/** COMMAND: what clients ask about the command table. */
export const INTROSPECTION: CommandGroup = {
  name: "server",
  rows: {
    command: {
      arity: -1,
      flags: ["loading", "stale"],
      categories: ["connection"],
      tips: ["nondeterministic_output_order"],
      doc: {
        summary: "Get array of Redis command details",
        since: "2.8.13",
        complexity: "O(N) where N is the total number of Redis commands",
      },
      run: command,
      subcommands: {
        count: {
          arity: 2,
          flags: ["loading", "stale"],
          categories: ["connection"],
          doc: {
            summary: "Get total number of Redis commands",
            since: "2.8.13",
            complexity: "O(1)",
          },
          run: commandCount,
        },
        docs: {
          arity: -2,
          flags: ["loading", "stale"],
          categories: ["connection"],
          tips: ["nondeterministic_output_order"],
          doc: {
            summary: "Get array of specific Redis command documentation",
            since: "7.0.0",
            complexity: "O(N) where N is the number of commands to look up",
            syntax: "[command-name...]",
          },
          run: commandDocs,
        },
        getkeys: {
          arity: -4,
          flags: ["loading", "stale"],
          categories: ["connection"],
          doc: {
            summary: "Extract keys given a full Redis command",
            since: "2.8.13",
            complexity: "O(N) where N is the number of arguments to the command",
          },
          run: commandGetkeys,
        },
        getkeysandflags: {
          arity: -4,
          flags: ["loading", "stale"],
          categories: ["connection"],
          doc: {
            summary: "Extract keys and access flags given a full Redis command",
            since: "7.0.0",
            complexity: "O(N) where N is the number of arguments to the command",
          },
          run: commandGetkeysandflags,
        },
        help: {
          arity: 2,
          flags: ["loading", "stale"],
          categories: ["connection"],
          doc: {
            summary: "Show helpful text about the different subcommands",
            since: "5.0.0",
            complexity: "O(1)",
          },
          run: commandHelp,
        },
        info: {
          arity: -2,
          flags: ["loading", "stale"],
          categories: ["connection"],
          tips: ["nondeterministic_output_order"],
          doc: {
            summary: "Get array of specific Redis command details, or all when no argument is given.",
            since: "2.8.13",
            complexity: "O(N) where N is the number of commands to look up",
            history: [["7.0.0", "Allowed to be called with no argument to get info on all commands."]],
            syntax: "[command-name...]",
          },
          run: commandInfo,
        },
        list: {
          arity: -2,
          flags: ["loading", "stale"],
          categories: ["connection"],
          tips: ["nondeterministic_output_order"],
          doc: {
            summary: "Get an array of Redis command names",
            since: "7.0.0",
            complexity: "O(N) where N is the total number of Redis commands",
            syntax: "[FILTERBY filterby:(MODULE module-name | ACLCAT category | PATTERN pattern)]",
          },
          run: commandList,
        },
      },
    },
  },
};

function command({ server }: Context): Reply {
  return [...server.commands].map(infoReply);
}

function commandCount({ server }: Context): Reply {
  return server.commands.size;
}

/** COMMAND INFO [name …]: an unknown name gives a null in its place. */
function commandInfo(context: Context, args: readonly Bytes[]): Reply {
  if (args.length === 2) return command(context);
  return args.slice(2).map((name) => {
    const found = context.server.commands.byFullName(name);
    return found === undefined ? null : infoReply(found);
  });
}

/** COMMAND DOCS [name …]: unknown names are left out. */
function commandDocs({ server }: Context, args: readonly Bytes[]): Reply {
  const asked = args.slice(2).map((name) => server.commands.byFullName(name));
  const commands = args.length === 2 ? [...server.commands] : asked.filter((found) => found !== undefined);
  return new MapReply(commands.flatMap((found) => [found.fullName, docsReply(found)]));
}

function commandList({ server }: Context, args: readonly Bytes[]): Reply {
  const isListed = args.length === 2 ? () => true : filterOf(args.slice(2));
  return [...server.commands.withSubcommands()].filter(isListed).map((found) => found.fullName);
}

function filterOf(options: readonly Bytes[]): (command: Command) => boolean {
  const [option, kind, value] = options;
  if (options.length !== 3 || option!.toUpperCase() !== "FILTERBY") throw SYNTAX;
  switch (kind!.toUpperCase()) {
    // There are no modules: no command comes from one.
    case "MODULE":
      return () => false;
    case "ACLCAT": {
      const category = value!.toLowerCase();
      return ({ categories }) => categories.some((name) => name === category);
    }
    case "PATTERN": {
      const pattern = value!;
      return ({ fullName }) => globMatch(pattern, fullName, true);
    }
    default:
      throw SYNTAX;
  }
}

function commandGetkeys(context: Context, args: readonly Bytes[]): Reply {
  const called = args.slice(2);
  return keysOfCall(context, called).map(({ position }) => called[position]!);
}

function commandGetkeysandflags(context: Context, args: readonly Bytes[]): Reply {
  const called = args.slice(2);
  return keysOfCall(context, called).map(({ position, flags }) => [called[position]!, keyFlagsReply(flags)]);
}

function keysOfCall({ server }: Context, args: readonly Bytes[]): readonly KeyReference[] {
  const called = server.commands.find(args);
  if (called === undefined) throw new CommandError("ERR Invalid command specified");
  if (!called.hasKeys) throw new CommandError("ERR The command has no key arguments");
  if (!called.hasArity(args.length))
    throw new CommandError("ERR Invalid number of arguments specified for command");
  const keys = called.keysOf(args);
  if (keys.length === 0 && !called.row.flags.includes("no_mandatory_keys")) {
    throw new CommandError("ERR Invalid arguments specified for command");
  }
  return keys;
}

function commandHelp(_: Context, args: readonly Bytes[]): Reply {
  return helpReply(args[0]!, HELP);
}

const HELP = [
  "(no subcommand)",
  "    Return details about all Redis commands.",
  "COUNT",
  "    Return the total number of commands in this Redis server.",
  "LIST",
  "    Return a list of all commands in this Redis server.",
  "INFO [<command-name> ...]",
  "    Return details about multiple Redis commands.",
  "    If no command names are given, documentation details for all",
  "    commands are returned.",
  "DOCS [<command-name> ...]",
  "    Return documentation details about multiple Redis commands.",
  "    If no command names are given, documentation details for all",
  "    commands are returned.",
  "GETKEYS <full-command>",
  "    Return the keys from a full Redis command.",
  "GETKEYSANDFLAGS <full-command>",
  "    Return the keys and the access flags from a full Redis command.",
];
