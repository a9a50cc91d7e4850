import { CommandError } from "../../errors.ts";
import { OK, type Reply } from "../../resp/reply.ts";
import type { Bytes } from "../../support/bytes.ts";
import type { Context } from "../command.ts";

/** DEBUG LOADAOF: the log that Redis would read again is LevelDB's. */
export function debugLoadaof({ keyspace, server }: Context): Reply {
  keyspace.readAgain();
  server.log("warning", "Memory forgotten by DEBUG: data is read from disk again");
  return OK;
}

/** DEBUG RELOAD [NOSAVE] [NOFLUSH] [MERGE]: writes an RDB file, and loads it. */
export function debugReload({ keyspace, server }: Context, args: readonly Bytes[]): Reply {
  const options = new Set(args.slice(2).map((word) => word.toLowerCase()));
  for (const option of options) if (!RELOAD_OPTIONS.includes(option)) throw UNKNOWN_OPTION;
  const mode = { flush: !options.has("noflush"), merge: options.has("merge") };
  const failure = keyspace.reading.attempt.once(server, "reload", async () => {
    if (!options.has("nosave") && !(await server.saver.save())) return SAVE_FAILED;
    return (await server.reload(mode)) ? null : LOAD_FAILED;
  });
  if (failure !== null) throw failure;
  server.log("warning", "DB reloaded by DEBUG RELOAD");
  return OK;
}

const RELOAD_OPTIONS = ["merge", "noflush", "nosave"];

const UNKNOWN_OPTION = new CommandError(
  "ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.",
);
const SAVE_FAILED = new CommandError("ERR");
const LOAD_FAILED = new CommandError("ERR Error trying to load the RDB dump, check server logs.");
