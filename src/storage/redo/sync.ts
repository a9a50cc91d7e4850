import { type FileHandle, open, readdir } from "node:fs/promises";
import { join } from "node:path";

/** LevelDB's name for what holds its memtables: `000123.log`. */
const STORE_LOG = /^\d+\.log$/;

/**
 * Resolves when all that was written to the LevelDB in `folder` is on the disk itself. LevelDB syncs its tables, and, if
 * it is told to, the log that it writes to, but never one that it has left behind while its memtable is being
 * written out. It hands over every write to the system at once, so that its files can be synced by anybody.
 */
export async function syncStore(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (STORE_LOG.test(name)) await syncFile(join(folder, name));
  }
  await syncFile(folder);
}

async function syncFile(path: string): Promise<void> {
  let file: FileHandle;
  try {
    file = await open(path);
  } catch (error) {
    // What was in it is in a table, which LevelDB has synced.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
