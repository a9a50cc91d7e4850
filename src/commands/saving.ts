import { CommandError, SYNTAX } from "../errors.ts";
import { OK, type Reply, Status } from "../resp/reply.ts";
import type { Bytes } from "../support/bytes.ts";
import type { CommandGroup, Context } from "./command.ts";

/** RDB files, and what the log's rewriting is here. */
export const SAVING: CommandGroup = {
  name: "server",
  rows: {
    bgrewriteaof: {
      arity: 1,
      flags: ["admin", "noscript", "no_async_loading"],
      doc: {
        summary: "Asynchronously rewrite the append-only file",
        since: "1.0.0",
        complexity: "O(1)",
      },
      run: bgrewriteaof,
    },
    bgsave: {
      arity: -1,
      flags: ["admin", "noscript", "no_async_loading"],
      doc: {
        summary: "Asynchronously save the dataset to disk",
        since: "1.0.0",
        complexity: "O(1)",
        history: [["3.2.2", "Added the `SCHEDULE` option."]],
        syntax: "[SCHEDULE]@3.2.2",
      },
      run: bgsave,
    },
    lastsave: {
      arity: 1,
      flags: ["loading", "stale", "fast"],
      categories: ["admin", "dangerous"],
      tips: ["nondeterministic_output"],
      doc: {
        summary: "Get the UNIX time stamp of the last successful save to disk",
        since: "1.0.0",
        complexity: "O(1)",
      },
      run: lastsave,
    },
    save: {
      arity: 1,
      flags: ["admin", "noscript", "no_async_loading", "no_multi"],
      doc: {
        summary: "Synchronously save the dataset to disk",
        since: "1.0.0",
        complexity: "O(N) where N is the total number of keys in all databases",
      },
      run: save,
    },
  },
};

/** Nobody else is served until the file is there. */
function save({ keyspace, server }: Context): Reply {
  const { saver } = server;
  const outcome = keyspace.reading.attempt.once(saver, "save", async () => {
    if (saver.isSavingInBackground) return IN_PROGRESS;
    return (await saver.save()) ? null : SAVE_FAILED;
  });
  if (outcome !== null) throw outcome;
  return OK;
}

function bgsave(context: Context, args: readonly Bytes[]): Reply {
  if (args.length > 2 || (args.length === 2 && args[1]!.toLowerCase() !== "schedule")) throw SYNTAX;
  const { saver, logRewrite } = context.server;
  if (saver.isSavingInBackground) throw IN_PROGRESS;
  const isInTransaction = context.client.transaction !== null;
  if (isInTransaction || logRewrite.isRunning) {
    if (!isInTransaction && args.length === 1) throw OTHER_ACTIVE;
    context.afterwards(() => saver.schedule());
    return new Status("Background saving scheduled");
  }
  context.afterwards(() => saver.saveInBackground());
  return new Status("Background saving started");
}

/** In Unix seconds. */
function lastsave({ server }: Context): Reply {
  return server.saver.lastSaveS;
}

/** Redis drops what is outdated from its log; here LevelDB does, by a compaction of all its files. */
function bgrewriteaof(context: Context): Reply {
  const { saver, logRewrite } = context.server;
  if (logRewrite.isRunning) throw REWRITE_IN_PROGRESS;
  if (saver.isSavingInBackground || context.client.transaction !== null) {
    context.afterwards(() => logRewrite.schedule());
    return new Status("Background append only file rewriting scheduled");
  }
  context.afterwards(() => logRewrite.start());
  return new Status("Background append only file rewriting started");
}

const IN_PROGRESS = new CommandError("ERR Background save already in progress");
const OTHER_ACTIVE = new CommandError(
  "ERR Another child process is active (AOF?): can't BGSAVE right now. " +
    "Use BGSAVE SCHEDULE in order to schedule a BGSAVE whenever possible.",
);
const SAVE_FAILED = new CommandError("ERR");
const REWRITE_IN_PROGRESS = new CommandError("ERR Background append only file rewriting already in progress");
