import { CommandError, SYNTAX, WRONG_TYPE } from "../../errors.ts";
import type { Database } from "../../keyspace/database.ts";
import type { ScoredMembers } from "../../keyspace/score-order.ts";
import { SetValue } from "../../keyspace/set.ts";
import {
  type Aggregate,
  type Input,
  intersect,
  intersectionSize,
  subtract,
  unite,
} from "../../keyspace/zset-algebra.ts";
import { ZSet } from "../../keyspace/zset.ts";
import type { Reply } from "../../resp/reply.ts";
import type { Bytes } from "../../support/bytes.ts";
import { doubleArgument, integerArgument, integerAtLeast, optionWord } from "../arguments.ts";
import type { CommandRow, Context } from "../command.ts";
import { countedKeys, keyAt } from "../key-spec.ts";
import { formOf, membersReply } from "./reply.ts";

/** Unions, intersections and differences. A plain set is a sorted one in which all scores are 1. */
export const ALGEBRA_ROWS = {
  zunion: {
    arity: -3,
    flags: ["readonly"],
    keys: [countedKeys(1, "RO", "access")],
    doc: {
      summary: "Add multiple sorted sets",
      since: "6.2.0",
      complexity:
        "O(N)+O(M*log(M)) with N being the sum of the sizes of the input sorted sets, and M being the number of elements in the resulting sorted set.",
      syntax:
        "numkeys:integer key... [WEIGHTS weight:integer...] " +
        "[AGGREGATE aggregate:(SUM | MIN | MAX)] [WITHSCORES]",
    },
    run: zunion,
  },
  zunionstore: {
    arity: -4,
    flags: ["write", "denyoom"],
    keys: [keyAt(1, "OW", "update"), countedKeys(2, "RO", "access")],
    doc: {
      summary: "Add multiple sorted sets and store the resulting sorted set in a new key",
      since: "2.0.0",
      complexity:
        "O(N)+O(M log(M)) with N being the sum of the sizes of the input sorted sets, and M being the number of elements in the resulting sorted set.",
      syntax:
        "destination:key numkeys:integer key... [WEIGHTS weight:integer...] " +
        "[AGGREGATE aggregate:(SUM | MIN | MAX)]",
    },
    run: zunionstore,
  },
  zinter: {
    arity: -3,
    flags: ["readonly"],
    keys: [countedKeys(1, "RO", "access")],
    doc: {
      summary: "Intersect multiple sorted sets",
      since: "6.2.0",
      complexity:
        "O(N*K)+O(M*log(M)) worst case with N being the smallest input sorted set, K being the number of input sorted sets and M being the number of elements in the resulting sorted set.",
      syntax:
        "numkeys:integer key... [WEIGHTS weight:integer...] " +
        "[AGGREGATE aggregate:(SUM | MIN | MAX)] [WITHSCORES]",
    },
    run: zinter,
  },
  zinterstore: {
    arity: -4,
    flags: ["write", "denyoom"],
    keys: [keyAt(1, "OW", "update"), countedKeys(2, "RO", "access")],
    doc: {
      summary: "Intersect multiple sorted sets and store the resulting sorted set in a new key",
      since: "2.0.0",
      complexity:
        "O(N*K)+O(M*log(M)) worst case with N being the smallest input sorted set, K being the number of input sorted sets and M being the number of elements in the resulting sorted set.",
      syntax:
        "destination:key numkeys:integer key... [WEIGHTS weight:integer...] " +
        "[AGGREGATE aggregate:(SUM | MIN | MAX)]",
    },
    run: zinterstore,
  },
  zintercard: {
    arity: -3,
    flags: ["readonly"],
    keys: [countedKeys(1, "RO", "access")],
    doc: {
      summary: "Intersect multiple sorted sets and return the cardinality of the result",
      since: "7.0.0",
      complexity:
        "O(N*K) worst case with N being the smallest input sorted set, K being the number of input sorted sets.",
      syntax: "numkeys:integer key... [LIMIT limit:integer]",
    },
    run: zintercard,
  },
  zdiff: {
    arity: -3,
    flags: ["readonly"],
    keys: [countedKeys(1, "RO", "access")],
    doc: {
      summary: "Subtract multiple sorted sets",
      since: "6.2.0",
      complexity:
        "O(L + (N-K)log(N)) worst case where L is the total number of elements in all the sets, N is the size of the first set, and K is the size of the result set.",
      syntax: "numkeys:integer key... [WITHSCORES]",
    },
    run: zdiff,
  },
  zdiffstore: {
    arity: -4,
    flags: ["write", "denyoom"],
    keys: [keyAt(1, "OW", "update"), countedKeys(2, "RO", "access")],
    doc: {
      summary: "Subtract multiple sorted sets and store the resulting sorted set in a new key",
      since: "6.2.0",
      complexity:
        "O(L + (N-K)log(N)) worst case where L is the total number of elements in all the sets, N is the size of the first set, and K is the size of the result set.",
      syntax: "destination:key numkeys:integer key...",
    },
    run: zdiffstore,
  },
} satisfies Record<string, CommandRow>;

type Operation = "union" | "inter" | "diff";

function zunion(context: Context, args: readonly Bytes[]): Reply {
  return show(context, args, "union");
}

function zinter(context: Context, args: readonly Bytes[]): Reply {
  return show(context, args, "inter");
}

function zdiff(context: Context, args: readonly Bytes[]): Reply {
  return show(context, args, "diff");
}

function zunionstore(context: Context, args: readonly Bytes[]): Reply {
  return store(context, args, "union");
}

function zinterstore(context: Context, args: readonly Bytes[]): Reply {
  return store(context, args, "inter");
}

function zdiffstore(context: Context, args: readonly Bytes[]): Reply {
  return store(context, args, "diff");
}

function show({ db, resp }: Context, args: readonly Bytes[], operation: Operation): Reply {
  const { sources, optionsAt } = sourcesAt(db, args, 1, `z${operation}`);
  const options = algebraOptions(args, optionsAt, sources.length, operation, true);
  return membersReply(result(operation, sources, options), formOf(options.withScores, resp));
}

function store({ db, keyspace }: Context, args: readonly Bytes[], operation: Operation): Reply {
  const destination = args[1]!;
  const { sources, optionsAt } = sourcesAt(db, args, 2, `z${operation}store`);
  const options = algebraOptions(args, optionsAt, sources.length, operation, false);
  const found = result(operation, sources, options);
  const count = found.members.length;
  if (count > 0) {
    db.put(destination, ZSet.of(keyspace, found));
    db.event("zset", `z${operation}store`, destination);
  } else if (db.delete(destination)) {
    db.event("generic", "del", destination);
  }
  return count;
}

function zintercard({ db }: Context, args: readonly Bytes[]): Reply {
  const { sources, optionsAt } = sourcesAt(db, args, 1, "zintercard");
  let limit = 0;
  for (let at = optionsAt; at < args.length; at += 2) {
    const value = args[at + 1];
    if (optionWord(args[at]!) !== "LIMIT" || value === undefined) throw SYNTAX;
    limit = integerAtLeast(value, 0, NEGATIVE_LIMIT);
  }
  return intersectionSize(weighted(sources), limit);
}

const NEGATIVE_LIMIT = new CommandError("ERR LIMIT can't be negative");

function result(operation: Operation, sources: readonly Source[], options: AlgebraOptions): ScoredMembers {
  const inputs = weighted(sources, options.weights);
  if (operation === "diff") return subtract(inputs);
  return operation === "union" ? unite(inputs, options.aggregate) : intersect(inputs, options.aggregate);
}

// ─── arguments ───────────────────────────────────────────────────────────────────────────────────

type Source = Input["source"];

function weighted(sources: readonly Source[], weights?: readonly number[] | null): Input[] {
  return sources.map((source, i) => ({ source, weight: weights?.[i] ?? 1 }));
}

/** A count at `countAt` and the keys behind it, which are looked up at once with all that come before them. */
function sourcesAt(
  db: Database,
  args: readonly Bytes[],
  countAt: number,
  command: string,
): { sources: Source[]; optionsAt: number } {
  const count = integerArgument(args[countAt]!);
  if (count < 1) throw new CommandError(`ERR at least 1 input key is needed for '${command}' command`);
  const optionsAt = countAt + 1 + count;
  if (optionsAt > args.length) throw SYNTAX;
  const keys = args.slice(countAt + 1, optionsAt);
  db.ready(countAt === 1 ? keys : [args[1]!, ...keys]);
  const sources = keys.map((key) => {
    const source = sourceOf(db, key);
    if (source === null) db.missed(key);
    return source;
  });
  return { sources, optionsAt };
}

function sourceOf(db: Database, key: Bytes): Source {
  const entry = db.find(key);
  if (entry === null) return null;
  const { value } = entry;
  if (value instanceof ZSet || value instanceof SetValue) return value;
  throw WRONG_TYPE;
}

interface AlgebraOptions {
  readonly weights: readonly number[] | null;
  readonly aggregate: Aggregate;
  readonly withScores: boolean;
}

function algebraOptions(
  args: readonly Bytes[],
  optionsAt: number,
  sources: number,
  operation: Operation,
  takesScores: boolean,
): AlgebraOptions {
  const takesAggregate = operation !== "diff";
  let weights: number[] | null = null;
  let aggregate: Aggregate = "SUM";
  let withScores = false;
  for (let at = optionsAt; at < args.length; at++) {
    const word = optionWord(args[at]!);
    const left = args.length - at - 1;
    if (word === "WEIGHTS" && takesAggregate && left >= sources) {
      weights = args.slice(at + 1, at + 1 + sources).map((text) => doubleArgument(text, NOT_A_WEIGHT));
      at += sources;
    } else if (word === "AGGREGATE" && takesAggregate && left >= 1) {
      const name = optionWord(args[++at]!);
      if (name !== "SUM" && name !== "MIN" && name !== "MAX") throw SYNTAX;
      aggregate = name;
    } else if (word === "WITHSCORES" && takesScores) {
      withScores = true;
    } else {
      throw SYNTAX;
    }
  }
  return { weights, aggregate, withScores };
}

const NOT_A_WEIGHT = new CommandError("ERR weight value is not a float");
