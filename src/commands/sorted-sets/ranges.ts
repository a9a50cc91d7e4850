import type { Database } from "../../keyspace/database.ts";
import type { OrderRange } from "../../keyspace/order-range.ts";
import { ZSet } from "../../keyspace/zset.ts";
import { type Reply, StreamReply } from "../../resp/reply.ts";
import type { Bytes } from "../../support/bytes.ts";
import { mapRuns } from "../../support/map-runs.ts";
import type { CommandRow, Context, Handler } from "../command.ts";
import { keyAt } from "../key-spec.ts";
import { repeated } from "../repeated.ts";
import { type RangeKind, type RangeQuery, lexRange, rangeQuery, scoreRange } from "./range-arguments.ts";
import { elementsPerMember, formOf, membersReply, runReply } from "./reply.ts";

/** Parts of a sorted set in its order. */
export const RANGE_ROWS = {
  zrange: {
    arity: -4,
    flags: ["readonly"],
    keys: [keyAt(1, "RO", "access")],
    doc: {
      summary: "Return a range of members in a sorted set",
      since: "1.2.0",
      complexity:
        "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements returned.",
      history: [["6.2.0", "Added the `REV`, `BYSCORE`, `BYLEX` and `LIMIT` options."]],
      syntax:
        "key start stop sortby:[BYSCORE | BYLEX]@6.2.0 [REV]@6.2.0 " +
        "[LIMIT offset:integer count:integer]@6.2.0 [WITHSCORES]",
    },
    run: rangeOf({ takesScores: true }),
  },
  zrevrange: {
    arity: -4,
    flags: ["readonly"],
    keys: [keyAt(1, "RO", "access")],
    doc: {
      summary: "Return a range of members in a sorted set, by index, with scores ordered from high to low",
      since: "1.2.0",
      complexity:
        "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements returned.",
      deprecated: { since: "6.2.0", replacedBy: "`ZRANGE` with the `REV` argument" },
      syntax: "key start:integer stop:integer [WITHSCORES]",
    },
    run: rangeOf({ by: "rank", reverse: true, takesScores: true }),
  },
  zrangebyscore: {
    arity: -4,
    flags: ["readonly"],
    keys: [keyAt(1, "RO", "access")],
    doc: {
      summary: "Return a range of members in a sorted set, by score",
      since: "1.0.5",
      complexity:
        "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements being returned. If M is constant (e.g. always asking for the first 10 elements with LIMIT), you can consider it O(log(N)).",
      deprecated: { since: "6.2.0", replacedBy: "`ZRANGE` with the `BYSCORE` argument" },
      history: [["2.0.0", "Added the `WITHSCORES` modifier."]],
      syntax: "key min:double max:double [WITHSCORES]@2.0.0 [LIMIT offset:integer count:integer]",
    },
    run: rangeOf({ by: "score", reverse: false, takesScores: true }),
  },
  zrevrangebyscore: {
    arity: -4,
    flags: ["readonly"],
    keys: [keyAt(1, "RO", "access")],
    doc: {
      summary: "Return a range of members in a sorted set, by score, with scores ordered from high to low",
      since: "2.2.0",
      complexity:
        "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements being returned. If M is constant (e.g. always asking for the first 10 elements with LIMIT), you can consider it O(log(N)).",
      deprecated: { since: "6.2.0", replacedBy: "`ZRANGE` with the `REV` and `BYSCORE` arguments" },
      history: [["2.1.6", "`min` and `max` can be exclusive."]],
      syntax: "key max:double min:double [WITHSCORES] [LIMIT offset:integer count:integer]",
    },
    run: rangeOf({ by: "score", reverse: true, takesScores: true }),
  },
  zrangebylex: {
    arity: -4,
    flags: ["readonly"],
    keys: [keyAt(1, "RO", "access")],
    doc: {
      summary: "Return a range of members in a sorted set, by lexicographical range",
      since: "2.8.9",
      complexity:
        "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements being returned. If M is constant (e.g. always asking for the first 10 elements with LIMIT), you can consider it O(log(N)).",
      deprecated: { since: "6.2.0", replacedBy: "`ZRANGE` with the `BYLEX` argument" },
      syntax: "key min max [LIMIT offset:integer count:integer]",
    },
    run: rangeOf({ by: "lex", reverse: false, takesScores: true }),
  },
  zrevrangebylex: {
    arity: -4,
    flags: ["readonly"],
    keys: [keyAt(1, "RO", "access")],
    doc: {
      summary:
        "Return a range of members in a sorted set, by lexicographical range, ordered from higher to lower strings.",
      since: "2.8.9",
      complexity:
        "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements being returned. If M is constant (e.g. always asking for the first 10 elements with LIMIT), you can consider it O(log(N)).",
      deprecated: { since: "6.2.0", replacedBy: "`ZRANGE` with the `REV` and `BYLEX` arguments" },
      syntax: "key max min [LIMIT offset:integer count:integer]",
    },
    run: rangeOf({ by: "lex", reverse: true, takesScores: true }),
  },
  zrangestore: {
    arity: -5,
    flags: ["write", "denyoom"],
    keys: [keyAt(1, "OW", "update"), keyAt(2, "RO", "access")],
    doc: {
      summary: "Store a range of members from sorted set into another key",
      since: "6.2.0",
      complexity:
        "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements stored into the destination key.",
      syntax: "dst:key src:key min max sortby:[BYSCORE | BYLEX] [REV] [LIMIT offset:integer count:integer]",
    },
    run: zrangestore,
  },
  zcount: {
    arity: 4,
    flags: ["readonly", "fast"],
    keys: [keyAt(1, "RO", "access")],
    doc: {
      summary: "Count the members in a sorted set with scores within the given values",
      since: "2.0.0",
      complexity: "O(log(N)) with N being the number of elements in the sorted set.",
      syntax: "key min:double max:double",
    },
    run: zcount,
  },
  zlexcount: {
    arity: 4,
    flags: ["readonly", "fast"],
    keys: [keyAt(1, "RO", "access")],
    doc: {
      summary: "Count the number of members in a sorted set between a given lexicographical range",
      since: "2.8.9",
      complexity: "O(log(N)) with N being the number of elements in the sorted set.",
      syntax: "key min max",
    },
    run: zlexcount,
  },
} satisfies Record<string, CommandRow>;

function rangeOf(kind: RangeKind): Handler {
  return (context, args) => {
    const query = rangeQuery(args, 2, kind);
    const zset = context.db.zset(args[1]!);
    return zset === null ? [] : rangeReply(context, args, zset, query);
  };
}

function rangeReply(
  context: Context,
  args: readonly Bytes[],
  zset: ZSet,
  { range, window, withScores }: RangeQuery,
): Reply {
  const form = formOf(withScores, context.resp);
  if (range.by === "rank") {
    const ranks = zset.ranks(range, window);
    if (zset.mustStream(ranks)) {
      const pages = mapRuns(zset.stream(ranks, window.reverse), (run) => runReply(run, form));
      return new StreamReply("array", (ranks.to - ranks.from) * elementsPerMember(form), pages);
    }
  }
  return repeated(context, args, zset, () => membersReply(zset.range(range, window), form));
}

function zrangestore({ db, keyspace }: Context, args: readonly Bytes[]): Reply {
  const { range, window } = rangeQuery(args, 3, { takesScores: false });
  const destination = args[1]!;
  const source = args[2]!;
  db.ready([destination, source]);
  const found = db.zset(source)?.range(range, window);
  if (found === undefined) db.missed(source);
  if (found === undefined || found.members.length === 0) {
    if (db.delete(destination)) db.event("generic", "del", destination);
    return 0;
  }
  if (window.reverse) {
    found.members.reverse();
    found.scores.reverse();
  }
  const count = found.members.length;
  db.put(destination, ZSet.of(keyspace, found));
  db.event("zset", "zrangestore", destination);
  return count;
}

function zcount({ db }: Context, args: readonly Bytes[]): Reply {
  return countOf(db, args[1]!, scoreRange(args[2]!, args[3]!));
}

function zlexcount({ db }: Context, args: readonly Bytes[]): Reply {
  return countOf(db, args[1]!, lexRange(args[2]!, args[3]!));
}

function countOf(db: Database, key: Bytes, range: OrderRange): number {
  return db.zset(key)?.countIn(range) ?? 0;
}
