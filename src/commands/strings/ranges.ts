import { CommandError, WRONG_TYPE } from "../../errors.ts";
import { BigString, CHUNKED_FROM_BYTES } from "../../keyspace/big-string.ts";
import type { Entry } from "../../keyspace/entry.ts";
import { type Reply, StreamReply } from "../../resp/reply.ts";
import type { Bytes } from "../../support/bytes.ts";
import { integerArgument } from "../arguments.ts";
import type { CommandRow, Context } from "../command.ts";
import { keyAt } from "../key-spec.ts";

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
  let start = integerArgument(args[2]!);
  let end = integerArgument(args[3]!);
  const value = db.string(args[1]!);
  if (value === null || (start < 0 && end < 0 && start > end)) return "";
  const { length } = value;
  if (start < 0) start = Math.max(length + start, 0);
  if (end < 0) end = Math.max(length + end, 0);
  end = Math.min(end, length - 1);
  if (start > end) return "";
  if (typeof value === "string") return value.slice(start, end + 1);
  const wanted = end + 1 - start;
  if (!BigString.isLongPart(wanted)) return value.slice(start, end + 1);
  return new StreamReply("bulk", wanted, value.stream(start, end + 1));
}

function append(context: Context, args: readonly Bytes[]): Reply {
  const { db } = context;
  const key = args[1]!;
  const added = args[2]!;
  const entry = findString(context, key);
  if (entry === null) {
    db.putBytes(key, added);
    return added.length;
  }
  const offset = (entry.value as Bytes | BigString).length;
  checkLength(context, offset + added.length);
  if (added === "") markChanged(context, entry);
  else write(context, key, entry, offset, added);
  return offset + added.length;
}

/** Nothing was added, but Redis takes the string for changed all the same. */
function markChanged({ db }: Context, entry: Entry): void {
  if (typeof entry.value === "string") db.putString(entry, entry.value, true);
}

function setrange(context: Context, args: readonly Bytes[]): Reply {
  const key = args[1]!;
  const offset = integerArgument(args[2]!);
  const bytes = args[3]!;
  if (offset < 0) throw OFFSET_OUT_OF_RANGE;
  const entry = findString(context, key);
  const length = entry === null ? 0 : (entry.value as Bytes | BigString).length;
  if (bytes === "") return length;
  checkLength(context, offset + bytes.length);
  write(context, key, entry, offset, bytes);
  return Math.max(length, offset + bytes.length);
}

const OFFSET_OUT_OF_RANGE = new CommandError("ERR offset is out of range");

function findString({ db }: Context, key: Bytes): Entry | null {
  const entry = db.find(key);
  if (entry !== null && entry.type !== "string") throw WRONG_TYPE;
  return entry;
}

function checkLength({ server }: Context, length: number): void {
  if (length > server.config.values.protoMaxBulkLen) throw STRING_TOO_LONG;
}

const STRING_TOO_LONG = new CommandError("ERR string exceeds maximum allowed size (proto-max-bulk-len)");

/** Overwrites part of a string, absent ones included: it grows with zeros where it has to. */
function write(
  { db, keyspace }: Context,
  key: Bytes,
  entry: Entry | null,
  offset: number,
  bytes: Bytes,
): void {
  const value = entry === null ? "" : (entry.value as Bytes | BigString);
  if (value instanceof BigString) {
    value.readyToWrite(offset, bytes.length);
    value.write(offset, bytes);
  } else if (Math.max(value.length, offset + bytes.length) > CHUNKED_FROM_BYTES) {
    const big = BigString.of(keyspace, value);
    big.write(offset, bytes);
    db.put(key, big, entry?.expiresAtMs ?? 0);
  } else {
    const head = offset <= value.length ? value.slice(0, offset) : value + "\0".repeat(offset - value.length);
    const changed = head + bytes + value.slice(offset + bytes.length);
    db.putString(entry ?? db.put(key, changed), changed, true);
  }
}
