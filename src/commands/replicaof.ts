import { CommandError } from "../errors.ts";
import { parseMaster } from "../replication/upstream.ts";
import { OK, type Reply, Status } from "../resp/reply.ts";
import { type Bytes, textOfBytes } from "../support/bytes.ts";
import { parseInteger } from "../support/integers.ts";
import type { CommandGroup, CommandRow, Context } from "./command.ts";

const ROW = {
  arity: 3,
  flags: ["admin", "noscript", "stale", "no_async_loading"],
  run: replicaof,
} satisfies Omit<CommandRow, "doc">;

const DOC = {
  summary: "Make the server a replica of another instance, or promote it as master.",
  complexity: "O(1)",
};

/** Whom this server follows. */
export const REPLICAOF: CommandGroup = {
  name: "server",
  rows: {
    replicaof: {
      ...ROW,
      doc: { ...DOC, since: "5.0.0", syntax: "args:(host-port:(host port:integer) | no-one:(NO ONE))" },
    },
    slaveof: {
      ...ROW,
      doc: {
        ...DOC,
        since: "1.0.0",
        deprecated: { since: "5.0.0", replacedBy: "`REPLICAOF`" },
        syntax: "args:(host-port:(host port:integer) | no-one:(NO ONE))",
      },
    },
  },
};

function replicaof(context: Context, args: readonly Bytes[]): Reply {
  const { config, log, replication } = context.server;
  if (replication.failover.isGoingOn) throw FAILING_OVER;
  const master = masterOf(args);
  // As the commands before it in a transaction have it; the option is what CONFIG REWRITE behind it writes.
  const current = parseMaster(config.values.replicaof);
  if (master === null) {
    if (current === null) return OK;
    follow(context, "");
    return OK;
  }
  if (context.client.type === "replica") throw NOT_FOR_REPLICAS;
  if (current?.host.toLowerCase() === master.host.toLowerCase() && current.port === master.port) {
    log(
      "notice",
      "REPLICAOF would result into synchronization with the master we are already connected with. No operation performed.",
    );
    return ALREADY_CONNECTED;
  }
  follow(context, `${master.host} ${master.port}`);
  return OK;
}

function masterOf(args: readonly Bytes[]): { readonly host: Bytes; readonly port: number } | null {
  const [, host, text] = args as readonly [Bytes, Bytes, Bytes];
  if (host.toLowerCase() === "no" && text.toLowerCase() === "one") return null;
  const port = parseInteger(text);
  if (port === null || port < 0 || port > 65_535) throw INVALID_PORT;
  return { host, port: Number(port) };
}

/** The option changes with the command, and with it if it is taken back; the rest when the command is final. */
function follow(context: Context, address: Bytes): void {
  const { client, server, keyspace, nowMs } = context;
  const { config, replication, log } = server;
  const before = config.values.replicaof;
  keyspace.reading.attempt.undo?.add(() => config.assign("replicaof", before));
  config.assign("replicaof", address);
  const by = `(user request from '${textOfBytes(client.describe(nowMs))}')`;
  context.afterwards(() => {
    const master = parseMaster(address);
    replication.upstream.change(master);
    log(
      "notice",
      master === null
        ? `MASTER MODE enabled ${by}`
        : `REPLICAOF ${textOfBytes(master.host)}:${master.port} enabled ${by}`,
    );
  });
}

const ALREADY_CONNECTED = new Status("OK Already connected to specified master");
const INVALID_PORT = new CommandError("ERR Invalid master port");
const FAILING_OVER = new CommandError("ERR REPLICAOF not allowed while failing over.");
const NOT_FOR_REPLICAS = new CommandError("ERR Command is not valid when client is a replica.");
