import { CommandError, SYNTAX } from "../errors.ts";
import type { Database } from "../keyspace/database.ts";
import type { Value } from "../keyspace/value.ts";
import { dumpPayload, isPayload, readPayload } from "../rdb/payload.ts";
import { RdbError } from "../rdb/rdb-error.ts";
import { TooLargeError } from "../rdb/restore/value-builder.ts";
import { OK, type Reply } from "../resp/reply.ts";
import type { Bytes } from "../support/bytes.ts";
import type { Int64 } from "../support/integers.ts";
import { LATEST_MS, int64Argument, optionWord } from "./arguments.ts";
import type { CommandGroup, CommandRow, Context } from "./command.ts";
import { keyAt } from "./key-spec.ts";

const RESTORE_COMPLEXITY =
  "O(1) to create the new key and additional O(N*M) to reconstruct the serialized value, where N is the number of Redis objects composing the value and M their average size. For small string values the time complexity is thus O(1)+O(1*M) where M is small, so simply O(1). However for sorted set values the complexity is O(N*M*log(N)) because inserting values into sorted sets is O(log(N)).";

const RESTORE_HISTORY = [
  ["3.0.0", "Added the `REPLACE` modifier."],
  ["5.0.0", "Added the `ABSTTL` modifier."],
  ["5.0.0", "Added the `IDLETIME` and `FREQ` options."],
] as const;

const RESTORE_SYNTAX =
  "key ttl:integer serialized-value [REPLACE]@3.0.0 [ABSTTL]@5.0.0 " +
  "[IDLETIME seconds:integer]@5.0.0 [FREQ frequency:integer]@5.0.0";

const RESTORE = {
  arity: -4,
  categories: ["keyspace", "dangerous"],
  keys: [keyAt(1, "OW", "update")],
  run: restore,
} as const satisfies Partial<CommandRow>;

/** Values as bytes, to be taken to another server. */
export const PAYLOADS: CommandGroup = {
  name: "generic",
  rows: {
    dump: {
      arity: 2,
      flags: ["readonly"],
      keys: [keyAt(1, "RO", "access")],
      tips: ["nondeterministic_output"],
      doc: {
        summary: "Return a serialized version of the value stored at the specified key.",
        since: "2.6.0",
        complexity:
          "O(1) to access the key and additional O(N*M) to serialize it, where N is the number of Redis objects composing the value and M their average size. For small string values the time complexity is thus O(1)+O(1*M) where M is small, so simply O(1).",
        syntax: "key",
      },
      run: dump,
    },
    restore: {
      ...RESTORE,
      flags: ["write", "denyoom"],
      doc: {
        summary: "Create a key using the provided serialized value, previously obtained using DUMP.",
        since: "2.6.0",
        complexity: RESTORE_COMPLEXITY,
        history: RESTORE_HISTORY,
        syntax: RESTORE_SYNTAX,
      },
    },
  },
};

/** The same for nodes of a cluster among themselves. */
export const PAYLOADS_OF_CLUSTERS: CommandGroup = {
  name: "server",
  rows: {
    "restore-asking": {
      ...RESTORE,
      flags: ["write", "denyoom", "asking"],
      doc: {
        summary: "An internal command for migrating keys in a cluster",
        since: "3.0.0",
        complexity: RESTORE_COMPLEXITY,
        isInternal: true,
        history: RESTORE_HISTORY,
        syntax: RESTORE_SYNTAX,
      },
    },
  },
};

function dump(context: Context, args: readonly Bytes[]): Reply {
  const entry = context.db.find(args[1]!);
  return entry === null ? null : payloadOf(context, entry.value!);
}

/** What DUMP answers. Reads all of the value; may fault. @throws that it is too large */
export function payloadOf({ server }: Context, value: Value): Bytes {
  const { rdbcompression, listMaxListpackSize, protoMaxBulkLen } = server.config.values;
  try {
    return dumpPayload(value, { compress: rdbcompression, listMaxListpackSize, maxBytes: protoMaxBulkLen });
  } catch (error) {
    throw error instanceof TooLargeError ? TOO_LARGE_TO_DUMP : error;
  }
}

function restore(context: Context, args: readonly Bytes[]): Reply {
  const { db, keyspace, nowMs, propagation, server } = context;
  const key = args[1]!;
  const payload = args[3]!;
  const options = restoreOptions(args);
  const exists = db.peek(key) !== null;
  if (exists && !options.replaces) throw BUSY_KEY;
  const ttl = int64Argument(args[2]!);
  if (ttl < 0) throw INVALID_TTL;
  if (!isPayload(payload, server.payloads.checksChecksums)) throw NOT_A_PAYLOAD;
  const build = read(context, payload);
  const expiresAtMs = expiryOf(ttl, options.isAbsolute ? 0 : nowMs);
  if (expiresAtMs !== 0 && expiresAtMs <= nowMs && !db.keepsExpired) {
    if (exists) removeOld(db, key);
    propagation.instead(["DEL", key]);
    return OK;
  }
  // In Redis the new one is another key.
  if (exists) db.delete(key);
  const entry = db.put(key, build(), expiresAtMs);
  if (options.idleS !== null) entry.accessedAtS = keyspace.nowS - Number(options.idleS);
  db.event("generic", "restore", key);
  if (expiresAtMs !== 0 && !options.isAbsolute && propagation.isWanted) {
    propagation.instead([...args.with(2, String(expiresAtMs)), "ABSTTL"]);
  }
  return OK;
}

function removeOld(db: Database, key: Bytes): void {
  db.delete(key);
  db.event("generic", "del", key);
}

function read({ keyspace, server }: Context, payload: Bytes): () => Value {
  try {
    const builder = readPayload(payload, keyspace, server.config.values.protoMaxBulkLen);
    return () => builder.build();
  } catch (error) {
    if (error instanceof TooLargeError) throw TOO_LARGE_TO_RESTORE;
    if (!(error instanceof RdbError)) throw error;
    server.log("verbose", `RESTORE refused a payload: integrity check failed, ${error.message}`);
    throw BAD_DATA;
  }
}

/** Past 64 bits the sum turns over, as in C: such a time is past. 0 is none. */
function expiryOf(ttl: Int64, baseMs: number): number {
  if (ttl === 0) return 0;
  const atMs = BigInt.asIntN(64, BigInt(ttl) + BigInt(baseMs));
  return Math.min(Math.max(Number(atMs), 1), LATEST_MS);
}

interface RestoreOptions {
  readonly replaces: boolean;
  readonly isAbsolute: boolean;
  readonly idleS: Int64 | null;
}

function restoreOptions(args: readonly Bytes[]): RestoreOptions {
  let replaces = false;
  let isAbsolute = false;
  let idleS: Int64 | null = null;
  let frequency: Int64 | null = null;
  for (let at = 4; at < args.length; at++) {
    const word = optionWord(args[at]!);
    const hasMore = at + 1 < args.length;
    if (word === "REPLACE") replaces = true;
    else if (word === "ABSTTL") isAbsolute = true;
    else if (word === "IDLETIME" && hasMore && frequency === null) {
      idleS = int64Argument(args[++at]!);
      if (idleS < 0) throw INVALID_IDLE_TIME;
    } else if (word === "FREQ" && hasMore && idleS === null) {
      // Nothing counts accesses (see OBJECT FREQ).
      frequency = int64Argument(args[++at]!);
      if (frequency < 0 || frequency > 255) throw INVALID_FREQUENCY;
    } else throw SYNTAX;
  }
  return { replaces, isAbsolute, idleS };
}

const BUSY_KEY = new CommandError("BUSYKEY Target key name already exists.");
const INVALID_TTL = new CommandError("ERR Invalid TTL value, must be >= 0");
const INVALID_IDLE_TIME = new CommandError("ERR Invalid IDLETIME value, must be >= 0");
const INVALID_FREQUENCY = new CommandError("ERR Invalid FREQ value, must be >= 0 and <= 255");
const NOT_A_PAYLOAD = new CommandError("ERR DUMP payload version or checksum are wrong");
const BAD_DATA = new CommandError("ERR Bad data format");
const TOO_LARGE_TO_DUMP = new CommandError(
  "ERR the value is too large to be dumped: proto-max-bulk-len bounds what is in memory at once",
);
const TOO_LARGE_TO_RESTORE = new CommandError(
  "ERR the value is too large to be restored: proto-max-bulk-len bounds what is in memory at once",
);
