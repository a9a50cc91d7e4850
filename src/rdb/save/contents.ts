import type { Values } from "../../config/options.ts";
import { REDIS_VERSION } from "../../support/version.ts";
import type { SnapshotContents } from "./job.ts";

/** All data, as the options want it to be written. `usedMemory`: in bytes. */
export function contentsOf(values: Values, usedMemory: number): SnapshotContents {
  return {
    version: values.rdbVersion,
    compress: values.rdbcompression,
    listMaxListpackSize: values.listMaxListpackSize,
    fields: [
      ["redis-ver", REDIS_VERSION],
      ["redis-bits", "64"],
      ["ctime", String(Math.floor(Date.now() / 1000))],
      ["used-mem", String(usedMemory)],
      ["aof-base", "0"],
    ],
    keyDelayMs: values.rdbKeySaveDelay / 1000,
    withKeys: true,
    withLibraries: true,
  };
}
