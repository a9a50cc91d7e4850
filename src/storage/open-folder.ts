import { existsSync } from "node:fs";
import { mkdir, open, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { LogDamageError } from "./redo/applier.ts";
import { RedoLog } from "./redo/redo-log.ts";
import { type Store, type StoreOptions, openLevelStore } from "./store.ts";

/** The folder cannot be used. The message is one line that says what to do. */
export class FolderError extends Error {
  override readonly name = "FolderError";
}

/** A file that is in a folder while a copy is being made there (folder-copy.ts): without it all tables are in place. */
export const UNFINISHED_COPY = "UNFINISHED-COPY";
/** Where a copy to another disk keeps links to the tables that it still has to copy. */
export const LINKS_FOLDER = "links-for-copy.tmp";

/** Opens the data folder, made where missing. @throws FolderError */
export async function openFolder(folder: string, options: StoreOptions): Promise<Store> {
  if (existsSync(join(folder, UNFINISHED_COPY))) {
    throw new FolderError(
      `the folder ${folder} holds a copy that was not finished: make another, or choose another --dir`,
    );
  }
  try {
    // Of a process that was killed.
    await rm(join(folder, LINKS_FOLDER), { recursive: true, force: true });
    // LevelDB's own errors about folders name a lock file; mkdir says what is wrong.
    await makeFolder(folder);
    return await openLevelStore(folder, options);
  } catch (error) {
    throw new FolderError(explain(folder, error as NodeJS.ErrnoException), { cause: error });
  }
}

/** Brings what a crash has left in the redo log into the store. @throws FolderError; the store is closed then */
export async function openRedoLog(folder: string, store: Store): Promise<RedoLog> {
  try {
    const log = await RedoLog.open(folder, store);
    await log.start();
    return log;
  } catch (error) {
    await store.close();
    throw new FolderError(explain(folder, error as NodeJS.ErrnoException), { cause: error });
  }
}

/** Node's recursive mkdir never ends where a folder is there that cannot hold another (`/proc`). */
async function makeFolder(folder: string): Promise<void> {
  if (existsSync(folder)) return;
  const parent = dirname(folder);
  if (parent !== folder) await makeFolder(parent);
  await mkdir(folder);
}

function explain(folder: string, error: NodeJS.ErrnoException): string {
  const cause = (error.cause ?? error) as NodeJS.ErrnoException;
  const reason = cause.message.replace(/\s+/g, " ");
  if (cause.code === "LEVEL_LOCKED") {
    return `the data folder ${folder} is in use by another process: stop that one, or choose another --dir`;
  }
  if (error instanceof LogDamageError || isDamage(folder, cause)) {
    return (
      `CORRUPT: the LevelDB in ${folder} is damaged (${reason}): restore the folder from a backup, ` +
      "or move it away and start with an empty one"
    );
  }
  return `cannot use the data folder ${folder} (${reason}): make it writable, or choose another --dir`;
}

/** LevelDB calls some damage an IO error: a file that is named by another and is not there. */
function isDamage(folder: string, error: NodeJS.ErrnoException): boolean {
  if (error.code === "LEVEL_CORRUPTION" || /corruption|does not exist|not an sstable/i.test(error.message))
    return true;
  return /No such file or directory/.test(error.message) && existsSync(join(folder, "CURRENT"));
}

/** Bytes that a folder must take before it is believed that it takes more. */
const PROBE_BYTES = 4 << 20;

/** Rejects while the disk of the folder takes nothing. */
export async function probeFolder(folder: string): Promise<void> {
  const path = join(folder, "write-probe.tmp");
  try {
    const file = await open(path, "w");
    try {
      await file.writeFile(Buffer.alloc(PROBE_BYTES));
      await file.sync();
    } finally {
      await file.close();
    }
  } finally {
    await rm(path, { force: true });
  }
}
