import { Double, type Reply } from "../../resp/reply.ts";
import type { Bytes } from "../../support/bytes.ts";
import { timeoutArgument } from "../arguments.ts";
import type { CommandRow, Context } from "../command.ts";
import { countedKeys, keysBetween } from "../key-spec.ts";
import { popArguments } from "../pop-arguments.ts";
import { serveOrWait } from "../serve-or-wait.ts";
import type { WaitFor } from "../wait-for.ts";
import { fromEndArgument, popCommand, popFirst, popFrom } from "./removals.ts";

/** What waits for a member where there is none. */
export const BLOCKING_ROWS = {
  bzpopmin: {
    arity: -3,
    flags: ["write", "noscript", "blocking", "fast"],
    keys: [keysBetween(1, -2, "RW", "access", "delete")],
    doc: {
      summary:
        "Remove and return the member with the lowest score from one or more sorted sets, or block until one is available",
      since: "5.0.0",
      complexity: "O(log(N)) with N being the number of elements in the sorted set.",
      history: [["6.0.0", "`timeout` is interpreted as a double instead of an integer."]],
      syntax: "key... timeout:double",
    },
    run: bzpopmin,
  },
  bzpopmax: {
    arity: -3,
    flags: ["write", "noscript", "blocking", "fast"],
    keys: [keysBetween(1, -2, "RW", "access", "delete")],
    doc: {
      summary:
        "Remove and return the member with the highest score from one or more sorted sets, or block until one is available",
      since: "5.0.0",
      complexity: "O(log(N)) with N being the number of elements in the sorted set.",
      history: [["6.0.0", "`timeout` is interpreted as a double instead of an integer."]],
      syntax: "key... timeout:double",
    },
    run: bzpopmax,
  },
  bzmpop: {
    arity: -5,
    flags: ["write", "blocking"],
    keys: [countedKeys(2, "RW", "access", "delete")],
    doc: {
      summary: "Remove and return members with scores in a sorted set or block until one is available",
      since: "7.0.0",
      complexity:
        "O(K) + O(M*log(N)) where K is the number of provided keys, N being the number of elements in the sorted set, and M being the number of elements popped.",
      syntax: "timeout:double numkeys:integer key... where:(MIN | MAX) [COUNT count:integer]",
    },
    run: bzmpop,
  },
} satisfies Record<string, CommandRow>;

function bzpopmin(context: Context, args: readonly Bytes[]): Reply | WaitFor {
  return popOrWait(context, args, false);
}

function bzpopmax(context: Context, args: readonly Bytes[]): Reply | WaitFor {
  return popOrWait(context, args, true);
}

function popOrWait(context: Context, args: readonly Bytes[], fromEnd: boolean): Reply | WaitFor {
  const { db, propagation } = context;
  const untilMs = timeoutArgument(args.at(-1)!, context.nowMs);
  return serveOrWait(context, "zset", args.slice(1, -1), untilMs, (key) => {
    const zset = db.zset(key);
    if (zset === null) return null;
    const { members, scores } = popFrom(db, key, zset, 1, fromEnd);
    propagation.instead([popCommand(fromEnd), key]);
    return [key, members[0]!, new Double(scores[0]!)];
  });
}

function bzmpop(context: Context, args: readonly Bytes[]): Reply | WaitFor {
  const { keys, end: fromEnd, count } = popArguments(args, 2, fromEndArgument);
  const untilMs = timeoutArgument(args[1]!, context.nowMs);
  return serveOrWait(context, "zset", keys, untilMs, (key) => popFirst(context, [key], fromEnd, count));
}
