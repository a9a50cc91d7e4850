import { NULL_ARRAY, type Reply } from "../../resp/reply.ts";
import type { Bytes } from "../../support/bytes.ts";
import type { CommandRow, Context } from "../command.ts";
import { keyAt } from "../key-spec.ts";
import { countOption, intervalArguments } from "./arguments.ts";
import { entriesReply } from "./reply.ts";

export const RANGE_ROWS = {
  xrange: {
    arity: -4,
    flags: ["readonly"],
    keys: [keyAt(1, "RO", "access")],
    doc: {
      summary: "Return a range of elements in a stream, with IDs matching the specified IDs interval",
      since: "5.0.0",
      complexity:
        "O(N) with N being the number of elements being returned. If N is constant (e.g. always asking for the first 10 elements with COUNT), you can consider it O(1).",
      history: [["6.2.0", "Added exclusive ranges."]],
      syntax: "key start end [COUNT count:integer]",
    },
    run: xrange,
  },
  xrevrange: {
    arity: -4,
    flags: ["readonly"],
    keys: [keyAt(1, "RO", "access")],
    doc: {
      summary:
        "Return a range of elements in a stream, with IDs matching the specified IDs interval, in reverse order (from greater to smaller IDs) compared to XRANGE",
      since: "5.0.0",
      complexity:
        "O(N) with N being the number of elements returned. If N is constant (e.g. always asking for the first 10 elements with COUNT), you can consider it O(1).",
      history: [["6.2.0", "Added exclusive ranges."]],
      syntax: "key end start [COUNT count:integer]",
    },
    run: xrevrange,
  },
} satisfies Record<string, CommandRow>;

function xrange({ db }: Context, args: readonly Bytes[]): Reply {
  return rangeReply(db, args, args[2]!, args[3]!, false);
}

function xrevrange({ db }: Context, args: readonly Bytes[]): Reply {
  return rangeReply(db, args, args[3]!, args[2]!, true);
}

function rangeReply(
  db: Context["db"],
  args: readonly Bytes[],
  start: Bytes,
  end: Bytes,
  reverse: boolean,
): Reply {
  const range = intervalArguments(start, end);
  const count = countOption(args, 4);
  const stream = db.stream(args[1]!);
  if (stream === null) return [];
  if (count === 0) return NULL_ARRAY;
  return entriesReply(stream, range, count ?? Infinity, reverse);
}
