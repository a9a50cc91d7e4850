import { createHash, randomBytes } from "node:crypto";
import { CommandError, NOT_AN_INTEGER } from "../errors.ts";
import { MapReply, OK, type Reply, SetReply } from "../resp/reply.ts";
import type { Bytes } from "../support/bytes.ts";
import { parseInteger } from "../support/integers.ts";
import { CATEGORIES, type CommandGroup, type Context } from "./command.ts";
import { helpReply, wrongSubcommandUse } from "./help.ts";
import { DEFAULT_USER } from "./log-in.ts";

/** ACL, as far as it is true of a server with one user, `default`, who may do everything. */
export const ACL: CommandGroup = {
  name: "server",
  rows: {
    acl: {
      arity: -2,
      flags: [],
      doc: {
        summary: "A container for Access List Control commands ",
        since: "6.0.0",
        complexity: "Depends on subcommand.",
      },
      subcommands: {
        cat: {
          arity: -2,
          flags: ["noscript", "loading", "stale"],
          doc: {
            summary: "List the ACL categories or the commands inside a category",
            since: "6.0.0",
            complexity: "O(1) since the categories and commands are a fixed set.",
            syntax: "[categoryname]",
          },
          run: aclCat,
        },
        deluser: {
          arity: -3,
          flags: ["admin", "noscript", "loading", "stale"],
          doc: {
            summary: "Remove the specified ACL users and the associated rules",
            since: "6.0.0",
            complexity: "O(1) amortized time considering the typical user.",
            syntax: "username...",
          },
          run: aclDeluser,
        },
        dryrun: {
          arity: -4,
          flags: ["admin", "noscript", "loading", "stale"],
          doc: {
            summary: "Returns whether the user can execute the given command without executing the command.",
            since: "7.0.0",
            complexity: "O(1).",
            syntax: "username command [arg...]",
          },
          run: aclDryrun,
        },
        genpass: {
          arity: -2,
          flags: ["noscript", "loading", "stale"],
          doc: {
            summary: "Generate a pseudorandom secure password to use for ACL users",
            since: "6.0.0",
            complexity: "O(1)",
            syntax: "[bits:integer]",
          },
          run: aclGenpass,
        },
        getuser: {
          arity: 3,
          flags: ["admin", "noscript", "loading", "stale"],
          doc: {
            summary: "Get the rules for a specific ACL user",
            since: "6.0.0",
            complexity:
              "O(N). Where N is the number of password, command and pattern rules that the user has.",
            history: [
              ["6.2.0", "Added Pub/Sub channel patterns."],
              [
                "7.0.0",
                "Added selectors and changed the format of key and channel patterns from a list to their rule representation.",
              ],
            ],
            syntax: "username",
          },
          run: aclGetuser,
        },
        help: {
          arity: 2,
          flags: ["loading", "stale"],
          doc: {
            summary: "Show helpful text about the different subcommands",
            since: "6.0.0",
            complexity: "O(1)",
          },
          run: aclHelp,
        },
        list: {
          arity: 2,
          flags: ["admin", "noscript", "loading", "stale"],
          doc: {
            summary: "List the current ACL rules in ACL config file format",
            since: "6.0.0",
            complexity: "O(N). Where N is the number of configured users.",
          },
          run: aclList,
        },
        load: {
          arity: 2,
          flags: ["admin", "noscript", "loading", "stale"],
          doc: {
            summary: "Reload the ACLs from the configured ACL file",
            since: "6.0.0",
            complexity: "O(N). Where N is the number of configured users.",
          },
          run: aclLoad,
        },
        save: {
          arity: 2,
          flags: ["admin", "noscript", "loading", "stale"],
          doc: {
            summary: "Save the current ACL rules in the configured ACL file",
            since: "6.0.0",
            complexity: "O(N). Where N is the number of configured users.",
          },
          run: aclSave,
        },
        setuser: {
          arity: -3,
          flags: ["admin", "noscript", "loading", "stale"],
          doc: {
            summary: "Modify or create the rules for a specific ACL user",
            since: "6.0.0",
            complexity: "O(N). Where N is the number of rules provided.",
            history: [
              ["6.2.0", "Added Pub/Sub channel patterns."],
              ["7.0.0", "Added selectors and key based permissions."],
            ],
            syntax: "username [rule...]",
          },
          run: aclSetuser,
        },
        users: {
          arity: 2,
          flags: ["admin", "noscript", "loading", "stale"],
          doc: {
            summary: "List the username of all the configured ACL rules",
            since: "6.0.0",
            complexity: "O(N). Where N is the number of configured users.",
          },
          run: aclUsers,
        },
        whoami: {
          arity: 2,
          flags: ["noscript", "loading", "stale"],
          doc: {
            summary: "Return the name of the user associated to the current connection",
            since: "6.0.0",
            complexity: "O(1)",
          },
          run: aclWhoami,
        },
      },
    },
  },
};

function aclWhoami({ client }: Context): Reply {
  return client.user;
}

function aclUsers(): Reply {
  return [DEFAULT_USER];
}

function aclList({ server }: Context): Reply {
  const { requirepass } = server.config.values;
  const password = requirepass === "" ? "nopass" : `#${digest(requirepass)}`;
  return [`user ${DEFAULT_USER} on ${password} ~* &* +@all`];
}

function aclGetuser({ server }: Context, args: readonly Bytes[]): Reply {
  if (args[2] !== DEFAULT_USER) return null;
  const { requirepass } = server.config.values;
  return new MapReply([
    "flags",
    new SetReply(requirepass === "" ? ["on", "nopass"] : ["on"]),
    "passwords",
    requirepass === "" ? [] : [digest(requirepass)],
    "commands",
    "+@all",
    "keys",
    "~*",
    "channels",
    "&*",
    "selectors",
    [],
  ]);
}

/** As it is shown: SHA-256 in hexadecimal digits. */
function digest(password: Bytes): Bytes {
  return createHash("sha256").update(password, "latin1").digest("hex");
}

function aclCat({ server }: Context, args: readonly Bytes[]): Reply {
  if (args.length > 3) throw wrongSubcommandUse(args);
  if (args[2] === undefined) return CATEGORIES;
  const category = CATEGORIES.find((name) => name === args[2]!.toLowerCase());
  if (category === undefined) throw new CommandError(`ERR Unknown category '${args[2]}'`);
  return [...server.commands.withSubcommands()]
    .filter(({ categories }) => categories.includes(category))
    .map(({ fullName }) => fullName);
}

const DEFAULT_BITS = 256;
const MAX_BITS = 4096;
const WRONG_BITS = new CommandError(
  "ERR ACL GENPASS argument must be the number of bits for the output password, " +
    `a positive number up to ${MAX_BITS}`,
);

/** Not from the context: a password must not be told by those before it, and no attempt is repeated. */
function aclGenpass(_: Context, args: readonly Bytes[]): Reply {
  if (args.length > 3) throw wrongSubcommandUse(args);
  const bits = args[2] === undefined ? DEFAULT_BITS : bitsArgument(args[2]);
  const digits = Math.ceil(bits / 4);
  return randomBytes(Math.ceil(digits / 2))
    .toString("hex")
    .slice(0, digits);
}

function bitsArgument(text: Bytes): number {
  const bits = parseInteger(text);
  if (bits === null) throw NOT_AN_INTEGER;
  if (bits <= 0 || bits > MAX_BITS) throw WRONG_BITS;
  return Number(bits);
}

/** Whether a user may run a command: the only one may run all. */
function aclDryrun({ server }: Context, args: readonly Bytes[]): Reply {
  if (args[2] !== DEFAULT_USER) throw new CommandError(`ERR User '${args[2]!}' not found`);
  const called = args.slice(3);
  const command = server.commands.find(called);
  if (command === undefined) throw new CommandError(`ERR Command '${args[3]!}' not found`);
  command.checkArity(called.length);
  return OK;
}

function aclDeluser(_: Context, args: readonly Bytes[]): Reply {
  if (args.includes(DEFAULT_USER, 2)) throw new CommandError("ERR The 'default' user cannot be removed");
  return 0;
}

function aclSetuser(): never {
  throw NO_USERS;
}

const NO_USERS = new CommandError(
  "ERR There is only the user 'default', who may do everything; CONFIG SET requirepass sets the password",
);

function aclLoad(): never {
  throw NO_FILE;
}

function aclSave(): never {
  throw NO_FILE;
}

const NO_FILE = new CommandError(
  "ERR This Redis instance is not configured to use an ACL file. You may want to specify users via the ACL SETUSER " +
    "command and then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) in order to store " +
    "users in the Redis configuration.",
);

/** Without LOG, which would have nothing to tell but passwords that were wrong. */
function aclHelp(_: Context, args: readonly Bytes[]): Reply {
  return helpReply(args[0]!, [
    "CAT [<category>]",
    "    List all commands that belong to <category>, or all command categories",
    "    when no category is specified.",
    "DELUSER <username> [<username> ...]",
    "    Delete a list of users.",
    "DRYRUN <username> <command> [<arg> ...]",
    "    Returns whether the user can execute the given command without executing the command.",
    "GETUSER <username>",
    "    Get the user's details.",
    "GENPASS [<bits>]",
    "    Generate a secure 256-bit user password. The optional `bits` argument can",
    "    be used to specify a different size.",
    "LIST",
    "    Show users details in config file format.",
    "LOAD",
    "    Reload users from the ACL file.",
    "SAVE",
    "    Save the current config to the ACL file.",
    "SETUSER <username> <attribute> [<attribute> ...]",
    "    Create or modify a user with the specified attributes.",
    "USERS",
    "    List all the registered usernames.",
    "WHOAMI",
    "    Return the current connection username.",
  ]);
}
