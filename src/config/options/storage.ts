import { INT_MAX, LONG_MAX, choice, folder, integer, memory, path, string, yesNo } from "../option-types.ts";
import { parseServerUrl } from "../server-url.ts";
import { jsonOptions } from "../special-option-types.ts";

const MB = 1024 ** 2;

/** What classic-level 3 passes on; the block cache has an option of its own. */
const LEVELDB_OPTIONS = {
  compression: "boolean",
  writeBufferSize: "positive integer",
  blockSize: "positive integer",
  maxOpenFiles: "positive integer",
  blockRestartInterval: "positive integer",
  maxFileSize: "positive integer",
} as const;

export const STORAGE = {
  dir: folder("leveldis-data", {
    help: "Folder of the data; made if it is not there",
    changes: "listener",
    isProtected: true,
    isAlwaysWritten: true,
  }),
  backend: choice(["leveldb", "memory"], "leveldb", {
    help: "Where data is kept; memory: nowhere, it is gone when the server stops",
    changes: "start",
  }),
  "backend-option": jsonOptions(LEVELDB_OPTIONS, {
    help: "An option of the backend, for example maxOpenFiles=4000; repeatable",
    changes: "start",
  }),
  rdb: path("", {
    help: "RDB file to start from, with an empty folder or --flushall",
    changes: "start",
    isForThisStart: true,
  }),
  "seed-from": string(
    "",
    {
      help: "Redis server to copy all data from, with an empty folder or --flushall: redis://[[user]:password@]host[:port][/db]",
      changes: "start",
      isForThisStart: true,
      isSensitive: true,
    },
    (url) => void (url !== "" && parseServerUrl(url)),
  ),
  "seed-timeout": integer(
    60,
    { min: 1n, max: INT_MAX },
    { help: "Seconds that a server may be silent while data is copied from it", changes: "start" },
  ),
  "rdb-skip-modules": yesNo(false, {
    help: "Leave out what modules have written into an RDB, instead of refusing it",
  }),
  flushall: yesNo(false, {
    help: "Delete all data at the start",
    changes: "start",
    isForThisStart: true,
  }),
  readonly: yesNo(false, { help: "Refuse commands that write" }),
  databases: integer(16, { min: 1n, max: INT_MAX }, { help: "Number of databases", changes: "start" }),
  appendfsync: choice(["everysec", "always", "no"], "everysec", {
    help: "When to force writes to the disk; no: when the system does it",
    changes: "listener",
  }),
  "cache-size": memory(
    16 * MB,
    { min: 0n, max: LONG_MAX },
    {
      help: "Memory of LevelDB's block cache",
      changes: "start",
    },
  ),
  "record-cache-size": memory(
    256 * MB,
    { min: BigInt(MB), max: LONG_MAX },
    {
      help: "Memory for keys and values that are in use",
      changes: "listener",
    },
  ),
  "record-cache-min-size": memory(
    96 * MB,
    { min: BigInt(MB), max: LONG_MAX },
    {
      help: "So much of record-cache-size small values have in any case, also beside large ones; more only while that saves reads",
      changes: "listener",
    },
  ),
  "redo-log-size": memory(
    64 * MB,
    { min: 4096n, max: LONG_MAX },
    {
      help: "So much may be written to the redo log before it is brought into LevelDB; memory and a start after a crash pay for it",
      changes: "listener",
    },
  ),
  "collection-changes-kept": integer(
    10_000,
    { min: 0n, max: INT_MAX },
    {
      help: "Of a collection that is in memory so many changes are kept beside it until they are in LevelDB; after more, HSCAN, DUMP and others that read it there wait for that",
    },
  ),
  "repeated-reads-kept": integer(
    128,
    { min: 0n, max: INT_MAX },
    {
      help: "Of so many hashes, lists, sets and sorted sets what the same HGETALL, LRANGE, SMEMBERS or ZRANGE is answered again and again is kept, up to 64 KB each, while they do not change",
    },
  ),
  "gc-interval": integer(
    500,
    { min: 1n, max: INT_MAX },
    {
      help: "Collect deleted collections every so many ms",
      changes: "listener",
    },
  ),
  "gc-batch-size": integer(
    10_000,
    { min: 1n, max: INT_MAX },
    {
      help: "Entries that one round of the collector deletes at most; up to eight times as many where much waits",
      changes: "listener",
    },
  ),
  "debug-fault-every-read": yesNo(false, {
    help: "Make every first read of a key fetch it from the disk, to test that commands can be repeated",
    changes: "start",
    isHidden: true,
  }),
} as const;
