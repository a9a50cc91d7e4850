import { CommandError, SYNTAX } from "../errors.ts";
import type { Master } from "../replication/upstream.ts";
import { OK, type Reply } from "../resp/reply.ts";
import type { Bytes } from "../support/bytes.ts";
import { integerArgument } from "./arguments.ts";
import type { CommandGroup, Context } from "./command.ts";

/** A master hands over to one of its replicas. */
export const FAILOVER: CommandGroup = {
  name: "server",
  rows: {
    failover: {
      arity: -1,
      flags: ["admin", "noscript", "stale"],
      doc: {
        summary: "Start a coordinated failover between this server and one of its replicas.",
        since: "6.2.0",
        complexity: "O(1)",
        syntax: "[TO target:(host port:integer [FORCE])] [ABORT] [TIMEOUT milliseconds:integer]",
      },
      run: failover,
    },
  },
};

function failover(context: Context, args: readonly Bytes[]): Reply {
  const { failover: present, replicas, upstream } = context.server.replication;
  if (args.length === 2 && args[1]!.toLowerCase() === "abort") {
    if (!present.isGoingOn) throw NONE_GOING_ON;
    context.afterwards(() => present.abort("Failover manually aborted"));
    return OK;
  }
  const request = parse(args);
  if (present.isGoingOn) throw GOING_ON;
  if (upstream.isReplica) throw NOT_A_MASTER;
  if (replicas.size === 0) throw NO_REPLICAS;
  const { target, timeoutMs, isForced } = request;
  if (isForced && (timeoutMs === 0 || target === null)) throw FORCE_NEEDS_MORE;
  if (target !== null) {
    const replica = present.find(target);
    if (replica === undefined) throw NOT_A_REPLICA;
    if (replica.state !== "online") throw NOT_ONLINE;
  }
  context.afterwards(() => present.request(request));
  return OK;
}

function parse(args: readonly Bytes[]): { target: Master | null; timeoutMs: number; isForced: boolean } {
  let target: Master | null = null;
  let timeoutMs = 0;
  let isForced = false;
  for (let i = 1; i < args.length; i++) {
    const word = args[i]!.toLowerCase();
    const left = args.length - i - 1;
    if (word === "timeout" && left >= 1 && timeoutMs === 0) {
      timeoutMs = integerArgument(args[++i]!);
      if (timeoutMs <= 0) throw BAD_TIMEOUT;
    } else if (word === "to" && left >= 2 && target === null) {
      target = { host: args[i + 1]!, port: integerArgument(args[i + 2]!) };
      i += 2;
    } else if (word === "force" && !isForced) {
      isForced = true;
    } else {
      throw SYNTAX;
    }
  }
  return { target, timeoutMs, isForced };
}

const NONE_GOING_ON = new CommandError("ERR No failover in progress.");
const GOING_ON = new CommandError("ERR FAILOVER already in progress.");
const NOT_A_MASTER = new CommandError("ERR FAILOVER is not valid when server is a replica.");
const NO_REPLICAS = new CommandError("ERR FAILOVER requires connected replicas.");
const FORCE_NEEDS_MORE = new CommandError(
  "ERR FAILOVER with force option requires both a timeout and target HOST and IP.",
);
const NOT_A_REPLICA = new CommandError("ERR FAILOVER target HOST and PORT is not a replica.");
const NOT_ONLINE = new CommandError("ERR FAILOVER target replica is not online.");
const BAD_TIMEOUT = new CommandError("ERR FAILOVER timeout must be greater than 0");
