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

/** DEBUG RELOAD, without options: they are about the RDB file. */
export function debugReload(context: Context, args: readonly Bytes[]): Reply {
  for (const option of args.slice(2)) {
    const isKnown = ["MERGE", "NOFLUSH", "NOSAVE"].includes(option.toUpperCase());
    throw new CommandError(
      isKnown
        ? "ERR DEBUG RELOAD with options is not supported: there are no RDB files yet"
        : "ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.",
    );
  }
  return debugLoadaof(context);
}
