import type { End } from "../../keyspace/list.ts";
import { NULL_ARRAY, type Reply } from "../../resp/reply.ts";
import type { Bytes } from "../../support/bytes.ts";
import { timeoutArgument } from "../arguments.ts";
import type { CommandRow, Context } from "../command.ts";
import { countedKeys, keyAt, keysBetween } from "../key-spec.ts";
import { popArguments } from "../pop-arguments.ts";
import { serveOrWait } from "../serve-or-wait.ts";
import { WaitFor } from "../wait-for.ts";
import { popFirst } from "./ends.ts";
import { END_WORDS, POP_COMMANDS, POP_EVENTS, endArgument } from "./list-end.ts";
import { moveElement } from "./moves.ts";

/** What waits for an element where there is none. */
export const BLOCKING_ROWS = {
  blpop: {
    arity: -3,
    flags: ["write", "noscript", "blocking"],
    keys: [keysBetween(1, -2, "RW", "access", "delete")],
    doc: {
      summary: "Remove and get the first element in a list, or block until one is available",
      since: "2.0.0",
      complexity: "O(N) where N is the number of provided keys.",
      history: [["6.0.0", "`timeout` is interpreted as a double instead of an integer."]],
      syntax: "key... timeout:double",
    },
    run: blpop,
  },
  brpop: {
    arity: -3,
    flags: ["write", "noscript", "blocking"],
    keys: [keysBetween(1, -2, "RW", "access", "delete")],
    doc: {
      summary: "Remove and get the last element in a list, or block until one is available",
      since: "2.0.0",
      complexity: "O(N) where N is the number of provided keys.",
      history: [["6.0.0", "`timeout` is interpreted as a double instead of an integer."]],
      syntax: "key... timeout:double",
    },
    run: brpop,
  },
  blmpop: {
    arity: -5,
    flags: ["write", "blocking"],
    keys: [countedKeys(2, "RW", "access", "delete")],
    doc: {
      summary: "Pop elements from a list, or block until one is available",
      since: "7.0.0",
      complexity: "O(N+M) where N is the number of provided keys and M is the number of elements returned.",
      syntax: "timeout:double numkeys:integer key... where:(LEFT | RIGHT) [COUNT count:integer]",
    },
    run: blmpop,
  },
  blmove: {
    arity: 6,
    flags: ["write", "denyoom", "noscript", "blocking"],
    keys: [keyAt(1, "RW", "access", "delete"), keyAt(2, "RW", "insert")],
    doc: {
      summary:
        "Pop an element from a list, push it to another list and return it; or block until one is available",
      since: "6.2.0",
      complexity: "O(1)",
      syntax: "source:key destination:key wherefrom:(LEFT | RIGHT) whereto:(LEFT | RIGHT) timeout:double",
    },
    run: blmove,
  },
  brpoplpush: {
    arity: 4,
    flags: ["write", "denyoom", "noscript", "blocking"],
    keys: [keyAt(1, "RW", "access", "delete"), keyAt(2, "RW", "insert")],
    doc: {
      summary:
        "Pop an element from a list, push it to another list and return it; or block until one is available",
      since: "2.2.0",
      complexity: "O(1)",
      deprecated: { since: "6.2.0", replacedBy: "`BLMOVE` with the `RIGHT` and `LEFT` arguments" },
      history: [["6.0.0", "`timeout` is interpreted as a double instead of an integer."]],
      syntax: "source:key destination:key timeout:double",
    },
    run: brpoplpush,
  },
} satisfies Record<string, CommandRow>;

function blpop(context: Context, args: readonly Bytes[]): Reply | WaitFor {
  return popOrWait(context, args, "head");
}

function brpop(context: Context, args: readonly Bytes[]): Reply | WaitFor {
  return popOrWait(context, args, "tail");
}

function popOrWait(context: Context, args: readonly Bytes[], end: End): Reply | WaitFor {
  const { db, propagation } = context;
  const untilMs = timeoutArgument(args.at(-1)!, context.nowMs);
  return serveOrWait(context, "list", args.slice(1, -1), untilMs, (key) => {
    const list = db.list(key);
    if (list === null) return null;
    const value = list.popOne(end);
    db.event("list", POP_EVENTS[end], key);
    propagation.instead([POP_COMMANDS[end], key]);
    return [key, value];
  });
}

function blmpop(context: Context, args: readonly Bytes[]): Reply | WaitFor {
  const { keys, end, count } = popArguments(args, 2, endArgument);
  const untilMs = timeoutArgument(args[1]!, context.nowMs);
  return serveOrWait(context, "list", keys, untilMs, (key) => popFirst(context, [key], end, count));
}

function blmove(context: Context, args: readonly Bytes[]): Reply | WaitFor {
  const from = endArgument(args[3]!);
  const to = endArgument(args[4]!);
  return moveOrWait(context, args, from, to, args[5]!);
}

function brpoplpush(context: Context, args: readonly Bytes[]): Reply | WaitFor {
  return moveOrWait(context, args, "tail", "head", args[3]!);
}

function moveOrWait(
  { db, nowMs, propagation, wokenBy }: Context,
  args: readonly Bytes[],
  from: End,
  to: End,
  timeout: Bytes,
): Reply | WaitFor {
  const untilMs = timeoutArgument(timeout, nowMs);
  const source = args[1]!;
  const destination = args[2]!;
  const moved = moveElement(db, source, destination, from, to);
  if (moved === null) {
    return new WaitFor({
      ...{ keys: [source], type: "list", untilMs, timeoutReply: NULL_ARRAY, deniedReply: null },
    });
  }
  if (args.length === 4) propagation.instead(["RPOPLPUSH", source, destination]);
  else {
    const ends = wokenBy === null ? args.slice(3, 5) : [END_WORDS[from], END_WORDS[to]];
    propagation.instead(["LMOVE", source, destination, ...ends]);
  }
  return moved;
}
