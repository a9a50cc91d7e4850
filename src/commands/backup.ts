import { CommandError } from "../errors.ts";
import { MapReply, type Reply } from "../resp/reply.ts";
import type { FolderCopy } from "../storage/folder-copy.ts";
import { type Bytes, bytesOfText, textOfBytes } from "../support/bytes.ts";
import type { CommandGroup, Context } from "./command.ts";

/** leveldis' own (docs/commands-of-leveldis.md). */
export const BACKUP: CommandGroup = {
  name: "server",
  rows: {
    backup: {
      arity: 2,
      flags: ["admin", "noscript", "no_multi"],
      doc: {
        summary: "Make a consistent copy of the data folder while the server goes on",
        since: "leveldis 0.2.0",
        complexity: "O(N) with N being the number of files; their bytes too where no hard links can be made.",
        syntax: "folder",
      },
      run: backup,
    },
  },
};

function backup({ keyspace, server }: Context, args: readonly Bytes[]): Reply {
  const folder = args[1]!;
  if (folder === "" || folder.includes("\0")) throw new CommandError("ERR BACKUP wants the name of a folder");
  const copy = keyspace.reading.attempt.once(server, "backup", () => copyTo(server, folder));
  return new MapReply([
    "files",
    copy.files,
    "bytes",
    copy.bytes,
    "linked-files",
    copy.linkedFiles,
    "linked-bytes",
    copy.linkedBytes,
  ]);
}

async function copyTo(server: Context["server"], folder: Bytes): Promise<FolderCopy> {
  try {
    const copy = await server.backup.make(textOfBytes(folder));
    server.log("notice", `Backup to ${textOfBytes(folder)}: ${copy.files} files, ${copy.bytes} bytes`);
    return copy;
  } catch (error) {
    const { message } = error as Error;
    server.log("warning", `Backup to ${textOfBytes(folder)} failed: ${message}`);
    throw new CommandError(bytesOfText(`ERR BACKUP: ${message.replace(/\s+/g, " ")}`));
  }
}
