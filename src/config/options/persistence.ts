import { INT_MAX, LONG_MAX, choice, integer, memory, string, yesNo } from "../option-types.ts";
import { ValueError } from "../option.ts";
import { savePoints } from "../special-option-types.ts";

const NO_AOF = "the redo log does the work of the append-only file, and is short: `redo-log-size`";

/** What is on disk in Redis: snapshots and the append-only file. */
export const PERSISTENCE = {
  // Redis' own points would write all data again and again, which is on disk anyway.
  save: savePoints([], {
    help: "save an RDB file after so many seconds, when there were so many changes",
  }),
  appendonly: yesNo(true, { none: "every write is logged before it is answered, always" }),
  "stop-writes-on-bgsave-error": yesNo(true, {
    help: "refuse writes while there are save points and the last save failed",
  }),
  rdbcompression: yesNo(true, { help: "compress strings in RDB files" }),
  rdbchecksum: yesNo(true, { help: "write and check the checksum of RDB files", changes: "start" }),
  "rdb-version": integer(
    7,
    { min: 7n, max: 12n },
    {
      help:
        "version of the RDB files that are written: 7 is for Redis 3.2 and later, 10 for 7.0; " +
        "streams and functions raise it where they have to",
    },
  ),
  dbfilename: string("dump.rdb", { help: "name of the RDB file in dir", isProtected: true }, (name) => {
    if (name.includes("/")) throw new ValueError("dbfilename can't be a path, just a filename");
  }),
  "rdb-del-sync-files": yesNo(false, { none: "no RDB file is written for replicas" }),
  "rdb-save-incremental-fsync": yesNo(true, {
    help: "sync an RDB file to the disk as it grows, not only at its end",
  }),
  "rdb-key-save-delay": integer(
    0,
    { min: 0n, max: INT_MAX },
    { help: "microseconds to wait after each key that is saved, for tests", isHidden: true },
  ),
  "sanitize-dump-payload": choice(["no", "yes", "clients"], "no", {
    none: "payloads are always looked at to the last byte",
  }),
  appendfilename: string("appendonly.aof", { none: NO_AOF, changes: "start" }, (name) => {
    if (name === "") throw new ValueError("appendfilename can't be empty");
    if (name.includes("/")) throw new ValueError("appendfilename can't be a path, just a filename");
  }),
  appenddirname: string("appendonlydir", { none: NO_AOF, changes: "start" }, (name) => {
    if (name === "") throw new ValueError("appenddirname can't be empty");
    if (name.includes("/")) throw new ValueError("appenddirname can't be a path, just a dirname");
  }),
  "no-appendfsync-on-rewrite": yesNo(false, { none: NO_AOF }),
  "auto-aof-rewrite-percentage": integer(100, { min: 0n, max: INT_MAX }, { none: NO_AOF }),
  "auto-aof-rewrite-min-size": memory(64 * 1024 ** 2, { min: 0n, max: LONG_MAX }, { none: NO_AOF }),
  "aof-load-truncated": yesNo(true, { none: NO_AOF }),
  "aof-use-rdb-preamble": yesNo(true, { none: NO_AOF }),
  "aof-timestamp-enabled": yesNo(false, {
    fixed: { to: [false], why: "the log keeps no times: only 'no' is supported" },
  }),
  "aof-rewrite-incremental-fsync": yesNo(true, { none: NO_AOF }),
  "aof-disable-auto-gc": yesNo(false, { none: NO_AOF }),
} as const;
