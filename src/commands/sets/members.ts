import type { CommandGroup, Context } from "../command.ts";
import { type Reply, SetReply } from "../../resp/reply.ts";
import type { Bytes } from "../../support/bytes.ts";
import { keyAt } from "../key-spec.ts";
import { cursorArgument, scanOptions } from "../arguments.ts";
import { repeated } from "../repeated.ts";
import { membersReply, EMPTY_SET } from "./reply.ts";

/** One set and its members. */
export const MEMBER_ROWS = {
  sadd: {
    arity: -3,
    flags: ["write", "denyoom", "fast"],
    keys: [keyAt(1, "RW", "insert")],
    doc: {
      summary: "Add one or more members to a set",
      since: "1.0.0",
      complexity:
        "O(1) for each element added, so O(N) to add N elements when the command is called with multiple arguments.",
      history: [["2.4.0", "Accepts multiple `member` arguments."]],
      syntax: "key member...",
    },
    run: sadd,
  },
  scard: {
    arity: 2,
    flags: ["readonly", "fast"],
    keys: [keyAt(1, "RO")],
    doc: {
      summary: "Get the number of members in a set",
      since: "1.0.0",
      complexity: "O(1)",
      syntax: "key",
    },
    run: scard,
  },
  sismember: {
    arity: 3,
    flags: ["readonly", "fast"],
    keys: [keyAt(1, "RO")],
    doc: {
      summary: "Determine if a given value is a member of a set",
      since: "1.0.0",
      complexity: "O(1)",
      syntax: "key member",
    },
    run: sismember,
  },
  smembers: {
    arity: 2,
    flags: ["readonly"],
    keys: [keyAt(1, "RO", "access")],
    tips: ["nondeterministic_output_order"],
    doc: {
      summary: "Get all the members in a set",
      since: "1.0.0",
      complexity: "O(N) where N is the set cardinality.",
      syntax: "key",
    },
    run: smembers,
  },
  smismember: {
    arity: -3,
    flags: ["readonly", "fast"],
    keys: [keyAt(1, "RO", "access")],
    doc: {
      summary: "Returns the membership associated with the given elements for a set",
      since: "6.2.0",
      complexity: "O(N) where N is the number of elements being checked for membership",
      syntax: "key member...",
    },
    run: smismember,
  },
  smove: {
    arity: 4,
    flags: ["write", "fast"],
    keys: [keyAt(1, "RW", "access", "delete"), keyAt(2, "RW", "insert")],
    doc: {
      summary: "Move a member from one set to another",
      since: "1.0.0",
      complexity: "O(1)",
      syntax: "source:key destination:key member",
    },
    run: smove,
  },
  srem: {
    arity: -3,
    flags: ["write", "fast"],
    keys: [keyAt(1, "RW", "delete")],
    doc: {
      summary: "Remove one or more members from a set",
      since: "1.0.0",
      complexity: "O(N) where N is the number of members to be removed.",
      history: [["2.4.0", "Accepts multiple `member` arguments."]],
      syntax: "key member...",
    },
    run: srem,
  },
  sscan: {
    arity: -3,
    flags: ["readonly"],
    keys: [keyAt(1, "RO", "access")],
    tips: ["nondeterministic_output"],
    doc: {
      summary: "Incrementally iterate Set elements",
      since: "2.8.0",
      complexity:
        "O(1) for every call. O(N) for a complete iteration, including enough command calls for the cursor to return back to 0. N is the number of elements inside the collection..",
      syntax: "key cursor:integer [MATCH pattern] [COUNT count:integer]",
    },
    run: sscan,
  },
} as const satisfies CommandGroup["rows"];

function sadd({ db }: Context, args: readonly Bytes[]): Reply {
  const set = db.setToWrite(args[1]!);
  if (args.length > 3) set.ready(args.slice(2));
  let added = 0;
  for (let i = 2; i < args.length; i++) if (set.add(args[i]!)) added++;
  if (added > 0) db.event("set", "sadd", args[1]!);
  return added;
}

function scard({ db }: Context, args: readonly Bytes[]): Reply {
  return db.set(args[1]!)?.count ?? 0;
}

function sismember({ db }: Context, args: readonly Bytes[]): Reply {
  const set = db.set(args[1]!);
  return set !== null && set.has(args[2]!) ? 1 : 0;
}

function smembers(context: Context, args: readonly Bytes[]): Reply {
  const set = context.db.set(args[1]!);
  if (set === null) return EMPTY_SET;
  if (set.mustStream) return membersReply(set);
  return new SetReply(repeated(context, args, set, () => set.memberArray()));
}

function smismember({ db }: Context, args: readonly Bytes[]): Reply {
  const set = db.set(args[1]!);
  const members = args.slice(2);
  if (set === null) return members.map(() => 0);
  set.ready(members);
  return members.map((member) => (set.has(member) ? 1 : 0));
}

function smove({ db }: Context, args: readonly Bytes[]): Reply {
  const from = args[1]!;
  const to = args[2]!;
  const member = args[3]!;
  db.ready([from, to]);
  const source = db.set(from);
  if (source === null) {
    // If its time is over, it goes with the source.
    db.peek(to);
    return 0;
  }
  const destination = db.setToWrite(to);
  const isMember = source.has(member);
  if (source === destination) return isMember ? 1 : 0;
  destination.ready([member]);
  if (!isMember) return 0;
  source.delete(member);
  db.event("set", "srem", from);
  if (destination.add(member)) db.event("set", "sadd", to);
  return 1;
}

function srem({ db }: Context, args: readonly Bytes[]): Reply {
  const set = db.set(args[1]!);
  if (set === null) return 0;
  if (args.length > 3) set.ready(args.slice(2));
  let removed = 0;
  for (let i = 2; i < args.length && set.count > 0; i++) if (set.delete(args[i]!)) removed++;
  if (removed > 0) db.event("set", "srem", args[1]!);
  return removed;
}

function sscan({ db }: Context, args: readonly Bytes[]): Reply {
  const cursor = Number(cursorArgument(args[2]!));
  const set = db.set(args[1]!);
  if (set === null) return EMPTY_SCAN;
  const { count, matches } = scanOptions(args, 3);
  const page = set.scan(cursor, count);
  return [String(page.cursor), page.items.filter(matches)];
}

const EMPTY_SCAN: Reply = ["0", []];
