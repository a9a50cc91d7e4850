import { BigString } from "../../keyspace/big-string.ts";
import { type Reply, StreamReply } from "../../resp/reply.ts";
import type { Bytes } from "../../support/bytes.ts";
import { inclusiveRange, int64Argument, integerArgument } from "../arguments.ts";
import type { CommandRow, Context } from "../command.ts";
import { keyAt } from "../key-spec.ts";
import { OFFSET_OUT_OF_RANGE, checkLength, findString, lengthOf, markChanged, writeParts } from "./parts.ts";

export const RANGE_ROWS = {
  strlen: {
    arity: 2,
    flags: ["readonly", "fast"],
    keys: [keyAt(1, "RO")],
    doc: {
      summary: "Get the length of the value stored in a key",
      since: "2.2.0",
      complexity: "O(1)",
      syntax: "key",
    },
    run: strlen,
  },
  getrange: {
    arity: 4,
    flags: ["readonly"],
    keys: [keyAt(1, "RO", "access")],
    doc: {
      summary: "Get a substring of the string stored at a key",
      since: "2.4.0",
      complexity:
        "O(N) where N is the length of the returned string. The complexity is ultimately determined by the returned length, but because creating a substring from an existing string is very cheap, it can be considered O(1) for small strings.",
      syntax: "key start:integer end:integer",
    },
    run: getrange,
  },
  substr: {
    arity: 4,
    flags: ["readonly"],
    keys: [keyAt(1, "RO", "access")],
    doc: {
      summary: "Get a substring of the string stored at a key",
      since: "1.0.0",
      complexity:
        "O(N) where N is the length of the returned string. The complexity is ultimately determined by the returned length, but because creating a substring from an existing string is very cheap, it can be considered O(1) for small strings.",
      deprecated: { since: "2.0.0", replacedBy: "`GETRANGE`" },
      syntax: "key start:integer end:integer",
    },
    run: getrange,
  },
  append: {
    arity: 3,
    flags: ["write", "denyoom", "fast"],
    keys: [keyAt(1, "RW", "insert")],
    doc: {
      summary: "Append a value to a key",
      since: "2.0.0",
      complexity:
        "O(1). The amortized time complexity is O(1) assuming the appended value is small and the already present value is of any size, since the dynamic string library used by Redis will double the free space available on every reallocation.",
      syntax: "key value",
    },
    run: append,
  },
  setrange: {
    arity: 4,
    flags: ["write", "denyoom"],
    keys: [keyAt(1, "RW", "update")],
    doc: {
      summary: "Overwrite part of a string at key starting at the specified offset",
      since: "2.2.0",
      complexity:
        "O(1), not counting the time taken to copy the new string in place. Usually, this string is very small so the amortized complexity is O(1). Otherwise, complexity is O(M) with M being the length of the value argument.",
      syntax: "key offset:integer value",
    },
    run: setrange,
  },
} satisfies Record<string, CommandRow>;

function strlen({ db }: Context, args: readonly Bytes[]): Reply {
  return db.string(args[1]!)?.length ?? 0;
}

/** Start and end are inclusive; below zero they count from the end. */
function getrange({ db }: Context, args: readonly Bytes[]): Reply {
  const [start, end] = [int64Argument(args[2]!), int64Argument(args[3]!)];
  const value = db.string(args[1]!);
  const range = value === null ? null : inclusiveRange(start, end, value.length);
  if (range === null) return "";
  if (typeof value === "string") return value.slice(range.start, range.end + 1);
  const wanted = range.end + 1 - range.start;
  if (!BigString.isLongPart(wanted) || !value!.mayStream) return value!.slice(range.start, range.end + 1);
  return new StreamReply("bulk", wanted, value!.stream(range.start, range.end + 1));
}

function append(context: Context, args: readonly Bytes[]): Reply {
  const { db } = context;
  const key = args[1]!;
  const bytes = args[2]!;
  const entry = findString(db, key);
  const offset = lengthOf(entry);
  const length = offset + bytes.length;
  if (entry === null) {
    db.putBytes(key, bytes);
  } else {
    checkLength(context, length);
    // Nothing was added, but Redis takes the string for changed all the same.
    if (bytes === "") markChanged(db, entry);
    else writeParts(context, key, entry, [{ offset, bytes }], length);
  }
  db.event("string", "append", key);
  return length;
}

function setrange(context: Context, args: readonly Bytes[]): Reply {
  const { db } = context;
  const key = args[1]!;
  const offset = integerArgument(args[2]!);
  const bytes = args[3]!;
  if (offset < 0) throw OFFSET_OUT_OF_RANGE;
  const entry = findString(db, key);
  const length = lengthOf(entry);
  if (bytes === "") return length;
  const newLength = Math.max(length, offset + bytes.length);
  checkLength(context, offset + bytes.length);
  writeParts(context, key, entry, [{ offset, bytes }], newLength);
  db.event("string", "setrange", key);
  return newLength;
}
