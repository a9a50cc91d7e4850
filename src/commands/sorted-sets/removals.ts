import { SYNTAX } from "../../errors.ts";
import type { Database } from "../../keyspace/database.ts";
import type { OrderRange } from "../../keyspace/order-range.ts";
import type { ScoredMembers } from "../../keyspace/score-order.ts";
import type { ZSet } from "../../keyspace/zset.ts";
import { NULL_ARRAY, type Reply } from "../../resp/reply.ts";
import type { Bytes } from "../../support/bytes.ts";
import { optionWord, positiveArgument } from "../arguments.ts";
import type { CommandRow, Context } from "../command.ts";
import { countedKeys, keyAt } from "../key-spec.ts";
import { popArguments } from "../pop-arguments.ts";
import { lexRange, rankRange, scoreRange } from "./range-arguments.ts";
import { membersReply } from "./reply.ts";

/** Members are removed by name, by range, or from an end. */
export const REMOVAL_ROWS = {
  zrem: {
    arity: -3,
    flags: ["write", "fast"],
    keys: [keyAt(1, "RW", "delete")],
    doc: {
      summary: "Remove one or more members from a sorted set",
      since: "1.2.0",
      complexity:
        "O(M*log(N)) with N being the number of elements in the sorted set and M the number of elements to be removed.",
      history: [["2.4.0", "Accepts multiple elements."]],
      syntax: "key member...",
    },
    run: zrem,
  },
  zremrangebyrank: {
    arity: 4,
    flags: ["write"],
    keys: [keyAt(1, "RW", "delete")],
    doc: {
      summary: "Remove all members in a sorted set within the given indexes",
      since: "2.0.0",
      complexity:
        "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements removed by the operation.",
      syntax: "key start:integer stop:integer",
    },
    run: zremrangebyrank,
  },
  zremrangebyscore: {
    arity: 4,
    flags: ["write"],
    keys: [keyAt(1, "RW", "delete")],
    doc: {
      summary: "Remove all members in a sorted set within the given scores",
      since: "1.2.0",
      complexity:
        "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements removed by the operation.",
      syntax: "key min:double max:double",
    },
    run: zremrangebyscore,
  },
  zremrangebylex: {
    arity: 4,
    flags: ["write"],
    keys: [keyAt(1, "RW", "delete")],
    doc: {
      summary: "Remove all members in a sorted set between the given lexicographical range",
      since: "2.8.9",
      complexity:
        "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements removed by the operation.",
      syntax: "key min max",
    },
    run: zremrangebylex,
  },
  zpopmin: {
    arity: -2,
    flags: ["write", "fast"],
    keys: [keyAt(1, "RW", "access", "delete")],
    doc: {
      summary: "Remove and return members with the lowest scores in a sorted set",
      since: "5.0.0",
      complexity:
        "O(log(N)*M) with N being the number of elements in the sorted set, and M being the number of elements popped.",
      syntax: "key [count:integer]",
    },
    run: zpopmin,
  },
  zpopmax: {
    arity: -2,
    flags: ["write", "fast"],
    keys: [keyAt(1, "RW", "access", "delete")],
    doc: {
      summary: "Remove and return members with the highest scores in a sorted set",
      since: "5.0.0",
      complexity:
        "O(log(N)*M) with N being the number of elements in the sorted set, and M being the number of elements popped.",
      syntax: "key [count:integer]",
    },
    run: zpopmax,
  },
  zmpop: {
    arity: -4,
    flags: ["write"],
    keys: [countedKeys(1, "RW", "access", "delete")],
    doc: {
      summary: "Remove and return members with scores in a sorted set",
      since: "7.0.0",
      complexity:
        "O(K) + O(M*log(N)) where K is the number of provided keys, N being the number of elements in the sorted set, and M being the number of elements popped.",
      syntax: "numkeys:integer key... where:(MIN | MAX) [COUNT count:integer]",
    },
    run: zmpop,
  },
} satisfies Record<string, CommandRow>;

function zrem({ db }: Context, args: readonly Bytes[]): Reply {
  const zset = db.zset(args[1]!);
  if (zset === null) return 0;
  const members = args.slice(2);
  if (members.length > 1) zset.ready(members);
  let removed = 0;
  for (const member of members) {
    if (zset.delete(member)) removed++;
    // Its key is gone, and it with it.
    if (zset.count === 0) break;
  }
  if (removed > 0) db.event("zset", "zrem", args[1]!);
  return removed;
}

function zremrangebyrank({ db }: Context, args: readonly Bytes[]): Reply {
  return removeRange(db, args[1]!, rankRange(args[2]!, args[3]!), "zremrangebyrank");
}

function zremrangebyscore({ db }: Context, args: readonly Bytes[]): Reply {
  return removeRange(db, args[1]!, scoreRange(args[2]!, args[3]!), "zremrangebyscore");
}

function zremrangebylex({ db }: Context, args: readonly Bytes[]): Reply {
  return removeRange(db, args[1]!, lexRange(args[2]!, args[3]!), "zremrangebylex");
}

function removeRange(db: Database, key: Bytes, range: OrderRange, event: string): number {
  const removed = db.zset(key)?.take(range).members.length ?? 0;
  if (removed > 0) db.event("zset", event, key);
  return removed;
}

// ─── from an end ─────────────────────────────────────────────────────────────────────────────────

function zpopmin(context: Context, args: readonly Bytes[]): Reply {
  return pop(context, args, false);
}

function zpopmax(context: Context, args: readonly Bytes[]): Reply {
  return pop(context, args, true);
}

function pop({ db, resp }: Context, args: readonly Bytes[], fromEnd: boolean): Reply {
  if (args.length > 3) throw SYNTAX;
  const hasCount = args.length === 3;
  const count = hasCount ? positiveArgument(args[2]!) : 1;
  const zset = db.zset(args[1]!);
  if (zset === null || count === 0) return [];
  return membersReply(
    popFrom(db, args[1]!, zset, count, fromEnd),
    resp === 3 && hasCount ? "paired" : "flat",
  );
}

/** The `count` lowest or, from the end, highest, of a sorted set and its key. */
export function popFrom(
  db: Database,
  key: Bytes,
  zset: ZSet,
  count: number,
  fromEnd: boolean,
): ScoredMembers {
  const window = { reverse: fromEnd, offset: 0, limit: -1 };
  const popped = zset.take({ by: "rank", start: 0, stop: count - 1 }, window);
  db.event("zset", fromEnd ? "zpopmax" : "zpopmin", key);
  return popped;
}

function zmpop(context: Context, args: readonly Bytes[]): Reply {
  const { keys, end: fromEnd, count } = popArguments(args, 1, fromEndArgument);
  context.db.ready(keys);
  return popFirst(context, keys, fromEnd, count) ?? NULL_ARRAY;
}

/** Key and members of the first sorted set that is there; null when none is. */
export function popFirst(
  { db, propagation }: Context,
  keys: readonly Bytes[],
  fromEnd: boolean,
  count: number,
): Reply {
  for (const key of keys) {
    const zset = db.zset(key);
    if (zset === null) continue;
    const popped = popFrom(db, key, zset, count, fromEnd);
    propagation.instead([popCommand(fromEnd), key, String(popped.members.length)]);
    return [key, membersReply(popped, "paired")];
  }
  return null;
}

export const popCommand = (fromEnd: boolean): Bytes => (fromEnd ? "ZPOPMAX" : "ZPOPMIN");

/** Whether MIN|MAX says the end. */
export function fromEndArgument(word: Bytes): boolean {
  const end = optionWord(word);
  if (end !== "MIN" && end !== "MAX") throw SYNTAX;
  return end === "MAX";
}
