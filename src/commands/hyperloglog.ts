import { CommandError, WRONG_TYPE } from "../errors.ts";
import { BigString } from "../keyspace/big-string.ts";
import type { Database } from "../keyspace/database.ts";
import type { Entry } from "../keyspace/entry.ts";
import {
  CORRUPTED,
  HyperLogLog,
  countRegisters,
  hasAll,
  isHyperLogLog,
} from "../keyspace/hyperloglog/hyperloglog.ts";
import { REGISTERS, patternOf } from "../keyspace/hyperloglog/registers.ts";
import { selfTest } from "../keyspace/hyperloglog/self-test.ts";
import { OK, type Reply, Status } from "../resp/reply.ts";
import type { Bytes } from "../support/bytes.ts";
import type { CommandGroup, Context } from "./command.ts";
import { keyAt, keysBetween, noted } from "./key-spec.ts";

/** Approximate counts of different elements, in strings of 12 KB at the most. */
export const HYPERLOGLOG: CommandGroup = {
  name: "hyperloglog",
  rows: {
    pfadd: {
      arity: -2,
      flags: ["write", "denyoom", "fast"],
      keys: [keyAt(1, "RW", "insert")],
      doc: {
        summary: "Adds the specified elements to the specified HyperLogLog.",
        since: "2.8.9",
        complexity: "O(1) to add every element.",
        syntax: "key [element...]",
      },
      run: pfadd,
    },
    pfcount: {
      arity: -2,
      flags: ["readonly", "may_replicate"],
      keys: [
        noted(
          keysBetween(1, -1, "RW", "access"),
          "RW because it may change the internal representation of the key, and propagate to replicas",
        ),
      ],
      doc: {
        summary: "Return the approximated cardinality of the set(s) observed by the HyperLogLog at key(s).",
        since: "2.8.9",
        complexity:
          "O(1) with a very small average constant time when called with a single key. O(N) with N being the number of keys, and much bigger constant times, when called with multiple keys.",
        syntax: "key...",
      },
      run: pfcount,
    },
    pfdebug: {
      arity: 3,
      hidesChanges: true,
      flags: ["write", "denyoom", "admin"],
      keys: [keyAt(2, "RW", "access")],
      doc: {
        summary: "Internal commands for debugging HyperLogLog values",
        since: "2.8.9",
        complexity: "N/A",
        isInternal: true,
        syntax: "subcommand key",
      },
      run: pfdebug,
    },
    pfmerge: {
      arity: -2,
      flags: ["write", "denyoom"],
      keys: [keyAt(1, "RW", "access", "insert"), keysBetween(2, -1, "RO", "access")],
      doc: {
        summary: "Merge N different HyperLogLogs into a single one.",
        since: "2.8.9",
        complexity: "O(N) to merge N HyperLogLogs, but with high constant times.",
        syntax: "destkey:key sourcekey:key...",
      },
      run: pfmerge,
    },
    pfselftest: {
      arity: 1,
      flags: ["admin"],
      doc: {
        summary: "An internal command for testing HyperLogLog values",
        since: "2.8.9",
        complexity: "N/A",
        isInternal: true,
      },
      run: pfselftest,
    },
  },
};

const NOT_A_HYPERLOGLOG = new CommandError("WRONGTYPE Key is not a valid HyperLogLog string value.");
const NO_KEY = new CommandError("ERR The specified key does not exist");
const NOT_SPARSE = new CommandError("ERR HLL encoding is not sparse");

function pfadd({ db, server }: Context, args: readonly Bytes[]): Reply {
  const key = args[1]!;
  const found = find(db, key);
  const patterns = args.slice(2).map(patternOf);
  if (found !== null && hasAll(found.bytes, patterns)) return 0;
  const { hllSparseMaxBytes } = server.config.values;
  const log = new HyperLogLog(found?.bytes);
  let isChanged = found === null;
  for (const pattern of patterns) isChanged = log.raise(pattern, hllSparseMaxBytes) || isChanged;
  if (!isChanged) return 0;
  log.forgetCardinality();
  write(db, key, found?.entry ?? null, log);
  db.event("string", "pfadd", key);
  return 1;
}

/** Of one key, the cardinality is kept in the value until that changes. */
function pfcount(context: Context, args: readonly Bytes[]): Reply {
  const { db } = context;
  if (args.length > 2) {
    const union = new Uint8Array(REGISTERS);
    for (const found of findAll(db, args.slice(1))) {
      if (found !== null) new HyperLogLog(found.bytes).raiseOthers(union);
    }
    return integer(countRegisters(union));
  }
  const found = find(db, args[1]!);
  if (found === null) return 0;
  const log = new HyperLogLog(found.bytes);
  const known = log.knownCardinality;
  if (known !== null) return integer(known);
  const count = log.count();
  if (mayWrite(context)) {
    log.knownCardinality = count;
    write(db, args[1]!, found.entry, log);
  }
  return integer(count);
}

/** Where nothing may be written the count is still right: it is only not kept. */
function mayWrite({ server }: Context): boolean {
  return !server.config.values.readonly && server.disk.failure === null;
}

function pfmerge({ db, server }: Context, args: readonly Bytes[]): Reply {
  const key = args[1]!;
  const union = new Uint8Array(REGISTERS);
  const [own, ...others] = findAll(db, args.slice(1));
  let isDense = false;
  for (const found of [own!, ...others]) {
    if (found === null) continue;
    const log = new HyperLogLog(found.bytes);
    log.raiseOthers(union);
    isDense ||= log.isDense;
  }
  const { hllSparseMaxBytes } = server.config.values;
  const merged = new HyperLogLog(own?.bytes);
  if (isDense) merged.makeDense();
  for (let index = 0; index < REGISTERS; index++) {
    if (union[index] !== 0) merged.raise((index << 6) | union[index]!, hllSparseMaxBytes);
  }
  merged.forgetCardinality();
  write(db, key, own?.entry ?? null, merged);
  db.event("string", "pfadd", key);
  return OK;
}

function pfdebug({ db }: Context, args: readonly Bytes[]): Reply {
  const key = args[2]!;
  const found = find(db, key);
  if (found === null) throw NO_KEY;
  const log = new HyperLogLog(found.bytes);
  switch (args[1]!.toLowerCase()) {
    case "getreg": {
      if (log.makeDense()) write(db, key, found.entry, log);
      const registers = new Uint8Array(REGISTERS);
      log.raiseOthers(registers);
      return [...registers];
    }
    case "decode":
      if (log.isDense) throw NOT_SPARSE;
      return log.describeRuns();
    case "encoding":
      return new Status(log.isDense ? "dense" : "sparse");
    case "todense":
      if (!log.makeDense()) return 0;
      write(db, key, found.entry, log);
      return 1;
    default:
      throw new CommandError(`ERR Unknown PFDEBUG subcommand '${args[1]!}'`);
  }
}

function pfselftest({ random, server }: Context): Reply {
  const failure = selfTest(random, server.config.values.hllSparseMaxBytes);
  if (failure !== null) throw new CommandError(`ERR ${failure}`);
  return OK;
}

// ─── values ──────────────────────────────────────────────────────────────────────────────────────

interface Found {
  readonly entry: Entry;
  readonly bytes: Bytes;
}

/** @throws WRONG_TYPE, NOT_A_HYPERLOGLOG */
function find(db: Database, key: Bytes): Found | null {
  const entry = db.find(key);
  if (entry === null) return null;
  if (entry.type !== "string") throw WRONG_TYPE;
  const value = entry.value as Bytes | BigString;
  if (value instanceof BigString) {
    // There are fewer registers than it has bytes.
    throw isHyperLogLog(value.slice(0, 16)) ? CORRUPTED : NOT_A_HYPERLOGLOG;
  }
  if (!isHyperLogLog(value)) throw NOT_A_HYPERLOGLOG;
  return { entry, bytes: value };
}

function findAll(db: Database, keys: readonly Bytes[]): (Found | null)[] {
  db.ready(keys);
  return keys.map((key) => {
    const found = find(db, key);
    if (found === null) db.missed(key);
    return found;
  });
}

function write(db: Database, key: Bytes, entry: Entry | null, log: HyperLogLog): void {
  const bytes = log.toBytes();
  db.putString(entry ?? db.put(key, bytes), bytes, true);
}

function integer(count: bigint): Reply {
  return count <= Number.MAX_SAFE_INTEGER && count >= 0 ? Number(count) : count;
}
