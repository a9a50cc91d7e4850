import type { Context, CommandGroup } from "../command.ts";
import { SYNTAX } from "../../errors.ts";
import { drawRepeated } from "../../keyspace/draw.ts";
import type { Propagation } from "../../keyspace/propagation.ts";
import { type Reply, SetReply, StreamReply } from "../../resp/reply.ts";
import type { Bytes } from "../../support/bytes.ts";
import { INT64_MAX } from "../../support/integers.ts";
import { Random } from "../../support/random.ts";
import { integerBetween, positiveArgument } from "../arguments.ts";
import { drawsInScript } from "../draws-in-script.ts";
import { keyAt } from "../key-spec.ts";
import { EMPTY_SET, membersReply } from "./reply.ts";

/** Members at random. */
export const DRAW_ROWS = {
  spop: {
    arity: -2,
    flags: ["write", "fast"],
    keys: [keyAt(1, "RW", "access", "delete")],
    tips: ["nondeterministic_output"],
    doc: {
      summary: "Remove and return one or multiple random members from a set",
      since: "1.0.0",
      complexity: "Without the count argument O(1), otherwise O(N) where N is the value of the passed count.",
      history: [["3.2.0", "Added the `count` argument."]],
      syntax: "key [count:integer]@3.2.0",
    },
    run: spop,
  },
  srandmember: {
    arity: -2,
    flags: ["readonly"],
    keys: [keyAt(1, "RO", "access")],
    tips: ["nondeterministic_output"],
    doc: {
      summary: "Get one or multiple random members from a set",
      since: "1.0.0",
      complexity:
        "Without the count argument O(1), otherwise O(N) where N is the absolute value of the passed count.",
      history: [["2.6.0", "Added the optional `count` argument."]],
      syntax: "key [count:integer]@2.6.0",
    },
    run: srandmember,
  },
} as const satisfies CommandGroup["rows"];

function spop(context: Context, args: readonly Bytes[]): Reply {
  if (args.length === 3) return spopCount(context, args);
  if (args.length > 3) throw SYNTAX;
  const { db } = context;
  const set = db.set(args[1]!);
  if (set === null) return null;
  const member = set.pop(context.random);
  db.event("set", "spop", args[1]!);
  context.propagation.instead(["SREM", args[1]!, member]);
  return member;
}

function spopCount({ db, random, propagation }: Context, args: readonly Bytes[]): Reply {
  const count = positiveArgument(args[2]!);
  const key = args[1]!;
  const set = db.set(key);
  if (set === null || count === 0) return EMPTY_SET;
  if (count >= set.count) {
    const reply = membersReply(set);
    db.delete(key);
    db.event("set", "spop", key);
    db.event("generic", "del", key);
    propagation.instead(["DEL", key]);
    return reply;
  }
  const left = set.count - count;
  if (left * FEW_LEFT > count) {
    const members = set.popDistinct(count, random);
    db.event("set", "spop", key);
    propagateRemovals(propagation, key, members);
    return new SetReply(members);
  }
  const { remaining, others } = set.split(left, random);
  db.put(key, remaining, db.peek(key)!.expiresAtMs);
  db.event("set", "spop", key);
  propagateRemovals(propagation, key, others);
  return new SetReply(others);
}

function propagateRemovals(propagation: Propagation, key: Bytes, members: readonly Bytes[]): void {
  if (propagation.isWanted) propagation.instead(...members.map((member) => ["SREM", key, member]));
}

/**
 * When a set is left with less than one in so many of what is taken out, the rest becomes a new set, which
 * may be one of integers again: where Redis does so.
 */
const FEW_LEFT = 5;

function srandmember(context: Context, args: readonly Bytes[]): Reply {
  if (args.length === 3) return srandmemberCount(context, args);
  if (args.length > 3) throw SYNTAX;
  const set = context.db.set(args[1]!);
  return set === null ? null : set.draw(context.random);
}

function srandmemberCount({ db, random }: Context, args: readonly Bytes[]): Reply {
  const count = integerBetween(args[2]!, -INT64_MAX, INT64_MAX);
  const set = db.set(args[1]!);
  if (set === null || count === 0) return [];
  if (count >= set.count && set.mustStream) return new StreamReply("array", set.count, set.stream());
  if (count > 0) return set.drawDistinct(count, random);
  if (-count <= RUN_OF_DRAWS) return set.drawRepeated(-count, random);
  if (set.isInScript) {
    const members = set.sample(random);
    return drawsInScript(-count, () => members[random.below(members.length)]!);
  }
  return new StreamReply("array", -count, draws(set.sample(random), -count, random.next32()));
}

/** Any number of draws, made as the client reads them. */
async function* draws(
  members: readonly Bytes[],
  count: number,
  seed: number,
): AsyncGenerator<readonly Bytes[]> {
  const random = new Random(seed);
  for (let left = count; left > 0; left -= RUN_OF_DRAWS) {
    yield drawRepeated(members, Math.min(left, RUN_OF_DRAWS), random);
    // Nothing here waits for a disk: others must have their turn.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const RUN_OF_DRAWS = 1000;
