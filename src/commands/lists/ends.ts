import { wrongArity } from "../../errors.ts";
import type { End, List } from "../../keyspace/list.ts";
import type { Database } from "../../keyspace/database.ts";
import { NULL_ARRAY, type Reply } from "../../resp/reply.ts";
import type { Bytes } from "../../support/bytes.ts";
import { positiveArgument } from "../arguments.ts";
import type { CommandRow, Context } from "../command.ts";
import { countedKeys, keyAt } from "../key-spec.ts";
import { popArguments } from "../pop-arguments.ts";
import { POP_COMMANDS, POP_EVENTS, PUSH_EVENTS, endArgument } from "./list-end.ts";

/** Elements come and go at the ends. */
export const END_ROWS = {
  lpush: {
    arity: -3,
    flags: ["write", "denyoom", "fast"],
    keys: [keyAt(1, "RW", "insert")],
    doc: {
      summary: "Prepend one or multiple elements to a list",
      since: "1.0.0",
      complexity:
        "O(1) for each element added, so O(N) to add N elements when the command is called with multiple arguments.",
      history: [["2.4.0", "Accepts multiple `element` arguments."]],
      syntax: "key element...",
    },
    run: lpush,
  },
  rpush: {
    arity: -3,
    flags: ["write", "denyoom", "fast"],
    keys: [keyAt(1, "RW", "insert")],
    doc: {
      summary: "Append one or multiple elements to a list",
      since: "1.0.0",
      complexity:
        "O(1) for each element added, so O(N) to add N elements when the command is called with multiple arguments.",
      history: [["2.4.0", "Accepts multiple `element` arguments."]],
      syntax: "key element...",
    },
    run: rpush,
  },
  lpushx: {
    arity: -3,
    flags: ["write", "denyoom", "fast"],
    keys: [keyAt(1, "RW", "insert")],
    doc: {
      summary: "Prepend an element to a list, only if the list exists",
      since: "2.2.0",
      complexity:
        "O(1) for each element added, so O(N) to add N elements when the command is called with multiple arguments.",
      history: [["4.0.0", "Accepts multiple `element` arguments."]],
      syntax: "key element...",
    },
    run: lpushx,
  },
  rpushx: {
    arity: -3,
    flags: ["write", "denyoom", "fast"],
    keys: [keyAt(1, "RW", "insert")],
    doc: {
      summary: "Append an element to a list, only if the list exists",
      since: "2.2.0",
      complexity:
        "O(1) for each element added, so O(N) to add N elements when the command is called with multiple arguments.",
      history: [["4.0.0", "Accepts multiple `element` arguments."]],
      syntax: "key element...",
    },
    run: rpushx,
  },
  lpop: {
    arity: -2,
    flags: ["write", "fast"],
    keys: [keyAt(1, "RW", "access", "delete")],
    doc: {
      summary: "Remove and get the first elements in a list",
      since: "1.0.0",
      complexity: "O(N) where N is the number of elements returned",
      history: [["6.2.0", "Added the `count` argument."]],
      syntax: "key [count:integer]@6.2.0",
    },
    run: lpop,
  },
  rpop: {
    arity: -2,
    flags: ["write", "fast"],
    keys: [keyAt(1, "RW", "access", "delete")],
    doc: {
      summary: "Remove and get the last elements in a list",
      since: "1.0.0",
      complexity: "O(N) where N is the number of elements returned",
      history: [["6.2.0", "Added the `count` argument."]],
      syntax: "key [count:integer]@6.2.0",
    },
    run: rpop,
  },
  lmpop: {
    arity: -4,
    flags: ["write"],
    keys: [countedKeys(1, "RW", "access", "delete")],
    doc: {
      summary: "Pop elements from a list",
      since: "7.0.0",
      complexity: "O(N+M) where N is the number of provided keys and M is the number of elements returned.",
      syntax: "numkeys:integer key... where:(LEFT | RIGHT) [COUNT count:integer]",
    },
    run: lmpop,
  },
} satisfies Record<string, CommandRow>;

function lpush({ db }: Context, args: readonly Bytes[]): Reply {
  return push(db, db.listToWrite(args[1]!), args, "head");
}

function rpush({ db }: Context, args: readonly Bytes[]): Reply {
  return push(db, db.listToWrite(args[1]!), args, "tail");
}

function lpushx({ db }: Context, args: readonly Bytes[]): Reply {
  const list = db.list(args[1]!);
  return list === null ? 0 : push(db, list, args, "head");
}

function rpushx({ db }: Context, args: readonly Bytes[]): Reply {
  const list = db.list(args[1]!);
  return list === null ? 0 : push(db, list, args, "tail");
}

function push(db: Database, list: List, args: readonly Bytes[], end: End): number {
  list.push(args.slice(2), end);
  db.event("list", PUSH_EVENTS[end], args[1]!);
  return list.count;
}

function lpop({ db }: Context, args: readonly Bytes[]): Reply {
  return pop(db, args, "head");
}

function rpop({ db }: Context, args: readonly Bytes[]): Reply {
  return pop(db, args, "tail");
}

function pop(db: Database, args: readonly Bytes[], end: End): Reply {
  if (args.length > 3) throw wrongArity(end === "head" ? "lpop" : "rpop");
  const key = args[1]!;
  if (args.length === 2) {
    const list = db.list(key);
    if (list === null) return null;
    const value = list.popOne(end);
    db.event("list", POP_EVENTS[end], key);
    return value;
  }
  const count = positiveArgument(args[2]!);
  const list = db.list(key);
  if (list === null) return NULL_ARRAY;
  return count === 0 ? [] : popSeveral(db, key, list, end, count);
}

function popSeveral(db: Database, key: Bytes, list: List, end: End, count: number): Bytes[] {
  const values = list.pop(count, end);
  db.event("list", POP_EVENTS[end], key);
  return values;
}

// ─── from the first of several ───────────────────────────────────────────────────────────────────

function lmpop(context: Context, args: readonly Bytes[]): Reply {
  const { keys, end, count } = popArguments(args, 1, endArgument);
  context.db.ready(keys);
  return popFirst(context, keys, end, count) ?? NULL_ARRAY;
}

/** Key and elements of the first list that is there; null when none is. */
export function popFirst(
  { db, propagation }: Context,
  keys: readonly Bytes[],
  end: End,
  count: number,
): Reply {
  for (const key of keys) {
    const list = db.list(key);
    if (list === null) continue;
    const values = popSeveral(db, key, list, end, count);
    propagation.instead([POP_COMMANDS[end], key, String(values.length)]);
    return [key, values];
  }
  return null;
}
