import { CommandError } from "../errors.ts";
import { NULL_ARRAY, OK, type Reply } from "../resp/reply.ts";
import type { Bytes } from "../support/bytes.ts";
import type { CommandGroup, Context } from "./command.ts";
import { keysBetween } from "./key-spec.ts";
import { Suspension } from "./suspension.ts";
import type { QueuedCommand } from "./transaction.ts";

/** MULTI and what belongs to it. The executor queues the commands in between; EXEC runs them as one attempt. */
export const TRANSACTIONS: CommandGroup = {
  name: "transactions",
  rows: {
    discard: {
      arity: 1,
      flags: ["noscript", "loading", "stale", "fast", "allow_busy"],
      doc: {
        summary: "Discard all commands issued after MULTI",
        since: "2.0.0",
        complexity: "O(N), when N is the number of queued commands",
      },
      run: discard,
    },
    exec: {
      arity: 1,
      flags: ["noscript", "loading", "stale", "skip_slowlog"],
      doc: {
        summary: "Execute all commands issued after MULTI",
        since: "1.2.0",
        complexity: "Depends on commands in the transaction",
      },
      runsOthers: true,
      run: exec,
    },
    multi: {
      arity: 1,
      flags: ["noscript", "loading", "stale", "fast", "allow_busy"],
      doc: {
        summary: "Mark the start of a transaction block",
        since: "1.2.0",
        complexity: "O(1)",
      },
      run: multi,
    },
    unwatch: {
      arity: 1,
      flags: ["noscript", "loading", "stale", "fast", "allow_busy"],
      doc: {
        summary: "Forget about all watched keys",
        since: "2.2.0",
        complexity: "O(1)",
      },
      run: unwatch,
    },
    watch: {
      arity: -2,
      flags: ["noscript", "loading", "stale", "fast", "allow_busy"],
      keys: [keysBetween(1, -1, "RO")],
      doc: {
        summary: "Watch the given keys to determine execution of the MULTI/EXEC block",
        since: "2.2.0",
        complexity: "O(1) for every key.",
        syntax: "key...",
      },
      run: watch,
    },
  },
};

function multi({ client }: Context): Reply {
  if (client.transaction !== null) throw new CommandError("ERR MULTI calls can not be nested");
  client.startTransaction();
  return OK;
}

function discard({ client, watches }: Context): Reply {
  if (client.transaction === null) throw new CommandError("ERR DISCARD without MULTI");
  client.endTransaction();
  watches.unwatch(client);
  return OK;
}

function exec(context: Context): Reply {
  const { client, watches } = context;
  const { transaction } = client;
  if (transaction === null) throw new CommandError("ERR EXEC without MULTI");
  // Only when it is done: a fault brings us here again.
  context.afterwards(() => {
    client.endTransaction();
    watches.unwatch(client);
  });
  if (transaction.isBroken) throw EXEC_ABORT;
  if (hasWatchedKeyChanged(context)) return NULL_ARRAY;
  return runQueue(context, transaction.queue, []);
}

/** Runs what is queued behind what has been answered. */
function runQueue(context: Context, queue: readonly QueuedCommand[], replies: Reply[]): Reply {
  while (replies.length < queue.length) {
    const { command, args } = queue[replies.length]!;
    replies.push(orSuspended(context, queue, replies, () => context.call(command, args)));
  }
  return replies;
}

/** A script in the queue may stand still for a while, and the rest waits for it. */
function orSuspended(
  context: Context,
  queue: readonly QueuedCommand[],
  replies: Reply[],
  run: () => Reply,
): Reply {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof Suspension)) throw error;
    throw error.within(() => {
      replies.push(orSuspended(context, queue, replies, error.resume));
      return runQueue(context, queue, replies);
    });
  }
}

/** A key whose time came since it was watched has changed, though nobody has removed it yet. */
function hasWatchedKeyChanged({ client, watches, keyspace }: Context): boolean {
  if (watches.isTouched(client)) return true;
  return watches
    .of(client)
    .some(({ dbIndex, key, existed }) => existed && keyspace.databases[dbIndex]!.peek(key) === null);
}

function watch({ client, watches, db }: Context, args: readonly Bytes[]): Reply {
  if (client.transaction !== null) throw new CommandError("ERR WATCH inside MULTI is not allowed");
  const keys = args.slice(1);
  db.ready(keys);
  const existed = keys.map((key) => db.peek(key) !== null);
  keys.forEach((key, i) => {
    watches.watch(client, { dbIndex: client.dbIndex, key, existed: existed[i]! });
  });
  return OK;
}

function unwatch(context: Context): Reply {
  context.afterwards(() => context.watches.unwatch(context.client));
  return OK;
}

const EXEC_ABORT = new CommandError("EXECABORT Transaction discarded because of previous errors.");
