import { COMMAND_GROUPS } from "./commands/groups.ts";
import { Scripting } from "./commands/scripting/scripting.ts";
import { CommandTable } from "./commands/table.ts";
import type { Config } from "./config/config.ts";
import type { Values } from "./config/options.ts";
import { DiskHealth } from "./executor/disk-health.ts";
import { Executor } from "./executor/executor.ts";
import { ExpiryWalk } from "./executor/expiry-walk.ts";
import { Keyspace } from "./keyspace/keyspace.ts";
import { Replication } from "./replication/replication.ts";
import { reload } from "./seeding/reload.ts";
import { Resync } from "./seeding/resync.ts";
import { openSeed, plant } from "./seeding/seed.ts";
import { createFunctionEngine } from "./scripting/function-engine.ts";
import { createEvalEngine } from "./scripting/eval-engine.ts";
import { ScriptRandom } from "./scripting/random.ts";
import { removeLeftovers } from "./rdb/save/rdb-file.ts";
import { RdbSaver } from "./rdb/save/saver.ts";
import { RdbStreamer } from "./rdb/save/streamer.ts";
import { Server } from "./server/server.ts";
import type { Collector } from "./storage/collector/collector.ts";
import { startCollector } from "./storage/collector/start.ts";
import { Backup } from "./storage/backup.ts";
import { LogRewrite } from "./storage/log-rewrite.ts";
import { openFolder, openRedoLog, probeFolder } from "./storage/open-folder.ts";
import type { CacheLimits } from "./storage/record-cache.ts";
import { ScanThread } from "./storage/scan/thread.ts";
import type { RedoLog } from "./storage/redo/redo-log.ts";
import { type Store, openMemoryStore } from "./storage/store.ts";
import type { Log } from "./support/log.ts";
import type { Tracking } from "./tracking/tracking.ts";

/** So many times the size of the redo log may wait for LevelDB before writing commands wait themselves. */
const MAX_BACKLOG_ROUNDS = 2;

/** One running leveldis: the parts of a process, made in order and stopped in the opposite one. */
export class Instance {
  readonly server: Server;
  readonly #keyspace: Keyspace;
  readonly #expiryWalk: ExpiryWalk;
  readonly #collector: Collector;
  readonly #disk: DiskHealth;
  readonly #holder: StoreHolder;
  readonly #executor: Executor;
  readonly #streamer: RdbStreamer;

  private constructor(parts: {
    server: Server;
    keyspace: Keyspace;
    expiryWalk: ExpiryWalk;
    collector: Collector;
    disk: DiskHealth;
    holder: StoreHolder;
    executor: Executor;
    streamer: RdbStreamer;
  }) {
    this.server = parts.server;
    this.#keyspace = parts.keyspace;
    this.#expiryWalk = parts.expiryWalk;
    this.#collector = parts.collector;
    this.#disk = parts.disk;
    this.#holder = parts.holder;
    this.#executor = parts.executor;
    this.#streamer = parts.streamer;
  }

  /**
   * Opens the data and begins to serve. `onShutdown` is called when a client says SHUTDOWN.
   * @throws StartError, FolderError, FormatError
   */
  static async start(
    config: Config,
    log: Log,
    onShutdown: (orders: readonly string[]) => void,
  ): Promise<Instance> {
    const holder = await StoreHolder.open(config);
    try {
      return await Instance.#startOn(holder, config, log, onShutdown);
    } catch (error) {
      await holder.close();
      throw error;
    }
  }

  static async #startOn(
    holder: StoreHolder,
    config: Config,
    log: Log,
    onShutdown: (orders: readonly string[]) => void,
  ): Promise<Instance> {
    const { values } = config;
    const disk = new DiskHealth(
      () => holder.probe(),
      () => reopen(),
      (message) => log("warning", message),
    );
    let tracking: Tracking | null = null;
    let busy: Executor["busy"] | null = null;
    let upstream: Replication["upstream"] | null = null;
    const keyspace = await Keyspace.open({
      store: holder.store,
      scans: holder.scans,
      databases: values.databases,
      recordCache: cacheLimits(values),
      limits: values,
      log: holder.log,
      maxLogBytes: () => values.redoLogSize,
      fsync: () => values.appendfsync,
      onWriteFailure: (error) => {
        disk.failed(error);
        tracking?.lostChanges();
        busy?.writeFailed(disk.failure!);
        upstream?.writeFailed();
      },
      onApplyFailure: (error) => disk.failed(error),
    });
    keyspace.reading.faultEveryRead = values.debugFaultEveryRead;
    if (values.flushall) {
      keyspace.flushAll();
      await keyspace.committer.settle();
      log("notice", "All data was deleted (--flushall)");
    }
    const seed = await openSeed(config, keyspace);
    const collector = await startCollector(holder.store, holder.folder, {
      intervalMs: values.gcInterval,
      batchSize: values.gcBatchSize,
      onError: (error) => {
        log("warning", `The collector failed, and will try again: ${error.message}`);
        // Its write may have left half a record in LevelDB's log, which must not take our batches behind it.
        holder.store.startNewLog().catch((cause: unknown) => log("warning", describeBug(cause)));
      },
    });
    const streamer = new RdbStreamer({
      keyspace,
      values,
      folder: () => holder.folder,
      usedMemory: () => process.memoryUsage.rss(),
    });
    const replication = new Replication({ config, keyspace, source: streamer, log });
    const { libraries } = keyspace;
    const engineOptions = { memoryLimit: values.luaMemoryLimit };
    const random = new ScriptRandom();
    const scripting = new Scripting({
      libraries,
      random,
      evalEngine: createEvalEngine(engineOptions, random),
      functionEngine: createFunctionEngine(engineOptions, random),
      log,
    });
    libraries.opened(scripting.loadStored(libraries.readStored(holder.store)));
    const commands = new CommandTable(COMMAND_GROUPS);
    const executor = new Executor({
      keyspace,
      commands,
      disk,
      stream: replication.stream,
      isReadonly: () => values.readonly,
      maxBacklogBytes: () => MAX_BACKLOG_ROUNDS * values.redoLogSize,
      logBug: (message, error) => log("warning", `${message}: ${describeBug(error)}`),
    });
    const saver = new RdbSaver({
      keyspace,
      values,
      folder: () => holder.folder,
      usedMemory: () => process.memoryUsage.rss(),
      fields: () => replication.stream.rdbFields,
      alone: (work) => executor.holding(work),
      log,
    });
    disk.lacksSnapshot = () => saver.refusesWrites;
    const logRewrite = new LogRewrite(
      () => holder.store,
      log,
      () => saver.isSavingInBackground,
    );
    await removeLeftovers(values.dir).catch(() => undefined);
    const reopen = async (): Promise<void> => {
      await executor.holding(async () => {
        await Promise.all([saver.pause(), streamer.pause()]);
        await collector.pause();
        await holder.reopen();
        keyspace.useStore(holder.store);
        await keyspace.applyAgain();
        await collector.resume(holder.store);
        saver.resume();
        streamer.resume();
      });
    };
    const expiryWalk = new ExpiryWalk(executor.ownWork, keyspace, (error) => {
      log("warning", `Removing expired keys failed, and will be tried again: ${describeBug(error)}`);
    });
    const commits = keyspace.committer;
    const server = new Server({
      config,
      commands,
      executor,
      commits,
      expiryWalk,
      collector,
      disk,
      saver,
      logRewrite,
      reload: (mode) => reload({ config, keyspace, executor, scripting, log }, mode),
      scripting,
      replication,
      backup: new Backup(holder.folder, () => commits.settle()),
      log,
      onShutdown,
    });
    executor.attach(server);
    busy = executor.busy;
    tracking = server.tracking;
    upstream = replication.upstream;
    followConfig(config, keyspace, collector);
    const instance = new Instance({
      server,
      keyspace,
      expiryWalk,
      collector,
      disk,
      holder,
      executor,
      streamer,
    });
    try {
      await server.start();
      if (seed !== null) await plant(seed, { config, keyspace, executor, scripting, server, log });
      const resync = new Resync({
        config,
        keyspace,
        executor,
        scripting,
        stream: replication.stream,
        server,
        log,
      });
      for (const [part, purpose] of [
        [replication.failover, "failover"],
        [replication.grace, "shutdown"],
      ] as const) {
        part.start({
          pauseWrites: () => server.pause.start("write", Infinity, purpose),
          resumeWrites: () => server.pause.end(purpose),
          log,
        });
      }
      upstream.start({
        get port() {
          return server.port;
        },
        get canWrite() {
          return disk.failure === null;
        },
        log,
        resync: (input, signal) => resync.run(input, signal),
        connectMaster: (socket, dbIndex, stream) => server.connectMaster(socket, dbIndex, stream),
        releaseBlocked: () => server.disconnectBlocked(),
      });
    } catch (error) {
      await server.stop();
      await instance.#release();
      throw error;
    }
    return instance;
  }

  /**
   * What comes before a stop: replicas get time to catch up, an RDB file is written, if it is wanted. `orders`: words of
   * SHUTDOWN. False when the server is not to stop; then everything is as before.
   */
  async prepareToStop(orders: readonly string[]): Promise<boolean> {
    const { saver, config, replication, log } = this.server;
    const { grace } = replication;
    const timeoutMs = orders.includes("now") ? 0 : config.values.shutdownTimeout * 1000;
    let isReady = await grace.wait(timeoutMs);
    if (isReady) {
      grace.tell();
      if (wantsSave(orders, config.values.save.length > 0)) {
        isReady = (await saver.saveFinally()) || orders.includes("force");
        if (!isReady) log("warning", "Error trying to save the DB, can't exit.");
      }
      if (!isReady)
        log("warning", "Errors trying to shut down the server. Check the logs for more information.");
    }
    if (isReady) return true;
    grace.end();
    this.server.shutdownFailed();
    return false;
  }

  /** Stops accepting, finishes what runs, writes, closes. */
  async stop(): Promise<void> {
    await this.#executor.busy.stop();
    this.server.replication.upstream.stop();
    this.server.replication.failover.stop();
    await this.server.stop();
    await this.#release();
    await this.#holder.close();
  }

  async #release(): Promise<void> {
    this.#expiryWalk.close();
    this.#disk.close();
    this.server.logRewrite.cancel();
    this.server.replication.replicas.close();
    await Promise.all([this.server.saver.close(), this.#streamer.pause()]);
    this.server.replication.stream.end();
    this.#executor.end();
    // What cannot be written now was never acknowledged.
    await this.#keyspace.committer.sync().catch(() => undefined);
    await this.#keyspace.committer.checkpoint().catch(() => undefined);
    this.#keyspace.committer.close();
    this.server.replication.close();
    await this.#collector.close();
  }
}

/** Words of SHUTDOWN. */
function wantsSave(orders: readonly string[], hasSavePoints: boolean): boolean {
  return orders.includes("save") || (hasSavePoints && !orders.includes("nosave"));
}

const cacheLimits = ({ recordCacheSize, recordCacheMinSize }: Values): CacheLimits => ({
  limitBytes: recordCacheSize,
  minBytes: recordCacheMinSize,
});

/** What CONFIG SET changes at once. */
function followConfig(config: Config, keyspace: Keyspace, collector: Collector): void {
  const pace = (): void => {
    collector.configure({ intervalMs: config.values.gcInterval, batchSize: config.values.gcBatchSize });
  };
  config.onChange("gcInterval", pace);
  config.onChange("gcBatchSize", pace);
  const limitCache = (): void => {
    keyspace.cache.limits = cacheLimits(config.values);
  };
  config.onChange("recordCacheSize", limitCache);
  config.onChange("recordCacheMinSize", limitCache);
  // Asked for at each batch.
  config.onChange("appendfsync", () => {});
  const { propagation } = keyspace;
  propagation.removesLazily = config.values.lazyfreeLazyExpire;
  config.onChange("lazyfreeLazyExpire", (isLazy) => {
    propagation.removesLazily = isLazy;
  });
}

/** The store, and how to open it again. */
class StoreHolder {
  readonly #config: Config;
  /** Null: in memory. */
  readonly folder: string | null;
  store!: Store;
  /** Null: what is in memory needs none. */
  log: RedoLog | null = null;
  /** Null: only this thread can reach what is in memory. */
  readonly scans: ScanThread | null;
  /** It may have been closed, and not yet be open again. */
  #isOpen = true;

  private constructor(config: Config) {
    this.#config = config;
    this.folder = config.values.backend === "memory" ? null : config.values.dir;
    this.scans = this.folder === null ? null : new ScanThread(this.folder);
  }

  static async open(config: Config): Promise<StoreHolder> {
    const holder = new StoreHolder(config);
    await holder.#open();
    if (holder.folder !== null) holder.log = await openRedoLog(holder.folder, holder.store);
    return holder;
  }

  async #open(): Promise<void> {
    const { cacheSize, backendOption } = this.#config.values;
    this.store =
      this.folder === null
        ? await openMemoryStore()
        : await openFolder(this.folder, { cacheSizeBytes: cacheSize, backendOptions: backendOption });
  }

  async reopen(): Promise<void> {
    if (this.folder === null) return;
    if (this.#isOpen) {
      // What the collector wrote may stand in LevelDB's log behind a half record, where a start would not find it.
      await this.store.startNewLog();
      await this.log?.stop();
      await this.scans?.pause();
      await this.store.close();
      this.#isOpen = false;
    }
    await this.#open();
    await this.log?.start();
    this.scans?.resume();
    this.#isOpen = true;
  }

  async close(): Promise<void> {
    await this.log?.close();
    await this.scans?.pause();
    if (this.#isOpen) await this.store.close();
  }

  async probe(): Promise<void> {
    if (this.folder !== null) await probeFolder(this.folder);
  }
}

function describeBug(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
