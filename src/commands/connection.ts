import { CommandError, SYNTAX, wrongArity } from "../errors.ts";
import { MapReply, OK, PONG, type Reply, Status } from "../resp/reply.ts";
import type { Bytes } from "../support/bytes.ts";
import { parseInteger } from "../support/integers.ts";
import { REDIS_VERSION } from "../support/version.ts";
import { integerBetween } from "./arguments.ts";
import { setName } from "./client-name.ts";
import type { CommandGroup, Context } from "./command.ts";
import { logIn } from "./log-in.ts";

/** What a client says about its connection; the subcommands of CLIENT are in `client.ts`. */
export const CONNECTION: CommandGroup = {
  name: "connection",
  rows: {
    auth: {
      arity: -2,
      flags: ["noscript", "loading", "stale", "fast", "no_auth", "allow_busy"],
      doc: {
        summary: "Authenticate to the server",
        since: "1.0.0",
        complexity: "O(N) where N is the number of passwords defined for the user",
        history: [["6.0.0", "Added ACL style (username and password)."]],
        syntax: "[username]@6.0.0 password",
      },
      run: auth,
    },
    echo: {
      arity: 2,
      flags: ["loading", "stale", "fast"],
      doc: {
        summary: "Echo the given string",
        since: "1.0.0",
        complexity: "O(1)",
        syntax: "message",
      },
      run: echo,
    },
    hello: {
      arity: -1,
      flags: ["noscript", "loading", "stale", "fast", "no_auth", "allow_busy"],
      doc: {
        summary: "Handshake with Redis",
        since: "6.0.0",
        complexity: "O(1)",
        history: [
          [
            "6.2.0",
            "`protover` made optional; when called without arguments the command reports the current connection's context.",
          ],
        ],
        syntax: "arguments:[protover:integer [AUTH username password] [SETNAME clientname]]",
      },
      run: hello,
    },
    ping: {
      arity: -1,
      flags: ["fast"],
      tips: ["request_policy:all_shards", "response_policy:all_succeeded"],
      doc: {
        summary: "Ping the server",
        since: "1.0.0",
        complexity: "O(1)",
        syntax: "[message]",
      },
      run: ping,
    },
    quit: {
      arity: -1,
      flags: ["noscript", "loading", "stale", "fast", "no_auth", "allow_busy"],
      doc: {
        summary: "Close the connection",
        since: "1.0.0",
        complexity: "O(1)",
      },
      run: quit,
    },
    reset: {
      arity: 1,
      flags: ["noscript", "loading", "stale", "fast", "no_auth", "allow_busy"],
      doc: {
        summary: "Reset the connection",
        since: "6.2.0",
        complexity: "O(1)",
      },
      run: reset,
    },
    select: {
      arity: 2,
      flags: ["loading", "stale", "fast"],
      doc: {
        summary: "Change the selected database for the current connection",
        since: "1.0.0",
        complexity: "O(1)",
        syntax: "index:integer",
      },
      run: select,
    },
  },
};

const NO_PASSWORD = new CommandError(
  "ERR AUTH <password> called without any password configured for the default user. " +
    "Are you sure your configuration is correct?",
);
const NO_SUCH_PROTOCOL = new CommandError("NOPROTO unsupported protocol version");
const NOT_A_PROTOCOL = new CommandError("ERR Protocol version is not an integer or out of range");
const HELLO_BEFORE_AUTH = new CommandError(
  "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> <pass> " +
    "option can be used to authenticate the client and select the RESP protocol version at the same time",
);
const NO_SUCH_DATABASE = new CommandError("ERR DB index is out of range");

const INT_MIN = -(2 ** 31);
const INT_MAX = 2 ** 31 - 1;

function auth(context: Context, args: readonly Bytes[]): Reply {
  if (args.length > 3) throw SYNTAX;
  if (args.length === 2 && context.server.config.values.requirepass === "") throw NO_PASSWORD;
  const [user, password] = args.length === 2 ? ["default", args[1]!] : [args[1]!, args[2]!];
  logIn(context, user, password);
  return OK;
}

function echo(_context: Context, args: readonly Bytes[]): Reply {
  return args[1]!;
}

function hello(context: Context, args: readonly Bytes[]): Reply {
  const { client } = context;
  const resp = args.length > 1 ? protocolVersion(args[1]!) : client.resp;
  for (let i = 2; i < args.length; i++) {
    const option = args[i]!.toLowerCase();
    const following = args.length - 1 - i;
    if (option === "auth" && following >= 2) {
      logIn(context, args[i + 1]!, args[i + 2]!);
      i += 2;
    } else if (option === "setname" && following >= 1) {
      setName(client, args[i + 1]!);
      i++;
    } else {
      throw new CommandError(`ERR Syntax error in HELLO option '${args[i]!}'`);
    }
  }
  if (!client.authenticated) throw HELLO_BEFORE_AUTH;
  client.resp = resp;
  return new MapReply([
    "server",
    "redis",
    "version",
    REDIS_VERSION,
    "proto",
    resp,
    "id",
    client.id,
    "mode",
    "standalone",
    "role",
    "master",
    "modules",
    [],
  ]);
}

function protocolVersion(text: Bytes): 2 | 3 {
  const version = parseInteger(text);
  if (version === null) throw NOT_A_PROTOCOL;
  if (version !== 2 && version !== 3) throw NO_SUCH_PROTOCOL;
  return version;
}

function ping({ client, resp }: Context, args: readonly Bytes[]): Reply {
  if (args.length > 2) throw wrongArity("ping");
  if (resp === 2 && client.type === "pubsub") return ["pong", args[1] ?? ""];
  return args[1] ?? PONG;
}

function quit({ client }: Context): Reply {
  client.closeAfterReply();
  return OK;
}

function reset({ client }: Context): Reply {
  client.reset();
  return RESET;
}

const RESET = new Status("RESET");

function select(context: Context, args: readonly Bytes[]): Reply {
  const index = integerBetween(args[1]!, INT_MIN, INT_MAX);
  if (index < 0 || index >= context.keyspace.databases.length) throw NO_SUCH_DATABASE;
  context.client.dbIndex = index;
  return OK;
}
