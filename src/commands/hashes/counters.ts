import { CommandError, NOT_A_FLOAT, NOT_FINITE, OVERFLOW } from "../../errors.ts";
import type { Reply } from "../../resp/reply.ts";
import type { Bytes } from "../../support/bytes.ts";
import { addInt64, parseInteger } from "../../support/integers.ts";
import {
  addLongDouble,
  formatLongDouble,
  isFiniteLongDouble,
  parseLongDouble,
} from "../../support/long-double.ts";
import { int64Argument } from "../arguments.ts";
import type { CommandRow, Context } from "../command.ts";
import { keyAt } from "../key-spec.ts";

export const COUNTER_ROWS = {
  hincrby: {
    arity: 4,
    flags: ["write", "denyoom", "fast"],
    keys: [keyAt(1, "RW", "access", "update")],
    doc: {
      summary: "Increment the integer value of a hash field by the given number",
      since: "2.0.0",
      complexity: "O(1)",
      syntax: "key field increment:integer",
    },
    run: hincrby,
  },
  hincrbyfloat: {
    arity: 4,
    flags: ["write", "denyoom", "fast"],
    keys: [keyAt(1, "RW", "access", "update")],
    doc: {
      summary: "Increment the float value of a hash field by the given amount",
      since: "2.6.0",
      complexity: "O(1)",
      syntax: "key field increment:double",
    },
    run: hincrbyfloat,
  },
} satisfies Record<string, CommandRow>;

function hincrby({ db }: Context, args: readonly Bytes[]): Reply {
  const increment = int64Argument(args[3]!);
  const hash = db.hashToWrite(args[1]!);
  const value = parseInteger(hash.get(args[2]!) ?? "0");
  if (value === null) throw VALUE_NOT_AN_INTEGER;
  const sum = addInt64(value, increment);
  if (sum === null) throw OVERFLOW;
  hash.set(args[2]!, String(sum));
  db.event("hash", "hincrby", args[1]!);
  return sum;
}

const VALUE_NOT_AN_INTEGER = new CommandError("ERR hash value is not an integer");

function hincrbyfloat({ db, propagation }: Context, args: readonly Bytes[]): Reply {
  const increment = parseLongDouble(args[3]!);
  if (increment === null) throw NOT_A_FLOAT;
  if (!isFiniteLongDouble(increment)) throw INCREMENT_NOT_FINITE;
  const hash = db.hashToWrite(args[1]!);
  const value = parseLongDouble(hash.get(args[2]!) ?? "0");
  if (value === null) throw VALUE_NOT_A_FLOAT;
  const sum = addLongDouble(value, increment);
  if (sum === null) throw NOT_FINITE;
  const text = formatLongDouble(sum);
  hash.set(args[2]!, text);
  db.event("hash", "hincrbyfloat", args[1]!);
  // Another server's arithmetic may round otherwise.
  propagation.instead(["HSET", args[1]!, args[2]!, text]);
  return text;
}

const INCREMENT_NOT_FINITE = new CommandError("ERR value is NaN or Infinity");
const VALUE_NOT_A_FLOAT = new CommandError("ERR hash value is not a float");
