import { CommandError, SYNTAX } from "../../errors.ts";
import { findBit } from "../../keyspace/bitmap.ts";
import type { Reply } from "../../resp/reply.ts";
import type { Bytes } from "../../support/bytes.ts";
import { inclusiveRange, int64Argument, integerArgument } from "../arguments.ts";
import type { CommandRow, Context } from "../command.ts";
import { keyAt } from "../key-spec.ts";
import { isUnitBit } from "./unit.ts";

export const POSITION_ROWS = {
  bitpos: {
    arity: -3,
    flags: ["readonly"],
    keys: [keyAt(1, "RO", "access")],
    doc: {
      summary: "Find first bit set or clear in a string",
      since: "2.8.7",
      complexity: "O(N)",
      history: [["7.0.0", "Added the `BYTE|BIT` option."]],
      syntax: "key bit:integer index:[start:integer end_index:[end:integer index_unit:[BYTE | BIT]@7.0.0]]",
    },
    run: bitpos,
  },
} satisfies Record<string, CommandRow>;

const NO_BIT = new CommandError("ERR The bit argument must be 1 or 0.");

function bitpos({ db, keyspace }: Context, args: readonly Bytes[]): Reply {
  const bit = int64Argument(args[2]!);
  if (bit !== 0 && bit !== 1) throw NO_BIT;
  const value = db.string(args[1]!);
  if (value === null) return bit === 1 ? -1 : 0;
  if (args.length > 6) throw SYNTAX;
  const start = args.length > 3 ? integerArgument(args[3]!) : 0;
  const isBit = isUnitBit(args[5]);
  const hasEnd = args.length > 4;
  const end = hasEnd ? integerArgument(args[4]!) : -1;
  const bits = value.length * 8;
  const range = rangeOf(start, end, isBit ? bits : value.length);
  if (range === null) return -1;
  const [from, to] = isBit ? [range.start, range.end] : [range.start * 8, range.end * 8 + 7];
  const found = findBit(keyspace, value, bit, from, to);
  // Zeros follow a string without end; but not a range whose end was told.
  return found >= 0 || bit === 1 || hasEnd ? found : bits;
}

/** Other than GETRANGE and BITCOUNT it makes a range of `-1 -5` when both lie before the beginning. */
function rangeOf(start: number, end: number, length: number): { start: number; end: number } | null {
  return inclusiveRange(Math.max(start, -length), Math.max(end, -length), length);
}
