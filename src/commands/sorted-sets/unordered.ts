import { CommandError, SYNTAX } from "../../errors.ts";
import { WHOLE_RANGE } from "../../keyspace/order-range.ts";
import type { ScoredMembers } from "../../keyspace/score-order.ts";
import type { ZSet } from "../../keyspace/zset.ts";
import { type Reply, StreamReply } from "../../resp/reply.ts";
import type { Bytes } from "../../support/bytes.ts";
import { formatDouble } from "../../support/doubles.ts";
import { INT64_MAX } from "../../support/integers.ts";
import { mapRuns } from "../../support/map-runs.ts";
import { Random } from "../../support/random.ts";
import { cursorArgument, int64Argument, integerBetween, optionWord, scanOptions } from "../arguments.ts";
import type { CommandRow, Context } from "../command.ts";
import { drawsInScript } from "../draws-in-script.ts";
import { keyAt } from "../key-spec.ts";
import { type Form, elementsPerMember, formOf, membersReply, runReply } from "./reply.ts";

/** Members in no order. */
export const UNORDERED_ROWS = {
  zrandmember: {
    arity: -2,
    flags: ["readonly"],
    keys: [keyAt(1, "RO", "access")],
    tips: ["nondeterministic_output"],
    doc: {
      summary: "Get one or multiple random elements from a sorted set",
      since: "6.2.0",
      complexity: "O(N) where N is the number of elements returned",
      syntax: "key options:[count:integer [WITHSCORES]]",
    },
    run: zrandmember,
  },
  zscan: {
    arity: -3,
    flags: ["readonly"],
    keys: [keyAt(1, "RO", "access")],
    tips: ["nondeterministic_output"],
    doc: {
      summary: "Incrementally iterate sorted sets elements and associated scores",
      since: "2.8.0",
      complexity:
        "O(1) for every call. O(N) for a complete iteration, including enough command calls for the cursor to return back to 0. N is the number of elements inside the collection..",
      syntax: "key cursor:integer [MATCH pattern] [COUNT count:integer]",
    },
    run: zscan,
  },
} satisfies Record<string, CommandRow>;

function zrandmember({ db, random, resp }: Context, args: readonly Bytes[]): Reply {
  if (args.length === 2) {
    const zset = db.zset(args[1]!);
    return zset === null ? null : zset.randomWithRepeats(1, random).members[0]!;
  }
  const count = integerBetween(args[2]!, -INT64_MAX, INT64_MAX);
  const withScores = args.length === 4;
  if (args.length > 4 || (withScores && optionWord(args[3]!) !== "WITHSCORES")) throw SYNTAX;
  if (withScores) checkDoubled(args[2]!);
  const zset = db.zset(args[1]!);
  if (zset === null || count === 0) return [];
  const form = formOf(withScores, resp);
  return count < 0 ? drawWithRepeats(zset, -count, form, random) : drawDistinct(zset, count, form, random);
}

/** The reply has twice as many elements, or might have. */
function checkDoubled(count: Bytes): void {
  const value = int64Argument(count);
  const most = INT64_MAX / 2n;
  if (value < -most || value > most) throw OUT_OF_RANGE;
}

const OUT_OF_RANGE = new CommandError("ERR value is out of range");

function drawDistinct(zset: ZSet, count: number, form: Form, random: Random): Reply {
  if (zset.isLarge && count > zset.maxDrawn) {
    return zset.isInScript
      ? membersReply(chosen(zset, count, random), form)
      : sample(zset, count, form, random);
  }
  return membersReply(zset.randomDistinct(count, random), form);
}

/**
 * Many members of a large sorted set, in one pass: each is taken with the odds of those that are still wanted to
 * those that are left (Knuth, The Art of Computer Programming 2, 3.4.2, algorithm S).
 */
function sample(zset: ZSet, count: number, form: Form, random: Random): Reply {
  let left = zset.count;
  let wanted = Math.min(count, left);
  // The context's own generator goes on with the next command.
  const draws = new Random(random.next32());
  const size = wanted * elementsPerMember(form);
  const pages = mapRuns(zset.stream({ from: 0, to: left }, true), (run) => {
    const taken = run.filter(() => {
      const isTaken = draws.below(left--) < wanted;
      if (isTaken) wanted--;
      return isTaken;
    });
    return runReply(taken, form);
  });
  return new StreamReply("array", size, pages);
}

/** A reply of more members than this is made in pages of as many. */
const PAGE = 1000;

/** Of a large sorted set, this many are drawn for a longer reply to choose from. */
const POOL = 10_000;

function drawWithRepeats(zset: ZSet, count: number, form: Form, random: Random): Reply {
  if (count <= PAGE && !(zset.isLarge && count > zset.maxDrawn)) {
    return membersReply(zset.randomWithRepeats(count, random), form);
  }
  const pool = zset.isLarge
    ? zset.randomDistinct(Math.min(POOL, zset.maxDrawn), random)
    : zset.range(WHOLE_RANGE);
  if (zset.isInScript) return membersReply(inScript(pool, count, random), form);
  const draws = new Random(random.next32());
  return new StreamReply("array", count * elementsPerMember(form), repeatedly(pool, count, draws, form));
}

/** The same by algorithm S, in memory. */
function chosen(zset: ZSet, count: number, random: Random): ScoredMembers {
  const { members, scores } = zset.range(WHOLE_RANGE);
  const taken: number[] = [];
  for (let i = 0; i < members.length; i++) {
    if (random.below(members.length - i) < count - taken.length) taken.push(i);
  }
  return { members: taken.map((i) => members[i]!), scores: taken.map((i) => scores[i]!) };
}

function inScript({ members, scores }: ScoredMembers, count: number, random: Random): ScoredMembers {
  const drawn = drawsInScript(count, () => random.below(members.length));
  return { members: drawn.map((i) => members[i]!), scores: drawn.map((i) => scores[i]!) };
}

async function* repeatedly(
  { members, scores }: ScoredMembers,
  count: number,
  draws: Random,
  form: Form,
): AsyncGenerator<readonly Reply[]> {
  for (let left = count; left > 0; left -= PAGE) {
    const drawn = Array.from({ length: Math.min(left, PAGE) }, () => draws.below(members.length));
    yield membersReply(
      { members: drawn.map((i) => members[i]!), scores: drawn.map((i) => scores[i]!) },
      form,
    );
  }
}

function zscan({ db }: Context, args: readonly Bytes[]): Reply {
  const from = cursorArgument(args[2]!);
  const zset = db.zset(args[1]!);
  if (zset === null) return ["0", []];
  const { count, matches } = scanOptions(args, 3);
  const { cursor, items } = zset.scan(Number(from), count);
  const found: Bytes[] = [];
  for (const [member, score] of items) if (matches(member)) found.push(member, formatDouble(score));
  return [String(cursor), found];
}
