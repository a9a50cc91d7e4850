import type { Scripting } from "../commands/scripting/scripting.ts";
import type { Config } from "../config/config.ts";
import type { Executor } from "../executor/executor.ts";
import type { Keyspace } from "../keyspace/keyspace.ts";
import { LoadingProgress } from "../metrics/loading-progress.ts";
import { loadRdb } from "../rdb/load/load.ts";
import type { LoadResult } from "../rdb/load/loader.ts";
import type { FullSync } from "../replication/full-sync.ts";
import type { ReplicationStream } from "../replication/stream.ts";
import type { Log } from "../support/log.ts";
import { parseInteger } from "../support/integers.ts";
import { ProgressDisplay } from "./progress-display.ts";
import { takeLibraries } from "./take-libraries.ts";

export interface ResyncTarget {
  readonly config: Config;
  readonly keyspace: Keyspace;
  readonly executor: Executor;
  readonly scripting: Scripting;
  readonly stream: ReplicationStream;
  /** Where clients are told of it. */
  readonly server: { loading: LoadingProgress | null };
  readonly log: Log;
}

/**
 * Takes all data of a master over. What is here is served while the new data comes in beside it; then the two are
 * exchanged, with the place in the master's history, in one batch. So whatever ends it early leaves the old data and the
 * old place.
 */
export class Resync {
  readonly #target: ResyncTarget;
  /** Generations that were to become live with a batch that could not be written. */
  #leftOver: number[] = [];

  constructor(target: ResyncTarget) {
    this.#target = target;
  }

  /** Rejects when it failed, or `signal` came; then everything is as it was. */
  async run(input: FullSync, signal: AbortSignal): Promise<void> {
    const { keyspace, server } = this.#target;
    // The record of a load tells of one only.
    if (keyspace.loading.generations.size > 0) throw new Error("other data is being loaded");
    await this.#bury();
    const progress = new LoadingProgress(input.totalBytes, true);
    server.loading = progress;
    try {
      await this.#exchange(await this.#load(input, progress, signal), input, signal);
    } finally {
      server.loading = null;
    }
  }

  async #bury(): Promise<void> {
    const { keyspace } = this.#target;
    if (this.#leftOver.length === 0) return;
    keyspace.buryLoaded(this.#leftOver, []);
    await keyspace.committer.settle();
    this.#leftOver = [];
  }

  async #load(input: FullSync, progress: LoadingProgress, signal: AbortSignal): Promise<LoadResult> {
    const { config, keyspace, log } = this.#target;
    const terminal = config.values.logfile === "" && process.stdout.isTTY ? process.stdout : null;
    const display = new ProgressDisplay(progress, log, terminal);
    try {
      return await loadRdb(
        input,
        {
          keyspace,
          onlyDatabase: null,
          // The master tells when a key goes.
          nowMs: null,
          skipModules: config.values.rdbSkipModules,
          checksum: config.values.rdbchecksum,
          onNotice: (notice) => log("warning", `RDB: ${notice}`),
          onAux: (name, value) => progress.takeField(name, value),
          onProgress: (bytes, keys) => {
            progress.loadedBytes = bytes;
            display.update(keys);
          },
        },
        signal,
      );
    } finally {
      display.end();
    }
  }

  async #exchange(result: LoadResult, { position }: FullSync, signal: AbortSignal): Promise<void> {
    const { keyspace, executor, stream, log } = this.#target;
    const dbIndex = Number(parseInteger(result.aux.get("repl-stream-db") ?? "") ?? -1);
    let isAdopted = false;
    try {
      await executor.ownWork.run(() => {
        signal.throwIfAborted();
        takeLibraries(this.#target, result.libraries, "FLUSH");
        keyspace.adopt(result.databases);
        stream.adopt(position.id, position.offset, dbIndex);
        isAdopted = true;
      });
    } finally {
      if (!isAdopted) await keyspace.loading.abandon().catch(() => undefined);
    }
    // Those who follow this server know another history, and other data.
    stream.onBroken();
    try {
      await keyspace.committer.settle();
    } catch (error) {
      this.#leftOver = result.databases.map(({ generation }) => generation);
      throw error;
    }
    log("notice", `Done loading RDB, keys loaded: ${result.keys}, keys expired: ${result.expiredKeys}.`);
  }
}
