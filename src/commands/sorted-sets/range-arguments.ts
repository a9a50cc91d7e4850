import { CommandError, SYNTAX } from "../../errors.ts";
import { type LexBound, type OrderRange, type Window, WHOLE_RANGE } from "../../keyspace/order-range.ts";
import type { Bytes } from "../../support/bytes.ts";
import { parseScoreBound } from "../../support/doubles.ts";
import { integerArgument, optionWord } from "../arguments.ts";

/** What ZRANGE and its kin ask for. */
export interface RangeQuery {
  readonly range: OrderRange;
  readonly window: Window;
  readonly withScores: boolean;
}

/** What the name of a command fixes; absent: what its options say. */
export interface RangeKind {
  readonly by?: OrderRange["by"];
  readonly reverse?: boolean;
  readonly takesScores: boolean;
}

/** Two bounds at `from` and the options behind them. */
export function rangeQuery(args: readonly Bytes[], from: number, kind: RangeKind): RangeQuery {
  let { by, reverse } = kind;
  let withScores = false;
  let offset = 0;
  let limit = -1;
  for (let at = from + 2; at < args.length; at++) {
    const word = optionWord(args[at]!);
    if (word === "WITHSCORES" && kind.takesScores) {
      withScores = true;
    } else if (word === "LIMIT" && at + 2 < args.length) {
      offset = integerArgument(args[++at]!);
      limit = integerArgument(args[++at]!);
    } else if (word === "REV" && reverse === undefined) {
      reverse = true;
    } else if (word === "BYLEX" && by === undefined) {
      by = "lex";
    } else if (word === "BYSCORE" && by === undefined) {
      by = "score";
    } else {
      throw SYNTAX;
    }
  }
  by ??= "rank";
  reverse ??= false;
  if (by === "rank" && limit !== -1) throw LIMIT_OF_RANKS;
  if (by === "lex" && withScores) throw SCORES_OF_LEX;
  if (by === "rank") {
    const range: OrderRange = {
      by,
      start: integerArgument(args[from]!),
      stop: integerArgument(args[from + 1]!),
    };
    return { range, window: { reverse, offset: 0, limit }, withScores };
  }
  const [min, max] = reverse ? [args[from + 1]!, args[from]!] : [args[from]!, args[from + 1]!];
  const range = by === "score" ? scoreRange(min, max) : lexRange(min, max);
  return { range, window: { reverse, offset, limit }, withScores };
}

const LIMIT_OF_RANKS = new CommandError(
  "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX",
);
const SCORES_OF_LEX = new CommandError(
  "ERR syntax error, WITHSCORES not supported in combination with BYLEX",
);

export function rankRange(start: Bytes, stop: Bytes): OrderRange {
  return { by: "rank", start: integerArgument(start), stop: integerArgument(stop) };
}

/** What takes everything becomes a range of ranks, whose size is known. @throws NOT_A_SCORE_RANGE */
export function scoreRange(minText: Bytes, maxText: Bytes): OrderRange {
  const min = parseScoreBound(minText);
  const max = parseScoreBound(maxText);
  if (min === null || max === null) throw NOT_A_SCORE_RANGE;
  if (min.value === -Infinity && max.value === Infinity && !min.exclusive && !max.exclusive)
    return WHOLE_RANGE;
  return { by: "score", min, max };
}

const NOT_A_SCORE_RANGE = new CommandError("ERR min or max is not a float");

/** @throws NOT_A_LEX_RANGE */
export function lexRange(minText: Bytes, maxText: Bytes): OrderRange {
  const min = lexBound(minText);
  const max = lexBound(maxText);
  return min === "-" && max === "+" ? WHOLE_RANGE : { by: "lex", min, max };
}

function lexBound(text: Bytes): LexBound {
  if (text === "-" || text === "+") return text;
  const first = text[0];
  if (first !== "(" && first !== "[") throw NOT_A_LEX_RANGE;
  return { value: text.slice(1), exclusive: first === "(" };
}

const NOT_A_LEX_RANGE = new CommandError("ERR min or max not valid string range item");
