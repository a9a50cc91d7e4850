import { CommandError, NOT_AN_INTEGER, SYNTAX } from "../errors.ts";
import { ReplicaProfile } from "../replication/replica-profile.ts";
import { NO_REPLY, OK, type Reply } from "../resp/reply.ts";
import { type Bytes, textOfBytes } from "../support/bytes.ts";
import { parseInteger } from "../support/integers.ts";
import { splitArgs } from "../support/split-args.ts";
import { integerArgument } from "./arguments.ts";
import type { CommandGroup, Context } from "./command.ts";

/** What replicas say to their master, and who asks a server for its part. */
export const REPLICATION: CommandGroup = {
  name: "server",
  rows: {
    psync: {
      arity: -3,
      flags: ["admin", "noscript", "no_async_loading", "no_multi"],
      doc: {
        summary: "Internal command used for replication",
        since: "2.8.0",
        syntax: "replicationid offset:integer",
      },
      run: psync,
    },
    replconf: {
      arity: -1,
      flags: ["admin", "noscript", "loading", "stale", "allow_busy"],
      doc: {
        summary: "An internal command for configuring the replication stream",
        since: "3.0.0",
        complexity: "O(1)",
        isInternal: true,
      },
      run: replconf,
    },
    role: {
      arity: 1,
      flags: ["noscript", "loading", "stale", "fast"],
      categories: ["admin", "dangerous"],
      doc: {
        summary: "Return the role of the instance in the context of replication",
        since: "2.8.12",
        complexity: "O(1)",
      },
      run: role,
    },
    sync: {
      arity: 1,
      flags: ["admin", "noscript", "no_async_loading", "no_multi"],
      doc: {
        summary: "Internal command used for replication",
        since: "1.0.0",
      },
      run: sync,
    },
  },
};

function psync(context: Context, args: readonly Bytes[]): Reply {
  const { client } = context;
  if (isFollower(context)) return NO_REPLY;
  if (args[3]?.toLowerCase() === "failover") takeOver(context, args[1]!);
  else refuseWhileStale(context);
  refuse(context);
  const profile = client.profile ?? new ReplicaProfile();
  const next = parseInteger(args[2]!);
  if (next === null) {
    const name = profile.nameOf(client.address);
    context.server.log("warning", `Replica ${name} asks for synchronization but with a wrong offset`);
    throw NOT_AN_INTEGER;
  }
  follow(context, { id: args[1]!, next: Number(next) }, profile);
  return NO_REPLY;
}

function sync(context: Context): Reply {
  if (isFollower(context)) return NO_REPLY;
  refuseWhileStale(context);
  refuse(context);
  follow(context, null, context.client.profile ?? new ReplicaProfile());
  return NO_REPLY;
}

/** Redis does not answer one that is sent something all the time already. */
const isFollower = ({ client }: Context): boolean => client.replica !== null || client.isMonitor;

/** The master hands over to this server, its replica. */
function takeOver(context: Context, id: Bytes): void {
  const { client, server, nowMs } = context;
  const { log, replication } = server;
  const { stream, upstream } = replication;
  log("warning", `Failover request received for replid ${textOfBytes(id)}.`);
  if (!upstream.isReplica) throw FAILOVER_OF_MASTER;
  if (id.toLowerCase() !== stream.id) throw FAILOVER_OF_ANOTHER;
  const line = textOfBytes(client.describe(nowMs));
  context.afterwards(() => {
    upstream.change(null);
    log("notice", `MASTER MODE enabled (failover request from '${line}')`);
  });
}

const FAILOVER_OF_MASTER = new CommandError("ERR PSYNC FAILOVER can't be sent to a master.");
const FAILOVER_OF_ANOTHER = new CommandError("ERR PSYNC FAILOVER replid must match my replid.");

function refuseWhileStale({ server }: Context): void {
  if (server.replication.upstream.isStale) throw NO_MASTER_LINK;
}

function refuse({ client, server }: Context): void {
  if (server.replication.failover.isGoingOn) throw FAILING_OVER;
  if (client.hasPendingReplies) throw PENDING_OUTPUT;
  if (client.profile?.isFiltered === true && !client.profile.knowsMark) throw NEEDS_EOF;
}

function follow(
  context: Context,
  known: { readonly id: Bytes; readonly next: number } | null,
  profile: ReplicaProfile,
): void {
  const { client, server } = context;
  const { replicas } = server.replication;
  context.afterwards(() => {
    client.follow((link) => replicas.add({ profile, known, link }));
  });
}

const FAILING_OVER = new CommandError("NOMASTERLINK Can't SYNC while failing over");
const NO_MASTER_LINK = new CommandError("NOMASTERLINK Can't SYNC while not connected with my master");
const PENDING_OUTPUT = new CommandError("ERR SYNC and PSYNC are invalid with pending output");
const NEEDS_EOF = new CommandError("ERR Filtered replica requires EOF capability");

/** Longer names of hosts Redis does not keep. */
const MAX_HOST_LENGTH = 255;

function replconf(context: Context, args: readonly Bytes[]): Reply {
  if (args.length % 2 === 0) throw SYNTAX;
  for (let i = 1; i < args.length; i += 2) {
    const option = args[i]!;
    const value = args[i + 1]!;
    switch (option.toLowerCase()) {
      case "ack":
        acknowledge(context, value);
        return NO_REPLY;
      case "getack":
        // A master asks so, whom replication/master-stream.ts answers; a client is told nothing.
        return NO_REPLY;
      default:
        describe((context.client.profile ??= new ReplicaProfile()), option, value);
    }
  }
  return OK;
}

function acknowledge(context: Context, text: Bytes): void {
  const { replica } = context.client;
  const offset = parseInteger(text);
  if (replica === null || offset === null) return;
  context.afterwards(() => context.server.replication.replicas.acknowledge(replica, Number(offset)));
}

/** What the replica says of itself holds from the word on, also when a later word is wrong. */
function describe(profile: ReplicaProfile, option: Bytes, value: Bytes): void {
  switch (option.toLowerCase()) {
    case "listening-port":
      profile.listeningPort = integerArgument(value);
      break;
    case "ip-address":
      if (value.length > MAX_HOST_LENGTH) {
        throw new CommandError(
          `ERR REPLCONF ip-address provided by replica instance is too long: ${value.length} bytes`,
        );
      }
      profile.address = value;
      break;
    case "capa":
      if (value.toLowerCase() === "eof") profile.knowsMark = true;
      if (value.toLowerCase() === "psync2") profile.knowsNewId = true;
      break;
    case "rdb-only": {
      const wanted = integerArgument(value);
      if (wanted !== 0 && wanted !== 1) throw NOT_ZERO_OR_ONE;
      profile.wantsOnlyRdb = wanted === 1;
      break;
    }
    case "rdb-filter-only":
      filter(profile, value);
      break;
    default:
      throw new CommandError(`ERR Unrecognized REPLCONF option: ${option}`);
  }
}

const NOT_ZERO_OR_ONE = new CommandError("ERR value is out of range, value must between 0 and 1");

function filter(profile: ReplicaProfile, text: Bytes): void {
  const words = splitArgs(text);
  if (words === null) throw new CommandError("ERR Missing rdb-filter-only values");
  profile.withKeys = false;
  profile.withLibraries = false;
  for (const word of words) {
    if (word.toLowerCase() !== "functions") {
      throw new CommandError(`ERR Unsupported rdb-filter-only option: ${word}`);
    }
    profile.withLibraries = true;
  }
}

function role({ server }: Context): Reply {
  const { replicas, stream, upstream } = server.replication;
  const { master, state } = upstream.appointed;
  if (master !== null) {
    return ["slave", master.host, master.port, state, state === "connected" ? stream.offset : -1];
  }
  const online = [...replicas].filter(({ state }) => state === "online");
  const rows = online.map(({ host, profile, acknowledged }) => [
    host,
    String(profile.listeningPort),
    String(acknowledged),
  ]);
  return ["master", stream.offset, rows];
}
