import { CommandError, SYNTAX } from "../../errors.ts";
import type { FieldAndValue, Hash } from "../../keyspace/hash.ts";
import { type Reply, StreamReply } from "../../resp/reply.ts";
import type { Bytes } from "../../support/bytes.ts";
import { INT64_MAX } from "../../support/integers.ts";
import { mapRuns } from "../../support/map-runs.ts";
import { Random } from "../../support/random.ts";
import { int64Argument, integerBetween, optionWord } from "../arguments.ts";
import type { CommandRow, Context } from "../command.ts";
import { drawsInScript } from "../draws-in-script.ts";
import { keyAt } from "../key-spec.ts";

export const RANDOM_ROWS = {
  hrandfield: {
    arity: -2,
    flags: ["readonly"],
    keys: [keyAt(1, "RO", "access")],
    tips: ["nondeterministic_output"],
    doc: {
      summary: "Get one or multiple random fields from a hash",
      since: "6.2.0",
      complexity: "O(N) where N is the number of fields returned",
      syntax: "key options:[count:integer [WITHVALUES]]",
    },
    run: hrandfield,
  },
} satisfies Record<string, CommandRow>;

function hrandfield(context: Context, args: readonly Bytes[]): Reply {
  const { db, random } = context;
  if (args.length === 2) {
    const hash = db.hash(args[1]!);
    return hash === null ? null : hash.randomWithRepeats(1, random)[0]![0];
  }
  const count = integerBetween(args[2]!, -INT64_MAX, INT64_MAX);
  const withValues = args.length === 4;
  if (args.length > 4 || (withValues && optionWord(args[3]!) !== "WITHVALUES")) throw SYNTAX;
  if (withValues) checkDoubled(args[2]!);
  const hash = db.hash(args[1]!);
  if (hash === null || count === 0) return [];
  const form = replyForm(withValues, context.resp);
  return count < 0 ? drawWithRepeats(hash, -count, form, random) : drawDistinct(hash, count, form, random);
}

/** The reply has twice as many elements, or might have. */
function checkDoubled(count: Bytes): void {
  const value = int64Argument(count);
  const most = INT64_MAX / 2n;
  if (value < -most || value > most) throw OUT_OF_RANGE;
}

const OUT_OF_RANGE = new CommandError("ERR value is out of range");

/** What one field becomes in the reply. */
interface ReplyForm {
  readonly perField: 1 | 2;
  readonly elements: (fields: readonly FieldAndValue[]) => Reply[];
}

function replyForm(withValues: boolean, resp: 2 | 3): ReplyForm {
  if (!withValues) return { perField: 1, elements: (fields) => fields.map(([field]) => field) };
  if (resp === 2) return { perField: 2, elements: (fields) => fields.flat() };
  return { perField: 1, elements: (fields) => fields.map(([field, value]) => [field, value]) };
}

function drawDistinct(hash: Hash, count: number, form: ReplyForm, random: Random): Reply {
  if (hash.mustStream && !hash.isSmallPart(count)) return sample(hash, count, form, random);
  if (count >= hash.count) return form.elements([...hash.entries()]);
  return form.elements(hash.randomDistinct(count, random));
}

/**
 * Many fields of a large hash, in one pass: each is taken with the odds of those that are still wanted to those
 * that are left (Knuth, The Art of Computer Programming 2, 3.4.2, algorithm S).
 */
function sample(hash: Hash, count: number, { perField, elements }: ReplyForm, random: Random): Reply {
  let left = hash.count;
  let wanted = Math.min(count, left);
  // The context's own generator goes on with the next command.
  const draws = new Random(random.next32());
  const size = wanted * perField;
  const pages = mapRuns(hash.stream(), (run) =>
    elements(
      run.filter(() => {
        const isTaken = draws.below(left--) < wanted;
        if (isTaken) wanted--;
        return isTaken;
      }),
    ),
  );
  return new StreamReply("array", size, pages);
}

/** A reply of more fields than this is made in pages of as many. */
const PAGE = 1000;

function drawWithRepeats(
  hash: Hash,
  count: number,
  { perField, elements }: ReplyForm,
  random: Random,
): Reply {
  if (count <= PAGE || hash.isSmallPart(count)) return elements(hash.randomWithRepeats(count, random));
  const fields = [...hash.entries()];
  if (hash.isInScript) return elements(drawsInScript(count, () => fields[random.below(fields.length)]!));
  const draws = new Random(random.next32());
  return new StreamReply("array", count * perField, repeatedly(fields, count, draws, elements));
}

async function* repeatedly(
  fields: readonly FieldAndValue[],
  count: number,
  draws: Random,
  elements: ReplyForm["elements"],
): AsyncGenerator<Reply[]> {
  for (let left = count; left > 0; left -= PAGE) {
    yield elements(Array.from({ length: Math.min(left, PAGE) }, () => fields[draws.below(fields.length)]!));
  }
}
