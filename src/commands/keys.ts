import { CommandError, NO_SUCH_KEY, SYNTAX } from "../errors.ts";
import type { Database } from "../keyspace/database.ts";
import type { Entry } from "../keyspace/entry.ts";
import { OK, type Reply, Status, StreamReply } from "../resp/reply.ts";
import type { Bytes } from "../support/bytes.ts";
import { compileGlob, literalPrefix } from "../support/glob.ts";
import { databaseArgument, optionWord } from "./arguments.ts";
import type { CommandGroup, Context } from "./command.ts";
import { keyAt, keysBetween } from "./key-spec.ts";

/** Keys, whatever they hold. */
export const KEYS: CommandGroup = {
  name: "generic",
  rows: {
    copy: {
      arity: -3,
      flags: ["write", "denyoom"],
      keys: [keyAt(1, "RO", "access"), keyAt(2, "OW", "update")],
      doc: {
        summary: "Copy a key",
        since: "6.2.0",
        complexity:
          "O(N) worst case for collections, where N is the number of nested items. O(1) for string values.",
        syntax: "source:key destination:key [DB destination-db:integer] [REPLACE]",
      },
      run: copy,
    },
    del: {
      arity: -2,
      flags: ["write"],
      keys: [keysBetween(1, -1, "RM", "delete")],
      tips: ["request_policy:multi_shard", "response_policy:agg_sum"],
      doc: {
        summary: "Delete a key",
        since: "1.0.0",
        complexity:
          "O(N) where N is the number of keys that will be removed. When a key to remove holds a value other than a string, the individual complexity for this key is O(M) where M is the number of elements in the list, set, sorted set or hash. Removing a single key that holds a string value is O(1).",
        syntax: "key...",
      },
      run: del,
    },
    exists: {
      arity: -2,
      flags: ["readonly", "fast"],
      keys: [keysBetween(1, -1, "RO")],
      tips: ["request_policy:multi_shard", "response_policy:agg_sum"],
      doc: {
        summary: "Determine if a key exists",
        since: "1.0.0",
        complexity: "O(N) where N is the number of keys to check.",
        history: [["3.0.3", "Accepts multiple `key` arguments."]],
        syntax: "key...",
      },
      run: exists,
    },
    keys: {
      arity: 2,
      flags: ["readonly"],
      categories: ["keyspace", "dangerous"],
      tips: ["request_policy:all_shards", "nondeterministic_output_order"],
      doc: {
        summary: "Find all keys matching the given pattern",
        since: "1.0.0",
        complexity:
          "O(N) with N being the number of keys in the database, under the assumption that the key names in the database and the given pattern have limited length.",
        syntax: "pattern",
      },
      run: keys,
    },
    move: {
      arity: 3,
      flags: ["write", "fast"],
      keys: [keyAt(1, "RW", "access", "update")],
      doc: {
        summary: "Move a key to another database",
        since: "1.0.0",
        complexity: "O(1)",
        syntax: "key db:integer",
      },
      run: move,
    },
    randomkey: {
      arity: 1,
      flags: ["readonly"],
      tips: ["request_policy:all_shards", "nondeterministic_output"],
      doc: {
        summary: "Return a random key from the keyspace",
        since: "1.0.0",
        complexity: "O(1)",
      },
      run: randomkey,
    },
    rename: {
      arity: 3,
      flags: ["write"],
      keys: [keyAt(1, "RW", "access", "delete"), keyAt(2, "OW", "update")],
      doc: {
        summary: "Rename a key",
        since: "1.0.0",
        complexity: "O(1)",
        syntax: "key newkey:key",
      },
      run: rename,
    },
    renamenx: {
      arity: 3,
      flags: ["write", "fast"],
      keys: [keyAt(1, "RW", "access", "delete"), keyAt(2, "OW", "insert")],
      doc: {
        summary: "Rename a key, only if the new key does not exist",
        since: "1.0.0",
        complexity: "O(1)",
        history: [
          ["3.2.0", "The command no longer returns an error when source and destination names are the same."],
        ],
        syntax: "key newkey:key",
      },
      run: renamenx,
    },
    touch: {
      arity: -2,
      flags: ["readonly", "fast"],
      keys: [keysBetween(1, -1, "RO")],
      tips: ["request_policy:multi_shard", "response_policy:agg_sum"],
      doc: {
        summary: "Alters the last access time of a key(s). Returns the number of existing keys specified.",
        since: "3.2.1",
        complexity: "O(N) where N is the number of keys that will be touched.",
        syntax: "key...",
      },
      run: touch,
    },
    type: {
      arity: 2,
      flags: ["readonly", "fast"],
      keys: [keyAt(1, "RO")],
      doc: {
        summary: "Determine the type stored at key",
        since: "1.0.0",
        complexity: "O(1)",
        syntax: "key",
      },
      run: type,
    },
    unlink: {
      arity: -2,
      flags: ["write", "fast"],
      keys: [keysBetween(1, -1, "RM", "delete")],
      tips: ["request_policy:multi_shard", "response_policy:agg_sum"],
      doc: {
        summary:
          "Delete a key asynchronously in another thread. Otherwise it is just as DEL, but non blocking.",
        since: "4.0.0",
        complexity:
          "O(1) for each key removed regardless of its size. Then the command does O(N) work in a different thread in order to reclaim memory, where N is the number of allocations the deleted objects where composed of.",
        syntax: "key...",
      },
      run: del,
    },
  },
};

function del({ db }: Context, [, ...keys]: readonly Bytes[]): Reply {
  db.ready(keys);
  let deleted = 0;
  for (const key of keys) {
    if (!db.delete(key)) continue;
    db.event("generic", "del", key);
    deleted++;
  }
  return deleted;
}

function exists({ db }: Context, [, ...keys]: readonly Bytes[]): Reply {
  db.ready(keys);
  let found = 0;
  for (const key of keys) if (db.inspect(key) !== null) found++;
  return found;
}

function touch({ db }: Context, [, ...keys]: readonly Bytes[]): Reply {
  db.ready(keys);
  let found = 0;
  for (const key of keys) if (db.find(key) !== null) found++;
  return found;
}

function type({ db }: Context, args: readonly Bytes[]): Reply {
  return TYPES[db.inspect(args[1]!)?.type ?? "none"];
}

const TYPES = {
  none: new Status("none"),
  string: new Status("string"),
  hash: new Status("hash"),
  set: new Status("set"),
  zset: new Status("zset"),
  list: new Status("list"),
  stream: new Status("stream"),
};

// ─── other names and databases ───────────────────────────────────────────────────────────────────

function rename({ db }: Context, args: readonly Bytes[]): Reply {
  const source = args[1]!;
  const destination = args[2]!;
  db.ready([source, destination]);
  const entry = db.find(source);
  if (entry === null) throw NO_SUCH_KEY;
  if (source !== destination) renameTo(entry, db, destination);
  return OK;
}

function renamenx({ db }: Context, args: readonly Bytes[]): Reply {
  const source = args[1]!;
  const destination = args[2]!;
  db.ready([source, destination]);
  const entry = db.find(source);
  if (entry === null) throw NO_SUCH_KEY;
  if (db.find(destination) !== null) return 0;
  renameTo(entry, db, destination);
  return 1;
}

function renameTo(entry: Entry, db: Database, destination: Bytes): void {
  moveTo(entry, db, destination);
  db.event("generic", "rename_from", entry.key);
  db.event("generic", "rename_to", destination);
}

function move({ db, keyspace }: Context, args: readonly Bytes[]): Reply {
  const key = args[1]!;
  const target = keyspace.databases[databaseArgument(args[2]!, keyspace.databases.length)]!;
  if (target === db) throw SAME_OBJECT;
  const entry = db.find(key);
  if (entry === null || target.find(key) !== null) return 0;
  moveTo(entry, target, key);
  db.event("generic", "move_from", key);
  target.event("generic", "move_to", key);
  return 1;
}

/** A collection of any size moves with its record. The destination must have been read. */
function moveTo(entry: Entry, db: Database, key: Bytes): void {
  const { expiresAtMs, isRaw } = entry;
  // What was there makes way for a key that is told to be new.
  db.delete(key);
  db.put(key, entry.db.take(entry), expiresAtMs).isRaw = isRaw;
}

function copy({ db, keyspace }: Context, args: readonly Bytes[]): Reply {
  const source = args[1]!;
  const destination = args[2]!;
  let target = db;
  let replaces = false;
  for (let at = 3; at < args.length; at++) {
    const word = optionWord(args[at]!);
    if (word === "REPLACE") replaces = true;
    else if (word === "DB" && at + 1 < args.length) {
      target = keyspace.databases[databaseArgument(args[++at]!, keyspace.databases.length)]!;
    } else throw SYNTAX;
  }
  if (target === db && source === destination) throw SAME_OBJECT;
  const entry = db.find(source);
  if (entry === null) db.missed(source);
  if (entry === null || (target.find(destination) !== null && !replaces)) return 0;
  const { expiresAtMs, isRaw } = entry;
  const value = typeof entry.value === "string" ? entry.value : entry.value!.copy();
  target.delete(destination);
  target.put(destination, value, expiresAtMs).isRaw = isRaw;
  target.event("generic", "copy_to", destination);
  return 1;
}

const SAME_OBJECT = new CommandError("ERR source and destination objects are the same");

// ─── all keys ────────────────────────────────────────────────────────────────────────────────────

function randomkey({ db, random }: Context): Reply {
  return db.randomKey.draw(random);
}

/** Up to so many keys are collected; more are counted first and then sent as they are read. */
const MAX_COLLECTED = 100_000;

function keys({ db, keyspace }: Context, args: readonly Bytes[]): Reply {
  const pattern = args[1]!;
  const { prefix, isWhole } = literalPrefix(pattern);
  if (isWhole) return db.peek(prefix) === null ? [] : [prefix];
  const accepts = pattern === "*" ? () => true : compileGlob(pattern);
  const { attempt } = keyspace.reading;
  const found = db.pages.matching(prefix, accepts, attempt.inScript ? Infinity : MAX_COLLECTED);
  if (found !== null) return found.map(({ key }) => key);
  const listing = attempt.once(db.pages, "listing", () => db.pages.list(prefix, accepts));
  return new StreamReply("array", listing.count, listing.stream());
}
