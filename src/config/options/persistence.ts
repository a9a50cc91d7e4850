import { INT_MAX, LONG_MAX, choice, integer, memory, string, yesNo } from "../option-types.ts";
import { ValueError } from "../option.ts";
import { savePoints } from "../special-option-types.ts";

const NO_RDB = "there are no RDB files yet";
const NO_AOF = "LevelDB's log does the work of the append-only file, and is kept small by LevelDB";

/** What is on disk in Redis: snapshots and the append-only file. */
export const PERSISTENCE = {
  save: savePoints(
    [
      { seconds: 3600, changes: 1 },
      { seconds: 300, changes: 100 },
      { seconds: 60, changes: 10_000 },
    ],
    { none: "every write is on disk before it is answered, more often than any of these asks for" },
  ),
  appendonly: yesNo(true, { none: "every write is logged before it is answered, always" }),
  "stop-writes-on-bgsave-error": yesNo(true, { none: NO_RDB }),
  rdbcompression: yesNo(true, { none: NO_RDB }),
  rdbchecksum: yesNo(true, { none: NO_RDB, changes: "start" }),
  dbfilename: string("dump.rdb", { none: NO_RDB, isProtected: true }, (name) => {
    if (name.includes("/")) throw new ValueError("dbfilename can't be a path, just a filename");
  }),
  "rdb-del-sync-files": yesNo(false, { none: NO_RDB }),
  "rdb-save-incremental-fsync": yesNo(true, { none: NO_RDB }),
  "sanitize-dump-payload": choice(["no", "yes", "clients"], "no", { none: "there is no RESTORE yet" }),
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
