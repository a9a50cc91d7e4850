import { CommandError, NOT_AN_INTEGER, SYNTAX } from "../errors.ts";
import { NO_REPLY, OK, type Reply, Verbatim } from "../resp/reply.ts";
import type { Bytes } from "../support/bytes.ts";
import { parseInteger } from "../support/integers.ts";
import { isKilledBy, parseKillFilter } from "./client-kill.ts";
import { isShowable, setName as giveName } from "./client-name.ts";
import { TRACKING_SUBCOMMANDS } from "./client-tracking.ts";
import { clientType } from "./client-type.ts";
import type { CommandGroup, Context } from "./command.ts";
import { helpReply, wrongSubcommandUse } from "./help.ts";
import type { Client } from "./host.ts";

/** CLIENT: connections, seen and steered by clients. */
export const CLIENT: CommandGroup = {
  name: "connection",
  rows: {
    client: {
      arity: -2,
      flags: [],
      doc: {
        summary: "A container for client connection commands",
        since: "2.4.0",
        complexity: "Depends on subcommand.",
      },
      subcommands: {
        ...TRACKING_SUBCOMMANDS,
        getname: {
          arity: 2,
          flags: ["noscript", "loading", "stale"],
          doc: {
            summary: "Get the current connection name",
            since: "2.6.9",
            complexity: "O(1)",
          },
          run: getName,
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
        id: {
          arity: 2,
          flags: ["noscript", "loading", "stale"],
          doc: {
            summary: "Returns the client ID for the current connection",
            since: "5.0.0",
            complexity: "O(1)",
          },
          run: id,
        },
        info: {
          arity: 2,
          flags: ["noscript", "loading", "stale"],
          tips: ["nondeterministic_output"],
          doc: {
            summary: "Returns information about the current client connection.",
            since: "6.2.0",
            complexity: "O(1)",
          },
          run: info,
        },
        kill: {
          arity: -3,
          flags: ["admin", "noscript", "loading", "stale"],
          doc: {
            summary: "Kill the connection of a client",
            since: "2.4.0",
            complexity: "O(N) where N is the number of client connections",
            history: [
              ["2.8.12", "Added new filter format."],
              ["2.8.12", "`ID` option."],
              ["3.2.0", "Added `master` type in for `TYPE` option."],
              [
                "5.0.0",
                "Replaced `slave` `TYPE` with `replica`. `slave` still supported for backward compatibility.",
              ],
              ["6.2.0", "`LADDR` option."],
            ],
            syntax:
              "filter:(ip:port@<2.8.12 | new-format:([ID client-id:integer]@2.8.12 | [TYPE normal_master_slave_pubsub:(NORMAL | MASTER@3.2.0 | SLAVE | REPLICA@5.0.0 | PUBSUB)]@2.8.12 | [USER username] | [ADDR ip:port] | [LADDR ip:port]@6.2.0 | [SKIPME yes/no])...)",
          },
          run: kill,
        },
        list: {
          arity: -2,
          flags: ["admin", "noscript", "loading", "stale"],
          tips: ["nondeterministic_output"],
          doc: {
            summary: "Get the list of client connections",
            since: "2.4.0",
            complexity: "O(N) where N is the number of client connections",
            history: [
              ["2.8.12", "Added unique client `id` field."],
              ["5.0.0", "Added optional `TYPE` filter."],
              ["6.0.0", "Added `user` field."],
              [
                "6.2.0",
                "Added `argv-mem`, `tot-mem`, `laddr` and `redir` fields and the optional `ID` filter.",
              ],
              ["7.0.0", "Added `resp`, `multi-mem`, `rbs` and `rbp` fields."],
              ["7.0.3", "Added `ssub` field."],
            ],
            syntax: "[TYPE (NORMAL | MASTER | REPLICA | PUBSUB)]@5.0.0 [ID id:(client-id:integer...)]@6.2.0",
          },
          run: list,
        },
        "no-evict": {
          arity: 3,
          flags: ["admin", "noscript", "loading", "stale"],
          doc: {
            summary: "Set client eviction mode for the current connection",
            since: "7.0.0",
            complexity: "O(1)",
            syntax: "enabled:(ON | OFF)",
          },
          run: noEvict,
        },
        pause: {
          arity: -3,
          flags: ["admin", "noscript", "loading", "stale"],
          doc: {
            summary: "Stop processing commands from clients for some time",
            since: "2.9.50",
            complexity: "O(1)",
            history: [["6.2.0", "`CLIENT PAUSE WRITE` mode added along with the `mode` option."]],
            syntax: "timeout:integer mode:[WRITE | ALL]@6.2.0",
          },
          run: pause,
        },
        reply: {
          arity: 3,
          flags: ["noscript", "loading", "stale"],
          doc: {
            summary: "Instruct the server whether to reply to commands",
            since: "3.2.0",
            complexity: "O(1)",
            syntax: "(ON | OFF | SKIP)",
          },
          run: reply,
        },
        setinfo: {
          arity: 4,
          flags: ["noscript", "loading", "stale"],
          tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
          doc: {
            summary: "Sets information specific to the client or connection.",
            since: "7.2.0",
            complexity: "O(1)",
            syntax: "attr:(LIB-NAME libname | LIB-VER libver)",
          },
          run: setInfo,
        },
        setname: {
          arity: 3,
          flags: ["noscript", "loading", "stale"],
          doc: {
            summary: "Set the current connection name",
            since: "2.6.9",
            complexity: "O(1)",
            syntax: "connection-name",
          },
          run: setName,
        },
        unblock: {
          arity: -3,
          flags: ["admin", "noscript", "loading", "stale"],
          doc: {
            summary: "Unblock a client blocked in a blocking command from a different connection",
            since: "5.0.0",
            complexity: "O(log N) where N is the number of client connections",
            syntax: "client-id:integer [TIMEOUT | ERROR]",
          },
          run: unblock,
        },
        unpause: {
          arity: 2,
          flags: ["admin", "noscript", "loading", "stale"],
          doc: {
            summary: "Resume processing of clients that were paused",
            since: "6.2.0",
            complexity: "O(N) Where N is the number of paused clients",
          },
          run: unpause,
        },
      },
    },
  },
};

function getName({ client }: Context): Reply {
  return client.name === "" ? null : client.name;
}

function help(_context: Context, args: readonly Bytes[]): Reply {
  return helpReply(args[0]!, HELP);
}

function id({ client }: Context): Reply {
  return client.id;
}

function info({ client, nowMs }: Context): Reply {
  return lines([client], nowMs);
}

function kill(context: Context, args: readonly Bytes[]): Reply {
  const filter = parseKillFilter(args);
  let killed = 0;
  for (const client of [...context.server.clients]) {
    if (!isKilledBy(filter, client, context.client)) continue;
    killed++;
    if (client === context.client) client.closeAfterReply();
    else client.close();
  }
  if (args.length > 3) return killed;
  if (killed === 0) throw new CommandError("ERR No such client");
  return OK;
}

function list({ server, nowMs }: Context, args: readonly Bytes[]): Reply {
  const option = args[2]?.toLowerCase();
  if (option === undefined) return lines(server.clients, nowMs);
  if (option === "type" && args.length === 4) {
    const type = clientType(args[3]!);
    return lines(
      [...server.clients].filter((client) => client.type === type),
      nowMs,
    );
  }
  if (option !== "id" || args.length < 4) throw SYNTAX;
  const clients = args.slice(3).map((text) => {
    const wanted = parseInteger(text);
    if (wanted === null) throw new CommandError("ERR Invalid client ID");
    return server.clients.byId(Number(wanted));
  });
  return lines(
    clients.filter((client) => client !== undefined),
    nowMs,
  );
}

function lines(clients: Iterable<Client>, nowMs: number): Reply {
  let text = "";
  for (const client of clients) text += `${client.describe(nowMs)}\n`;
  return new Verbatim("txt", text);
}

function noEvict({ client }: Context, args: readonly Bytes[]): Reply {
  const enabled = args[2]!.toLowerCase();
  if (enabled !== "on" && enabled !== "off") throw SYNTAX;
  client.noEvict = enabled === "on";
  return OK;
}

function pause({ server, nowMs }: Context, args: readonly Bytes[]): Reply {
  if (args.length > 4) throw wrongSubcommandUse(args);
  const mode = args[3]?.toLowerCase() ?? "all";
  if (mode !== "write" && mode !== "all")
    throw new CommandError("ERR CLIENT PAUSE mode must be WRITE or ALL");
  const timeoutMs = parseInteger(args[2]!);
  if (timeoutMs === null) throw new CommandError("ERR timeout is not an integer or out of range");
  if (timeoutMs < 0) throw new CommandError("ERR timeout is negative");
  server.pause.start(mode, nowMs + Number(timeoutMs));
  return OK;
}

function reply({ client }: Context, args: readonly Bytes[]): Reply {
  const mode = args[2]!.toLowerCase();
  if (mode !== "on" && mode !== "off" && mode !== "skip") throw SYNTAX;
  client.setReplies(mode);
  return mode === "on" ? OK : NO_REPLY;
}

function setInfo({ client }: Context, args: readonly Bytes[]): Reply {
  const attribute = args[2]!.toLowerCase();
  const value = args[3]!;
  if (attribute !== "lib-name" && attribute !== "lib-ver") {
    throw new CommandError(`ERR Unrecognized option '${args[2]!}'`);
  }
  if (!isShowable(value)) {
    throw new CommandError(`ERR ${args[2]!} cannot contain spaces, newlines or special characters.`);
  }
  if (attribute === "lib-name") client.libraryName = value;
  else client.libraryVersion = value;
  return OK;
}

function setName({ client }: Context, args: readonly Bytes[]): Reply {
  giveName(client, args[2]!);
  return OK;
}

function unblock(context: Context, args: readonly Bytes[]): Reply {
  const { server } = context;
  const how = args.length === 4 ? args[3]!.toLowerCase() : "timeout";
  if (args.length > 4) throw wrongSubcommandUse(args);
  if (how !== "timeout" && how !== "error") {
    throw new CommandError("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
  }
  const id = parseInteger(args[2]!);
  if (id === null) throw NOT_AN_INTEGER;
  const client = server.clients.byId(Number(id));
  if (client === undefined || !server.blocked.isWaiting(client)) return 0;
  context.afterwards(() => {
    if (how === "error") server.blocked.fail(client, UNBLOCKED);
    else server.blocked.release(client, null);
  });
  return 1;
}

const UNBLOCKED = new CommandError("UNBLOCKED client unblocked via CLIENT UNBLOCK");

function unpause({ server }: Context): Reply {
  server.pause.end();
  return OK;
}

const HELP: readonly string[] = [
  "CACHING (YES|NO)",
  "    Enable/disable tracking of the keys for next command in OPTIN/OPTOUT modes.",
  "GETREDIR",
  "    Return the client ID we are redirecting to when tracking is enabled.",
  "GETNAME",
  "    Return the name of the current connection.",
  "ID",
  "    Return the ID of the current connection.",
  "INFO",
  "    Return information about the current client connection.",
  "KILL <ip:port>",
  "    Kill connection made from <ip:port>.",
  "KILL <option> <value> [<option> <value> [...]]",
  "    Kill connections. Options are:",
  "    * ADDR (<ip:port>|<unixsocket>:0)",
  "      Kill connections made from the specified address",
  "    * LADDR (<ip:port>|<unixsocket>:0)",
  "      Kill connections made to specified local address",
  "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
  "      Kill connections by type.",
  "    * USER <username>",
  "      Kill connections authenticated by <username>.",
  "    * SKIPME (YES|NO)",
  "      Skip killing current connection (default: yes).",
  "LIST [options ...]",
  "    Return information about client connections. Options:",
  "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
  "      Return clients of specified type.",
  "UNPAUSE",
  "    Stop the current client pause, resuming traffic.",
  "PAUSE <timeout> [WRITE|ALL]",
  "    Suspend all, or just write, clients for <timeout> milliseconds.",
  "REPLY (ON|OFF|SKIP)",
  "    Control the replies sent to the current connection.",
  "SETINFO <option> <value>",
  "    Set client meta attr. Options are:",
  "    * LIB-NAME: the client lib name.",
  "    * LIB-VER: the client lib version.",
  "SETNAME <name>",
  "    Assign the name <name> to the current connection.",
  "UNBLOCK <clientid> [TIMEOUT|ERROR]",
  "    Unblock the specified blocked client.",
  "TRACKING (ON|OFF) [REDIRECT <id>] [BCAST] [PREFIX <prefix> [...]]",
  "         [OPTIN] [OPTOUT] [NOLOOP]",
  "    Control server assisted client side caching.",
  "TRACKINGINFO",
  "    Report tracking status for the current connection.",
  "NO-EVICT (ON|OFF)",
  "    Protect current client connection from eviction.",
];
