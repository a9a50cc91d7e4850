import { CommandError, NO_SUCH_KEY, SYNTAX } from "../../errors.ts";
import { OK, type Reply, StreamReply } from "../../resp/reply.ts";
import type { Bytes } from "../../support/bytes.ts";
import { INT64_MIN } from "../../support/integers.ts";
import { int64Argument, integerArgument, integerAtLeast, optionWord } from "../arguments.ts";
import type { CommandRow, Context } from "../command.ts";
import { keyAt } from "../key-spec.ts";
import { repeated } from "../repeated.ts";

/** Elements by index, by value, and ranges of them. */
export const ELEMENT_ROWS = {
  llen: {
    arity: 2,
    flags: ["readonly", "fast"],
    keys: [keyAt(1, "RO")],
    doc: {
      summary: "Get the length of a list",
      since: "1.0.0",
      complexity: "O(1)",
      syntax: "key",
    },
    run: llen,
  },
  lindex: {
    arity: 3,
    flags: ["readonly"],
    keys: [keyAt(1, "RO", "access")],
    doc: {
      summary: "Get an element from a list by its index",
      since: "1.0.0",
      complexity:
        "O(N) where N is the number of elements to traverse to get to the element at index. This makes asking for the first or the last element of the list O(1).",
      syntax: "key index:integer",
    },
    run: lindex,
  },
  lset: {
    arity: 4,
    flags: ["write", "denyoom"],
    keys: [keyAt(1, "RW", "update")],
    doc: {
      summary: "Set the value of an element in a list by its index",
      since: "1.0.0",
      complexity:
        "O(N) where N is the length of the list. Setting either the first or the last element of the list is O(1).",
      syntax: "key index:integer element",
    },
    run: lset,
  },
  lrange: {
    arity: 4,
    flags: ["readonly"],
    keys: [keyAt(1, "RO", "access")],
    doc: {
      summary: "Get a range of elements from a list",
      since: "1.0.0",
      complexity:
        "O(S+N) where S is the distance of start offset from HEAD for small lists, from nearest end (HEAD or TAIL) for large lists; and N is the number of elements in the specified range.",
      syntax: "key start:integer stop:integer",
    },
    run: lrange,
  },
  ltrim: {
    arity: 4,
    flags: ["write"],
    keys: [keyAt(1, "RW", "delete")],
    doc: {
      summary: "Trim a list to the specified range",
      since: "1.0.0",
      complexity: "O(N) where N is the number of elements to be removed by the operation.",
      syntax: "key start:integer stop:integer",
    },
    run: ltrim,
  },
  linsert: {
    arity: 5,
    flags: ["write", "denyoom"],
    keys: [keyAt(1, "RW", "insert")],
    doc: {
      summary: "Insert an element before or after another element in a list",
      since: "2.2.0",
      complexity:
        "O(N) where N is the number of elements to traverse before seeing the value pivot. This means that inserting somewhere on the left end on the list (head) can be considered O(1) and inserting somewhere on the right end (tail) is O(N).",
      syntax: "key where:(BEFORE | AFTER) pivot element",
    },
    run: linsert,
  },
  lrem: {
    arity: 4,
    flags: ["write"],
    keys: [keyAt(1, "RW", "delete")],
    doc: {
      summary: "Remove elements from a list",
      since: "1.0.0",
      complexity: "O(N+M) where N is the length of the list and M is the number of elements removed.",
      syntax: "key count:integer element",
    },
    run: lrem,
  },
  lpos: {
    arity: -3,
    flags: ["readonly"],
    keys: [keyAt(1, "RO", "access")],
    doc: {
      summary: "Return the index of matching elements on a list",
      since: "6.0.6",
      complexity:
        "O(N) where N is the number of elements in the list, for the average case. When searching for elements near the head or the tail of the list, or when the MAXLEN option is provided, the command may run in constant time.",
      syntax: "key element [RANK rank:integer] [COUNT num-matches:integer] [MAXLEN len:integer]",
    },
    run: lpos,
  },
} satisfies Record<string, CommandRow>;

function llen({ db }: Context, args: readonly Bytes[]): Reply {
  return db.list(args[1]!)?.count ?? 0;
}

function lindex({ db }: Context, args: readonly Bytes[]): Reply {
  const list = db.list(args[1]!);
  if (list === null) return null;
  const index = fromHead(integerArgument(args[2]!), list.count);
  return index >= 0 && index < list.count ? list.at(index) : null;
}

function lset({ db }: Context, args: readonly Bytes[]): Reply {
  const list = db.list(args[1]!);
  if (list === null) throw NO_SUCH_KEY;
  const index = fromHead(integerArgument(args[2]!), list.count);
  if (index < 0 || index >= list.count) throw OUT_OF_RANGE;
  list.set(index, args[3]!);
  db.event("list", "lset", args[1]!);
  return OK;
}

const OUT_OF_RANGE = new CommandError("ERR index out of range");

/** Below zero an index counts from the tail. */
function fromHead(index: number, count: number): number {
  return index < 0 ? count + index : index;
}

/** From `start` up to, not including, `end`, both within the list; `start` is not below `end` where there is nothing. */
function rangeOf(start: number, stop: number, count: number): { start: number; end: number } {
  const from = Math.max(fromHead(start, count), 0);
  return { start: from, end: Math.min(fromHead(stop, count) + 1, count) };
}

function lrange(context: Context, args: readonly Bytes[]): Reply {
  const first = integerArgument(args[2]!);
  const last = integerArgument(args[3]!);
  const list = context.db.list(args[1]!);
  if (list === null) return [];
  const { start, end } = rangeOf(first, last, list.count);
  if (start >= end) return [];
  return list.mustStream(start, end)
    ? new StreamReply("array", end - start, list.stream(start, end))
    : repeated(context, args, list, () => list.slice(start, end));
}

function ltrim({ db, propagation }: Context, args: readonly Bytes[]): Reply {
  const first = integerArgument(args[2]!);
  const last = integerArgument(args[3]!);
  const list = db.list(args[1]!);
  if (list === null) return OK;
  const { start, end } = rangeOf(first, last, list.count);
  // To WATCH a list is changed by a trim that takes nothing away.
  if (start === 0 && end === list.count) propagation.prevent();
  list.trim(start, end);
  db.event("list", "ltrim", args[1]!);
  return OK;
}

// ─── by value ────────────────────────────────────────────────────────────────────────────────────

function linsert({ db }: Context, args: readonly Bytes[]): Reply {
  const where = optionWord(args[2]!);
  if (where !== "BEFORE" && where !== "AFTER") throw SYNTAX;
  const list = db.list(args[1]!);
  if (list === null) return 0;
  const [pivot] = list.find(args[3]!, { from: "head", span: Infinity, limit: 1 });
  if (pivot === undefined) return -1;
  list.insert(where === "BEFORE" ? pivot : pivot + 1, args[4]!);
  db.event("list", "linsert", args[1]!);
  return list.count;
}

function lrem({ db }: Context, args: readonly Bytes[]): Reply {
  const count = integerArgument(args[2]!);
  const list = db.list(args[1]!);
  if (list === null) return 0;
  const from = count < 0 ? "tail" : "head";
  const found = list.find(args[3]!, { from, span: Infinity, limit: Math.abs(count) || Infinity });
  if (found.length === 0) return 0;
  list.remove(from === "head" ? found : found.reverse(), args[3]!.length);
  db.event("list", "lrem", args[1]!);
  return found.length;
}

function lpos({ db }: Context, args: readonly Bytes[]): Reply {
  const { rank, count, span, from } = lposOptions(args);
  const list = db.list(args[1]!);
  if (list === null) return count === null ? null : [];
  const found = list.find(args[2]!, { from, span, limit: rank - 1 + (count ?? 1) }).slice(rank - 1);
  return count === null ? (found[0] ?? null) : found;
}

interface LposOptions {
  /** The first match to tell of, from 1. */
  readonly rank: number;
  /** How many; null for one alone. */
  readonly count: number | null;
  readonly span: number;
  readonly from: "head" | "tail";
}

function lposOptions(args: readonly Bytes[]): LposOptions {
  let rank = 1;
  let isLowest = false;
  let count: number | null = null;
  let span = Infinity;
  for (let at = 3; at < args.length; at += 2) {
    const word = optionWord(args[at]!);
    const value = args[at + 1];
    if (value === undefined) throw SYNTAX;
    if (word === "RANK") {
      rank = integerArgument(value);
      isLowest = int64Argument(value) === INT64_MIN;
      if (rank === 0) throw NO_RANK;
    } else if (word === "COUNT") count = integerAtLeast(value, 0, NEGATIVE_COUNT) || Infinity;
    else if (word === "MAXLEN") span = integerAtLeast(value, 0, NEGATIVE_MAXLEN) || Infinity;
    else throw SYNTAX;
  }
  // The one number that has no counterpart is below every number of matches.
  if (isLowest) return { rank: 1, count: count === null ? null : Infinity, span, from: "tail" };
  return { rank: Math.abs(rank), count, span, from: rank < 0 ? "tail" : "head" };
}

const NO_RANK = new CommandError(
  "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... " +
    "or use negative to start from the end of the list",
);
const NEGATIVE_COUNT = new CommandError("ERR COUNT can't be negative");
const NEGATIVE_MAXLEN = new CommandError("ERR MAXLEN can't be negative");
