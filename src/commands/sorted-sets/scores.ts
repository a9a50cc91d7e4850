import { CommandError, SYNTAX } from "../../errors.ts";
import type { Database } from "../../keyspace/database.ts";
import { Double, type Reply } from "../../resp/reply.ts";
import type { Bytes } from "../../support/bytes.ts";
import { doubleArgument } from "../arguments.ts";
import type { CommandRow, Context } from "../command.ts";
import { keyAt } from "../key-spec.ts";

/** Members are given scores, and asked for them. */
export const SCORE_ROWS = {
  zadd: {
    arity: -4,
    flags: ["write", "denyoom", "fast"],
    keys: [keyAt(1, "RW", "update")],
    doc: {
      summary: "Add one or more members to a sorted set, or update its score if it already exists",
      since: "1.2.0",
      complexity: "O(log(N)) for each item added, where N is the number of elements in the sorted set.",
      history: [
        ["2.4.0", "Accepts multiple elements."],
        ["3.0.2", "Added the `XX`, `NX`, `CH` and `INCR` options."],
        ["6.2.0", "Added the `GT` and `LT` options."],
      ],
      syntax:
        "key condition:[NX | XX]@3.0.2 comparison:[GT | LT]@6.2.0 [change:CH]@3.0.2 " +
        "[increment:INCR]@3.0.2 (score:double member)...",
    },
    run: zadd,
  },
  zincrby: {
    arity: 4,
    flags: ["write", "denyoom", "fast"],
    keys: [keyAt(1, "RW", "access", "update")],
    doc: {
      summary: "Increment the score of a member in a sorted set",
      since: "1.2.0",
      complexity: "O(log(N)) where N is the number of elements in the sorted set.",
      syntax: "key increment:integer member",
    },
    run: zincrby,
  },
  zscore: {
    arity: 3,
    flags: ["readonly", "fast"],
    keys: [keyAt(1, "RO", "access")],
    doc: {
      summary: "Get the score associated with the given member in a sorted set",
      since: "1.2.0",
      complexity: "O(1)",
      syntax: "key member",
    },
    run: zscore,
  },
  zmscore: {
    arity: -3,
    flags: ["readonly", "fast"],
    keys: [keyAt(1, "RO", "access")],
    doc: {
      summary: "Get the score associated with the given members in a sorted set",
      since: "6.2.0",
      complexity: "O(N) where N is the number of members being requested.",
      syntax: "key member...",
    },
    run: zmscore,
  },
  zcard: {
    arity: 2,
    flags: ["readonly", "fast"],
    keys: [keyAt(1, "RO")],
    doc: {
      summary: "Get the number of members in a sorted set",
      since: "1.2.0",
      complexity: "O(1)",
      syntax: "key",
    },
    run: zcard,
  },
  zrank: {
    arity: 3,
    flags: ["readonly", "fast"],
    keys: [keyAt(1, "RO", "access")],
    doc: {
      summary: "Determine the index of a member in a sorted set",
      since: "2.0.0",
      complexity: "O(log(N))",
      syntax: "key member",
    },
    run: zrank,
  },
  zrevrank: {
    arity: 3,
    flags: ["readonly", "fast"],
    keys: [keyAt(1, "RO", "access")],
    doc: {
      summary: "Determine the index of a member in a sorted set, with scores ordered from high to low",
      since: "2.0.0",
      complexity: "O(log(N))",
      syntax: "key member",
    },
    run: zrevrank,
  },
} satisfies Record<string, CommandRow>;

interface AddOptions {
  /** Only new members, only present ones. */
  nx: boolean;
  xx: boolean;
  /** Only a score that is greater, or less, than the present one. */
  gt: boolean;
  lt: boolean;
  /** Count changed ones, too. */
  ch: boolean;
  incr: boolean;
}

const PLAIN_ADD: AddOptions = { nx: false, xx: false, gt: false, lt: false, ch: false, incr: false };
const INCREMENT: AddOptions = { ...PLAIN_ADD, incr: true };

function zadd({ db }: Context, args: readonly Bytes[]): Reply {
  const pairsAt = firstNoOption(args);
  return addPairs(db, args, pairsAt, pairsAt === 2 ? PLAIN_ADD : addOptions(args, pairsAt));
}

function zincrby({ db }: Context, args: readonly Bytes[]): Reply {
  return addPairs(db, args, 2, INCREMENT);
}

function firstNoOption(args: readonly Bytes[]): number {
  let at = 2;
  while (at < args.length && isAddOption(args[at]!)) at++;
  return at;
}

function isAddOption(text: Bytes): boolean {
  // Nearly always it is a score, in digits.
  return text.charCodeAt(0) > DIGIT_NINE && Object.hasOwn(PLAIN_ADD, text.toLowerCase());
}

const DIGIT_NINE = 0x39;

function addOptions(args: readonly Bytes[], end: number): AddOptions {
  const options = { ...PLAIN_ADD };
  for (let at = 2; at < end; at++) options[args[at]!.toLowerCase() as keyof AddOptions] = true;
  return options;
}

function addPairs(db: Database, args: readonly Bytes[], pairsAt: number, options: AddOptions): Reply {
  const { nx, xx, gt, lt, ch, incr } = options;
  const pairs = (args.length - pairsAt) / 2;
  if (pairs === 0 || !Number.isInteger(pairs)) throw SYNTAX;
  if (nx && xx) throw NX_AND_XX;
  if ((gt && lt) || (nx && (gt || lt))) throw NX_GT_LT;
  if (incr && pairs > 1) throw SEVERAL_INCREMENTS;
  const scores: number[] = [];
  for (let at = pairsAt; at < args.length; at += 2) scores.push(doubleArgument(args[at]!));
  const key = args[1]!;
  const zset = xx ? db.zset(key) : db.zsetToWrite(key);
  if (zset === null) return incr ? null : 0;
  if (pairs > 1) zset.ready(args.filter((_, at) => at > pairsAt && (at - pairsAt) % 2 === 1));
  let added = 0;
  let updated = 0;
  let result: number | null = null;
  for (let pair = 0; pair < pairs; pair++) {
    const member = args[pairsAt + 2 * pair + 1]!;
    const given = scores[pair]!;
    const old = zset.score(member);
    if (old === null) {
      if (xx) continue;
      zset.put(member, given, null);
      added++;
      result = given;
      continue;
    }
    if (nx) continue;
    const score = incr ? old + given : given;
    if (Number.isNaN(score)) throw NOT_A_SCORE;
    if ((gt && score <= old) || (lt && score >= old)) continue;
    result = score;
    if (score === old) continue;
    zset.put(member, score, old);
    updated++;
  }
  if (added + updated > 0) db.event("zset", incr ? "zincr" : "zadd", key);
  if (incr) return result === null ? null : new Double(result);
  return ch ? added + updated : added;
}

const NX_AND_XX = new CommandError("ERR XX and NX options at the same time are not compatible");
const NX_GT_LT = new CommandError("ERR GT, LT, and/or NX options at the same time are not compatible");
const SEVERAL_INCREMENTS = new CommandError("ERR INCR option supports a single increment-element pair");
const NOT_A_SCORE = new CommandError("ERR resulting score is not a number (NaN)");

function zscore({ db }: Context, args: readonly Bytes[]): Reply {
  return scoreReply(db.zset(args[1]!)?.score(args[2]!));
}

function zmscore({ db }: Context, args: readonly Bytes[]): Reply {
  const zset = db.zset(args[1]!);
  const members = args.slice(2);
  zset?.ready(members);
  return members.map((member) => scoreReply(zset?.score(member)));
}

function scoreReply(score: number | null | undefined): Reply {
  return score === null || score === undefined ? null : new Double(score);
}

function zcard({ db }: Context, args: readonly Bytes[]): Reply {
  return db.zset(args[1]!)?.count ?? 0;
}

function zrank({ db }: Context, args: readonly Bytes[]): Reply {
  return db.zset(args[1]!)?.rank(args[2]!) ?? null;
}

function zrevrank({ db }: Context, args: readonly Bytes[]): Reply {
  const zset = db.zset(args[1]!);
  const rank = zset?.rank(args[2]!) ?? null;
  return rank === null ? null : zset!.count - 1 - rank;
}
