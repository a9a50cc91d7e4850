import { reasonOf } from "../config/conf-file.ts";
import type { Scripting } from "../commands/scripting/scripting.ts";
import type { Config } from "../config/config.ts";
import { StartError } from "../config/option.ts";
import { parseServerUrl } from "../config/server-url.ts";
import { CommandError } from "../errors.ts";
import type { Executor } from "../executor/executor.ts";
import type { Keyspace } from "../keyspace/keyspace.ts";
import { LoadingProgress } from "../metrics/loading-progress.ts";
import { type RdbInput, loadRdb } from "../rdb/load/load.ts";
import { RdbFile } from "../rdb/load/file-input.ts";
import type { LoadResult } from "../rdb/load/loader.ts";
import { RdbModuleError } from "../rdb/decode/module.ts";
import { RdbError } from "../rdb/rdb-error.ts";
import { FullSync } from "../replication/full-sync.ts";
import { LinkError } from "../replication/server-link.ts";
import { type Bytes, textOfBytes } from "../support/bytes.ts";
import type { Log } from "../support/log.ts";
import { ProgressDisplay } from "./progress-display.ts";
import { takeLibraries } from "./take-libraries.ts";

/** Where the first data of a folder comes from. */
export interface Seed {
  /** For messages. */
  readonly name: string;
  readonly onlyDatabase: number | null;
  /** To be called once. A server may take its time. */
  open(listeningPort: number): Promise<RdbInput>;
}

/**
 * What `--rdb` or `--seed-from` ask for, null when they ask for nothing. @throws StartError when the data folder is not
 * empty, or the file cannot be read
 */
export async function openSeed(config: Config, keyspace: Keyspace): Promise<Seed | null> {
  const { rdb, seedFrom, dir } = config.values;
  if (rdb === "" && seedFrom === "") return null;
  const option = rdb === "" ? "--seed-from" : "--rdb";
  if (rdb !== "" && seedFrom !== "")
    throw new StartError("leveldis: --rdb and --seed-from exclude each other");
  const keys = keyspace.databases.reduce((sum, db) => sum + db.keyCount, 0);
  if (keys > 0) {
    throw new StartError(
      `leveldis: the data folder ${dir} holds ${keys} keys: ${option} is for an empty one ` +
        "(choose another --dir, or have them deleted with --flushall)",
    );
  }
  return rdb === "" ? serverSeed(config, seedFrom) : await fileSeed(rdb);
}

async function fileSeed(path: string): Promise<Seed> {
  try {
    const file = await RdbFile.open(path);
    return { name: path, onlyDatabase: null, open: async () => file };
  } catch (cause) {
    throw new StartError(`leveldis: can't open the RDB file ${path}: ${reasonOf(cause)}`, { cause });
  }
}

function serverSeed(config: Config, text: Bytes): Seed {
  const url = parseServerUrl(text);
  const timeoutMs = config.values.seedTimeout * 1000;
  return {
    name: `${url.host}:${url.port}`,
    onlyDatabase: url.database,
    open: (listeningPort) => FullSync.open(url, { listeningPort, timeoutMs }),
  };
}

export interface SeedTarget {
  readonly config: Config;
  readonly keyspace: Keyspace;
  readonly executor: Executor;
  readonly scripting: Scripting;
  /** Where clients are told of it. */
  readonly server: { loading: LoadingProgress | null; readonly port: number };
  readonly log: Log;
}

/** Loads it all; clients are answered LOADING meanwhile. @throws StartError; then nothing of it was kept */
export async function plant(seed: Seed, target: SeedTarget): Promise<void> {
  const { server, log } = target;
  server.loading = new LoadingProgress(0, false);
  log("notice", `Loading the data of ${seed.name}`);
  try {
    const input = await seed.open(server.port);
    try {
      tell(await load(input, seed.onlyDatabase, target), log);
    } finally {
      await input.close();
    }
  } catch (cause) {
    throw explain(seed.name, cause);
  }
  server.loading = null;
}

async function load(
  input: RdbInput,
  onlyDatabase: number | null,
  { config, keyspace, executor, scripting, server, log }: SeedTarget,
): Promise<LoadResult> {
  const progress = new LoadingProgress(input.totalBytes, false);
  const terminal = config.values.logfile === "" && process.stdout.isTTY ? process.stdout : null;
  const display = new ProgressDisplay(progress, log, terminal);
  server.loading = progress;
  try {
    const result = await loadRdb(input, {
      keyspace,
      onlyDatabase,
      nowMs: Date.now(),
      skipModules: config.values.rdbSkipModules,
      checksum: config.values.rdbchecksum,
      onNotice: (notice) => log("warning", `RDB: ${notice}`),
      onAux: (name, value) => progress.takeField(name, value),
      onProgress: (bytes, keys) => {
        progress.loadedBytes = bytes;
        display.update(keys);
      },
    });
    await executor.ownWork.run(() => {
      takeLibraries({ keyspace, scripting }, result.libraries, "FLUSH");
      keyspace.adopt(result.databases);
    });
    await keyspace.committer.sync();
    return result;
  } finally {
    display.end();
  }
}

/** In Redis' words where it has them. */
function tell({ keys, expiredKeys, emptyKeys, skipped, aux }: LoadResult, log: Log): void {
  const version = aux.get("redis-ver");
  const createdS = Number(aux.get("ctime") ?? Number.NaN);
  if (version !== undefined) log("notice", `RDB produced by version ${textOfBytes(version)}`);
  if (Number.isFinite(createdS)) {
    log("notice", `RDB age ${Math.max(0, Math.floor(Date.now() / 1000 - createdS))} seconds`);
  }
  const parts = [`keys loaded: ${keys}`, `keys expired: ${expiredKeys}`];
  if (emptyKeys > 0) parts.push(`empty keys skipped: ${emptyKeys}`);
  if (skipped > 0) parts.push(`data of modules skipped: ${skipped}`);
  log(emptyKeys + skipped > 0 ? "warning" : "notice", `Done loading RDB, ${parts.join(", ")}.`);
}

function explain(name: string, cause: unknown): unknown {
  // Of a library of functions.
  const isRefused = cause instanceof CommandError;
  const isExpected =
    isRefused || cause instanceof RdbError || cause instanceof LinkError || isSystemError(cause);
  if (!isExpected) return cause;
  const hint = cause instanceof RdbModuleError ? " (--rdb-skip-modules leaves such data out)" : "";
  return new StartError(
    `leveldis: the data of ${name} cannot be loaded: ${(cause as Error).message}${hint}. Nothing of it was kept`,
    { cause },
  );
}

/** Of a disk, a file or LevelDB. */
function isSystemError(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && typeof cause.code === "string";
}
