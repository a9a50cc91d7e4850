import { CommandError, SYNTAX } from "../../errors.ts";
import type { Database } from "../../keyspace/database.ts";
import type { Keyspace } from "../../keyspace/keyspace.ts";
import { MemberSet } from "../../keyspace/member-set.ts";
import { intersect, subtract, unite } from "../../keyspace/set-algebra.ts";
import { SetValue } from "../../keyspace/set.ts";
import { type Reply, SetReply } from "../../resp/reply.ts";
import type { Bytes } from "../../support/bytes.ts";
import { NO_KEYS, integerAtLeast, optionWord } from "../arguments.ts";
import type { CommandGroup, Context } from "../command.ts";
import { countedKeys, keyAt, keysBetween } from "../key-spec.ts";
import { EMPTY_SET, membersReply } from "./reply.ts";

/** Intersections, unions and differences of sets. */
export const ALGEBRA_ROWS = {
  sdiff: {
    arity: -2,
    flags: ["readonly"],
    keys: [keysBetween(1, -1, "RO", "access")],
    tips: ["nondeterministic_output_order"],
    doc: {
      summary: "Subtract multiple sets",
      since: "1.0.0",
      complexity: "O(N) where N is the total number of elements in all given sets.",
      syntax: "key...",
    },
    run: sdiff,
  },
  sdiffstore: {
    arity: -3,
    flags: ["write", "denyoom"],
    keys: [keyAt(1, "OW", "update"), keysBetween(2, -1, "RO", "access")],
    doc: {
      summary: "Subtract multiple sets and store the resulting set in a key",
      since: "1.0.0",
      complexity: "O(N) where N is the total number of elements in all given sets.",
      syntax: "destination:key key...",
    },
    run: sdiffstore,
  },
  sinter: {
    arity: -2,
    flags: ["readonly"],
    keys: [keysBetween(1, -1, "RO", "access")],
    tips: ["nondeterministic_output_order"],
    doc: {
      summary: "Intersect multiple sets",
      since: "1.0.0",
      complexity:
        "O(N*M) worst case where N is the cardinality of the smallest set and M is the number of sets.",
      syntax: "key...",
    },
    run: sinter,
  },
  sintercard: {
    arity: -3,
    flags: ["readonly"],
    keys: [countedKeys(1, "RO", "access")],
    doc: {
      summary: "Intersect multiple sets and return the cardinality of the result",
      since: "7.0.0",
      complexity:
        "O(N*M) worst case where N is the cardinality of the smallest set and M is the number of sets.",
      syntax: "numkeys:integer key... [LIMIT limit:integer]",
    },
    run: sintercard,
  },
  sinterstore: {
    arity: -3,
    flags: ["write", "denyoom"],
    keys: [keyAt(1, "RW", "update"), keysBetween(2, -1, "RO", "access")],
    doc: {
      summary: "Intersect multiple sets and store the resulting set in a key",
      since: "1.0.0",
      complexity:
        "O(N*M) worst case where N is the cardinality of the smallest set and M is the number of sets.",
      syntax: "destination:key key...",
    },
    run: sinterstore,
  },
  sunion: {
    arity: -2,
    flags: ["readonly"],
    keys: [keysBetween(1, -1, "RO", "access")],
    tips: ["nondeterministic_output_order"],
    doc: {
      summary: "Add multiple sets",
      since: "1.0.0",
      complexity: "O(N) where N is the total number of elements in all given sets.",
      syntax: "key...",
    },
    run: sunion,
  },
  sunionstore: {
    arity: -3,
    flags: ["write", "denyoom"],
    keys: [keyAt(1, "OW", "update"), keysBetween(2, -1, "RO", "access")],
    doc: {
      summary: "Add multiple sets and store the resulting set in a key",
      since: "1.0.0",
      complexity: "O(N) where N is the total number of elements in all given sets.",
      syntax: "destination:key key...",
    },
    run: sunionstore,
  },
} as const satisfies CommandGroup["rows"];

function sdiff({ db, keyspace }: Context, args: readonly Bytes[]): Reply {
  const sets = setsOf(db, args.slice(1));
  return replyOfOne(sets) ?? new SetReply(subtract(sets, keyspace.limits).toArray());
}

function sdiffstore({ db, keyspace }: Context, args: readonly Bytes[]): Reply {
  const sets = setsToStore(db, args);
  return store(db, keyspace, args, subtract(sets, keyspace.limits));
}

function sunion({ db, keyspace }: Context, args: readonly Bytes[]): Reply {
  const sets = setsOf(db, args.slice(1));
  return replyOfOne(sets) ?? new SetReply(unite(sets, keyspace.limits).toArray());
}

function sunionstore({ db, keyspace }: Context, args: readonly Bytes[]): Reply {
  const sets = setsToStore(db, args);
  return store(db, keyspace, args, unite(sets, keyspace.limits));
}

function sinter({ db }: Context, args: readonly Bytes[]): Reply {
  const sets = setsOf(db, args.slice(1));
  const whole = replyOfOne(sets);
  if (whole !== null) return whole;
  const found: Bytes[] = [];
  intersect(sets, (member) => found.push(member) > 0);
  return new SetReply(found);
}

function sinterstore({ db, keyspace }: Context, args: readonly Bytes[]): Reply {
  const sets = setsToStore(db, args);
  const found = new MemberSet(keyspace.limits);
  intersect(sets, (member) => found.add(member));
  return store(db, keyspace, args, found);
}

function sintercard({ db }: Context, args: readonly Bytes[]): Reply {
  const keyCount = integerAtLeast(args[1]!, 1, NO_KEYS);
  if (keyCount > args.length - 2) throw TOO_MANY_KEYS;
  let limit = 0;
  for (let at = 2 + keyCount; at < args.length; at += 2) {
    const value = args[at + 1];
    if (optionWord(args[at]!) !== "LIMIT" || value === undefined) throw SYNTAX;
    limit = integerAtLeast(value, 0, NEGATIVE_LIMIT);
  }
  const sets = setsOf(db, args.slice(2, 2 + keyCount));
  let count = 0;
  intersect(sets, () => ++count !== limit);
  return count;
}

const TOO_MANY_KEYS = new CommandError("ERR Number of keys can't be greater than number of args");
const NEGATIVE_LIMIT = new CommandError("ERR LIMIT can't be negative");

type Sets = readonly (SetValue | null)[];

/** @throws WRONG_TYPE, also when the result is empty whatever that key holds */
function setsOf(db: Database, keys: readonly Bytes[]): Sets {
  db.ready(keys);
  return keys.map((key) => db.set(key));
}

/** The sources of a command whose first key is the destination, which is made ready as well. */
function setsToStore(db: Database, args: readonly Bytes[]): Sets {
  db.ready(args.slice(1));
  return args.slice(2).map((key) => {
    const set = db.set(key);
    if (set === null) db.missed(key);
    return set;
  });
}

/** What one set alone makes: itself. Null when there are several. */
function replyOfOne(sets: Sets): Reply {
  if (sets.length > 1) return null;
  const [set] = sets;
  return set ? membersReply(set) : EMPTY_SET;
}

/** The event has the name of the command. */
function store(db: Database, keyspace: Keyspace, args: readonly Bytes[], members: MemberSet): number {
  const key = args[1]!;
  if (members.size > 0) {
    db.put(key, SetValue.of(keyspace, members));
    db.event("set", args[0]!.toLowerCase(), key);
  } else if (db.delete(key)) {
    db.event("generic", "del", key);
  }
  return members.size;
}
