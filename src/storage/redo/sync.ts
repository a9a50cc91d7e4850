import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { syncPath } from "../../support/sync-path.ts";

/** LevelDB's name for what holds its memtables: `000123.log`. */
const LEVELDB_LOG = /^\d+\.log$/;

/**
 * Resolves when all that was written to the LevelDB in `folder` is on the disk itself. LevelDB syncs its tables, and, if
 * it is told to, the log that it writes to, but never one that it has left behind while its memtable is being
 * written out. It hands over every write to the system at once, so that its files can be synced by anybody.
 */
export async function syncLevelDb(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!LEVELDB_LOG.test(name)) continue;
    try {
      await syncPath(join(folder, name));
    } catch (error) {
      // What was in it is in a table, which LevelDB has synced.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
  await syncPath(folder);
}
