#!/usr/bin/env -S node --max-semi-space-size=32
import { rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { backup } from "./cli/backup.ts";
import { check } from "./cli/check.ts";
import { reasonOf } from "./config/conf-file.ts";
import { loadConfig } from "./config/start.ts";
import type { Config } from "./config/config.ts";
import { StartError } from "./config/option.ts";
import { Instance } from "./instance.ts";
import { removeOwnLeftover } from "./rdb/save/rdb-file.ts";
import { FormatError } from "./keyspace/keyspace.ts";
import { FolderError } from "./storage/open-folder.ts";
import { compileForServer } from "./support/compiler.ts";
import { limitHeapGrowth } from "./support/heap-growth.ts";
import { type Log, Logger } from "./support/log.ts";
import { VERSION } from "./support/version.ts";

/**
 * Faults, batches, iterators and fsyncs run on libuv's threads, and all of them wait for the disk at times.
 * libuv reads this when its pool is first used, which must not have happened yet.
 */
process.env["UV_THREADPOOL_SIZE"] ??= String(Math.max(8, availableParallelism() * 2));

/** What the first argument may name instead of a config file; they give the exit code. */
const TOOLS: Readonly<Record<string, (argv: readonly string[]) => Promise<number>>> = { backup, check };

async function main(): Promise<void> {
  const [first = "", ...rest] = process.argv.slice(2);
  const tool = Object.hasOwn(TOOLS, first) ? TOOLS[first] : undefined;
  if (tool !== undefined) {
    process.exitCode = await tool(rest);
    return;
  }
  const start = loadConfig(process.argv.slice(2), process.env);
  if (start.kind !== "run") {
    process.stdout.write(start.text.endsWith("\n") ? start.text : `${start.text}\n`);
    return;
  }
  const { config } = start;
  const logger = new Logger(config.values.logfile, () => config.values.loglevel);
  const { log } = logger;
  log("notice", `leveldis ${VERSION} is starting, PID: ${process.pid}`);
  compileForServer();
  limitHeapGrowth();
  process.on("uncaughtException", (error) => {
    // The state of memory is unknown from here on. What was acknowledged is in the store.
    log("warning", `Bug: ${error.stack ?? error.message}`);
    process.exit(1);
  });

  let instance: Instance | null = null;
  let isStopping = false;
  const stop = async (why: string, orders: readonly string[]): Promise<void> => {
    if (isStopping) return;
    isStopping = true;
    log("notice", why);
    if (instance !== null && !(await instance.prepareToStop(orders))) {
      isStopping = false;
      return;
    }
    await instance?.stop();
    removePidFile(config);
    log("notice", "leveldis is now ready to exit, bye bye...");
    logger.close();
    process.exit(0);
  };
  for (const [signal, option] of [
    ["SIGTERM", "shutdownOnSigterm"],
    ["SIGINT", "shutdownOnSigint"],
  ] as const) {
    process.on(signal, () => {
      if (isStopping && signal === "SIGINT") insist(config, log);
      void stop(`Received ${signal}, shutting down...`, config.values[option]);
    });
  }

  instance = await Instance.start(config, log, (orders) => void stop("User requested shutdown...", orders));
  writePidFile(config, log);
  const { values } = config;
  const where = values.backend === "memory" ? "memory only: nothing is kept" : `data in ${values.dir}`;
  log("notice", `Server initialized, port ${instance.server.port}, ${where}`);
  log("notice", "Ready to accept connections");
}

/** A second SIGINT. What was acknowledged is in the store. */
function insist(config: Config, log: Log): never {
  log("warning", "You insist... exiting now.");
  removeOwnLeftover(config.values.dir);
  removePidFile(config);
  process.exit(1);
}

/** As for Redis, no reason not to serve. */
function writePidFile(config: Config, log: Log): void {
  const path = config.values.pidfile;
  if (path === "") return;
  try {
    writeFileSync(path, `${process.pid}\n`);
  } catch (error) {
    log("warning", `Failed to write the PID file ${path}: ${reasonOf(error)}`);
  }
}

function removePidFile(config: Config): void {
  if (config.values.pidfile !== "") rmSync(config.values.pidfile, { force: true });
}

main().catch((error: unknown) => {
  const isExpected =
    error instanceof StartError || error instanceof FolderError || error instanceof FormatError;
  const text = isExpected
    ? error.message
    : error instanceof Error
      ? (error.stack ?? error.message)
      : String(error);
  process.stderr.write(`${text.startsWith("leveldis: ") ? "" : "leveldis: "}${text}\n`);
  process.exit(1);
});
