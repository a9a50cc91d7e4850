import { SYNTAX } from "../../errors.ts";
import type { BigString } from "../../keyspace/big-string.ts";
import { countBits } from "../../keyspace/bitmap.ts";
import type { Keyspace } from "../../keyspace/keyspace.ts";
import type { Reply } from "../../resp/reply.ts";
import type { Bytes } from "../../support/bytes.ts";
import { type Range, inclusiveRange, int64Argument } from "../arguments.ts";
import type { CommandRow, Context } from "../command.ts";
import { keyAt } from "../key-spec.ts";
import { isUnitBit } from "./unit.ts";

export const COUNT_ROWS = {
  bitcount: {
    arity: -2,
    flags: ["readonly"],
    keys: [keyAt(1, "RO", "access")],
    doc: {
      summary: "Count set bits in a string",
      since: "2.6.0",
      complexity: "O(N)",
      history: [["7.0.0", "Added the `BYTE|BIT` option."]],
      syntax: "key index:[start:integer end:integer index_unit:[BYTE | BIT]@7.0.0]",
    },
    run: bitcount,
  },
} satisfies Record<string, CommandRow>;

/** An absent key answers before the arguments are looked at, as in Redis. */
function bitcount({ db, keyspace }: Context, args: readonly Bytes[]): Reply {
  const value = db.string(args[1]!);
  if (value === null) return 0;
  if (args.length === 2) return value.length === 0 ? 0 : countBits(keyspace, value, 0, value.length - 1);
  if (args.length === 3 || args.length > 5) throw SYNTAX;
  const [start, end] = [int64Argument(args[2]!), int64Argument(args[3]!)];
  // Redis answers an empty range of this kind before it looks at the unit.
  if (start < 0 && end < 0 && start > end) return 0;
  const isBit = isUnitBit(args[4]);
  const range = inclusiveRange(start, end, isBit ? value.length * 8 : value.length);
  if (range === null) return 0;
  return isBit ? countBitRange(keyspace, value, range) : countBits(keyspace, value, range.start, range.end);
}

/** Whole bytes, less what of the first and the last one is not in the range. */
function countBitRange(keyspace: Keyspace, value: Bytes | BigString, { start, end }: Range): number {
  const first = Math.floor(start / 8);
  const last = Math.floor(end / 8);
  const before = byteAt(value, first) >> (8 - (start % 8));
  const behind = byteAt(value, last) & ((1 << (7 - (end % 8))) - 1);
  return countBits(keyspace, value, first, last) - setBits(before) - setBits(behind);
}

function byteAt(value: Bytes | BigString, at: number): number {
  return typeof value === "string" ? value.charCodeAt(at) : value.byteAt(at);
}

function setBits(byte: number): number {
  let count = 0;
  for (let rest = byte; rest > 0; rest >>= 1) count += rest & 1;
  return count;
}
