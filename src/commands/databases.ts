import { CommandError, SYNTAX } from "../errors.ts";
import { OK, type Reply } from "../resp/reply.ts";
import type { Bytes } from "../support/bytes.ts";
import { DB_OUT_OF_RANGE, integerAtLeast, optionWord } from "./arguments.ts";
import type { CommandGroup, Context } from "./command.ts";

/** Whole databases. */
export const DATABASES: CommandGroup = {
  name: "server",
  rows: {
    dbsize: {
      arity: 1,
      flags: ["readonly", "fast"],
      categories: ["keyspace"],
      tips: ["request_policy:all_shards", "response_policy:agg_sum"],
      doc: {
        summary: "Return the number of keys in the selected database",
        since: "1.0.0",
        complexity: "O(1)",
      },
      run: dbsize,
    },
    flushall: {
      arity: -1,
      flags: ["write"],
      categories: ["keyspace", "dangerous"],
      tips: ["request_policy:all_shards", "response_policy:all_succeeded"],
      doc: {
        summary: "Remove all keys from all databases",
        since: "1.0.0",
        complexity: "O(N) where N is the total number of keys in all databases",
        history: [
          ["4.0.0", "Added the `ASYNC` flushing mode modifier."],
          ["6.2.0", "Added the `SYNC` flushing mode modifier."],
        ],
        syntax: "async:[ASYNC@4.0.0 | SYNC@6.2.0]",
      },
      run: flushall,
    },
    flushdb: {
      arity: -1,
      flags: ["write"],
      categories: ["keyspace", "dangerous"],
      tips: ["request_policy:all_shards", "response_policy:all_succeeded"],
      doc: {
        summary: "Remove all keys from the current database",
        since: "1.0.0",
        complexity: "O(N) where N is the number of keys in the selected database",
        history: [
          ["4.0.0", "Added the `ASYNC` flushing mode modifier."],
          ["6.2.0", "Added the `SYNC` flushing mode modifier."],
        ],
        syntax: "async:[ASYNC@4.0.0 | SYNC@6.2.0]",
      },
      run: flushdb,
    },
    swapdb: {
      arity: 3,
      flags: ["write", "fast"],
      categories: ["keyspace", "dangerous"],
      doc: {
        summary: "Swaps two Redis databases",
        since: "4.0.0",
        complexity: "O(N) where N is the count of clients watching or blocking on keys from both databases.",
        syntax: "index1:integer index2:integer",
      },
      run: swapdb,
    },
  },
};

function dbsize({ db }: Context): Reply {
  return db.keyCount;
}

function flushdb({ db, propagation }: Context, args: readonly Bytes[]): Reply {
  checkMode(args);
  db.flush();
  propagation.force();
  return OK;
}

function flushall(context: Context, args: readonly Bytes[]): Reply {
  checkMode(args);
  const { keyspace, propagation, server } = context;
  keyspace.flushAll();
  propagation.force();
  context.afterwards(() => void server.saver.saveAfterFlush());
  return OK;
}

/** SYNC and ASYNC are the same: keys are gone at once, the collector takes away what they held. */
function checkMode(args: readonly Bytes[]): void {
  if (args.length === 1) return;
  const word = optionWord(args[1]!);
  if (args.length > 2 || (word !== "SYNC" && word !== "ASYNC")) throw SYNTAX;
}

function swapdb({ keyspace, propagation }: Context, args: readonly Bytes[]): Reply {
  const first = indexArgument(args[1]!, INVALID_FIRST);
  const second = indexArgument(args[2]!, INVALID_SECOND);
  const count = keyspace.databases.length;
  if (first < 0 || first >= count || second < 0 || second >= count) throw DB_OUT_OF_RANGE;
  keyspace.swap(first, second);
  // Redis counts as a change that a database is exchanged for itself.
  propagation.force();
  return OK;
}

function indexArgument(text: Bytes, error: CommandError): number {
  const index = integerAtLeast(text, INT_MIN, error);
  if (index > INT_MAX) throw error;
  return index;
}

const INT_MIN = -(2 ** 31);
const INT_MAX = 2 ** 31 - 1;
const INVALID_FIRST = new CommandError("ERR invalid first DB index");
const INVALID_SECOND = new CommandError("ERR invalid second DB index");
