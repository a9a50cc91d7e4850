import { CommandError, NOT_AN_INTEGER, NOT_A_FLOAT, NOT_FINITE, OVERFLOW, WRONG_TYPE } from "../../errors.ts";
import type { Reply } from "../../resp/reply.ts";
import type { Bytes } from "../../support/bytes.ts";
import { type Int64, addInt64, negateInt64 } from "../../support/integers.ts";
import { addLongDouble, formatLongDouble, parseLongDouble } from "../../support/long-double.ts";
import { int64Argument } from "../arguments.ts";
import type { CommandRow, Context } from "../command.ts";
import { keyAt } from "../key-spec.ts";

export const COUNTER_ROWS = {
  incr: {
    arity: 2,
    flags: ["write", "denyoom", "fast"],
    keys: [keyAt(1, "RW", "access", "update")],
    doc: {
      summary: "Increment the integer value of a key by one",
      since: "1.0.0",
      complexity: "O(1)",
      syntax: "key",
    },
    run: incr,
  },
  decr: {
    arity: 2,
    flags: ["write", "denyoom", "fast"],
    keys: [keyAt(1, "RW", "access", "update")],
    doc: {
      summary: "Decrement the integer value of a key by one",
      since: "1.0.0",
      complexity: "O(1)",
      syntax: "key",
    },
    run: decr,
  },
  incrby: {
    arity: 3,
    flags: ["write", "denyoom", "fast"],
    keys: [keyAt(1, "RW", "access", "update")],
    doc: {
      summary: "Increment the integer value of a key by the given amount",
      since: "1.0.0",
      complexity: "O(1)",
      syntax: "key increment:integer",
    },
    run: incrby,
  },
  decrby: {
    arity: 3,
    flags: ["write", "denyoom", "fast"],
    keys: [keyAt(1, "RW", "access", "update")],
    doc: {
      summary: "Decrement the integer value of a key by the given number",
      since: "1.0.0",
      complexity: "O(1)",
      syntax: "key decrement:integer",
    },
    run: decrby,
  },
  incrbyfloat: {
    arity: 3,
    flags: ["write", "denyoom", "fast"],
    keys: [keyAt(1, "RW", "access", "update")],
    doc: {
      summary: "Increment the float value of a key by the given amount",
      since: "2.6.0",
      complexity: "O(1)",
      syntax: "key increment:double",
    },
    run: incrbyfloat,
  },
} satisfies Record<string, CommandRow>;

function incr(context: Context, args: readonly Bytes[]): Reply {
  return add(context, args[1]!, 1);
}

function decr(context: Context, args: readonly Bytes[]): Reply {
  return add(context, args[1]!, -1);
}

function incrby(context: Context, args: readonly Bytes[]): Reply {
  return add(context, args[1]!, int64Argument(args[2]!));
}

function decrby(context: Context, args: readonly Bytes[]): Reply {
  const increment = negateInt64(int64Argument(args[2]!));
  if (increment === null) throw DECREMENT_OVERFLOW;
  return add(context, args[1]!, increment);
}

const DECREMENT_OVERFLOW = new CommandError("ERR decrement would overflow");

function add({ db }: Context, key: Bytes, increment: Int64): Reply {
  const entry = db.find(key);
  if (entry === null) {
    db.put(key, String(increment));
    db.event("string", "incrby", key);
    return increment;
  }
  if (entry.type !== "string") throw WRONG_TYPE;
  if (typeof entry.value !== "string") throw NOT_AN_INTEGER;
  const sum = addInt64(int64Argument(entry.value), increment);
  if (sum === null) throw OVERFLOW;
  db.putString(entry, String(sum), false);
  db.event("string", "incrby", key);
  return sum;
}

function incrbyfloat({ db, propagation }: Context, args: readonly Bytes[]): Reply {
  const key = args[1]!;
  const entry = db.find(key);
  if (entry !== null && entry.type !== "string") throw WRONG_TYPE;
  const old = entry === null ? "0" : entry.value;
  const value = typeof old === "string" ? parseLongDouble(old) : null;
  const increment = parseLongDouble(args[2]!);
  if (value === null || increment === null) throw NOT_A_FLOAT;
  const sum = addLongDouble(value, increment);
  if (sum === null) throw NOT_FINITE;
  const text = formatLongDouble(sum);
  if (entry === null) db.put(key, text);
  else db.putString(entry, text, false);
  db.event("string", "incrbyfloat", key);
  // Another server's arithmetic may round otherwise.
  propagation.instead(["SET", key, text, "KEEPTTL"]);
  return text;
}
