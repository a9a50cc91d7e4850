import { join } from "node:path";
import type { Scripting } from "../commands/scripting/scripting.ts";
import type { Config } from "../config/config.ts";
import { CommandError } from "../errors.ts";
import type { Executor } from "../executor/executor.ts";
import { Entry } from "../keyspace/entry.ts";
import type { Keyspace } from "../keyspace/keyspace.ts";
import { readValue } from "../keyspace/read-value.ts";
import { RdbFile } from "../rdb/load/file-input.ts";
import { loadRdb } from "../rdb/load/load.ts";
import type { LoadResult } from "../rdb/load/loader.ts";
import { recordRange, RECORD_KEY_PREFIX_LENGTH } from "../storage/layout.ts";
import type { StoreEntry } from "../storage/store.ts";
import { type Bytes, textOfBytes } from "../support/bytes.ts";
import type { Log } from "../support/log.ts";
import { quoted } from "../support/split-args.ts";
import { takeLibraries } from "./take-libraries.ts";

/** What becomes of the data that is there. */
export interface ReloadMode {
  /** It goes; else the file's comes to it. */
  readonly flush: boolean;
  /** Where both have a key, or a library, the file's counts; else that is an error. */
  readonly merge: boolean;
}

export interface ReloadTarget {
  readonly config: Config;
  readonly keyspace: Keyspace;
  readonly executor: Executor;
  readonly scripting: Scripting;
  readonly log: Log;
}

/**
 * DEBUG RELOAD: loads the RDB file of the options into a server that has data. Nobody is served meanwhile. False when it
 * failed, which is logged; with `flush` all is as it was then.
 */
export async function reload(target: ReloadTarget, mode: ReloadMode): Promise<boolean> {
  try {
    await target.executor.holding(() => load(target, mode));
    return true;
  } catch (error) {
    const message = error instanceof CommandError ? error.message : (error as Error).message;
    target.log("warning", `Loading the RDB file failed: ${message}`);
    return false;
  }
}

async function load(target: ReloadTarget, mode: ReloadMode): Promise<void> {
  const { config, keyspace, executor, log } = target;
  // The data of a master: the record of a load tells of one only.
  if (keyspace.loading.generations.size > 0) throw new Error("other data is being loaded");
  const { dir, dbfilename, rdbSkipModules, rdbchecksum } = config.values;
  const input = await RdbFile.open(join(dir, textOfBytes(dbfilename)));
  let result: LoadResult;
  try {
    result = await loadRdb(input, {
      keyspace,
      onlyDatabase: null,
      nowMs: Date.now(),
      skipModules: rdbSkipModules,
      checksum: rdbchecksum,
      onNotice: (notice) => log("warning", `RDB: ${notice}`),
      onProgress: () => undefined,
    });
  } finally {
    await input.close();
  }
  let isAdopted = false;
  try {
    if (mode.flush) {
      await executor.ownWork.runHeld(() => {
        takeLibraries(target, result.libraries, "FLUSH");
        keyspace.adopt(result.databases);
      });
      isAdopted = true;
      return;
    }
    if (!mode.merge) await refuseDuplicates(target, result);
    const policy = mode.merge ? "REPLACE" : "APPEND";
    await executor.ownWork.runHeld(() => takeLibraries(target, result.libraries, policy));
    await merge(target, result);
  } finally {
    if (!isAdopted) await keyspace.loading.abandon();
  }
}

async function refuseDuplicates({ keyspace, executor }: ReloadTarget, result: LoadResult): Promise<void> {
  await forEachRecord(keyspace, result, async (index, key) => {
    await executor.ownWork.runHeld(() => {
      if (keyspace.databases[index]!.peek(key) !== null)
        throw new Error(`RDB has duplicated key ${quoted(key)} in DB ${index}`);
    });
  });
}

/** Copies of what was loaded take their places one by one: should this end early, the collector finds what was loaded. */
async function merge({ keyspace, executor }: ReloadTarget, result: LoadResult): Promise<void> {
  await forEachRecord(keyspace, result, async (index, key, record) => {
    const db = keyspace.databases[index]!;
    // Once: what was fetched of a value belongs to it.
    const loaded = new Entry(db, key);
    readValue(keyspace, record, loaded);
    await executor.ownWork.runHeld(() => {
      db.peek(key);
      const value = loaded.object?.copy() ?? loaded.value!;
      db.put(key, value, loaded.expiresAtMs, loaded.isRaw);
    });
  });
}

async function forEachRecord(
  keyspace: Keyspace,
  { databases }: LoadResult,
  visit: (index: number, key: Bytes, record: Bytes) => Promise<void>,
): Promise<void> {
  for (const [index, { generation }] of databases.entries()) {
    const iterator = keyspace.reading.store.iterate(recordRange(generation));
    try {
      let entries: readonly StoreEntry[];
      while ((entries = await iterator.next(RUN)).length > 0) {
        for (const [recordKey, record] of entries)
          await visit(index, recordKey.slice(RECORD_KEY_PREFIX_LENGTH), record);
      }
    } finally {
      await iterator.close();
    }
  }
}

const RUN = 500;
