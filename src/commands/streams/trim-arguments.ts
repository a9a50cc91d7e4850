import { CommandError, SYNTAX } from "../../errors.ts";
import { MIN_ID, type StreamId, parseId } from "../../keyspace/stream/id.ts";
import type { Trim } from "../../keyspace/stream/trim.ts";
import type { Bytes } from "../../support/bytes.ts";
import { integerArgument, optionWord } from "../arguments.ts";
import { INVALID_ID, idArgument } from "./arguments.ts";

const BOTH = new CommandError(
  "ERR syntax error, MAXLEN and MINID options at the same time are not compatible",
);
const NEGATIVE_MAXLEN = new CommandError("ERR The MAXLEN argument must be >= 0.");
const NEGATIVE_LIMIT = new CommandError("ERR The LIMIT argument must be >= 0.");
const LIMIT_WITHOUT_STRATEGY = new CommandError(
  "ERR syntax error, LIMIT cannot be used without specifying a trimming strategy",
);
const LIMIT_WITHOUT_APPROXIMATE = new CommandError(
  "ERR syntax error, LIMIT cannot be used without the special ~ option",
);
const NO_STRATEGY = new CommandError("ERR syntax error, XTRIM must be called with a trimming strategy");

/** The id that XADD gives: `*` (null), `ms-*`, or all of it. */
export interface NewId {
  readonly ms: Bytes;
  /** Null: the next one in that millisecond. */
  readonly sequence: Bytes | null;
}

export interface TrimArguments {
  readonly trim: Trim | null;
  /** Where MAXLEN's number is, or MINID's id. */
  readonly limitAt: number;
  readonly noMkstream: boolean;
  readonly newId: NewId | null;
  /** Where the options end: XADD's id. */
  readonly idAt: number;
}

/** The options of XADD and XTRIM. A master has counted already: what it tells has to be done whatever LIMIT says. */
export function trimArguments(
  args: readonly Bytes[],
  isAdd: boolean,
  nodeMaxEntries: number,
  isFromMaster: boolean,
): TrimArguments {
  let strategy: Trim["strategy"] | null = null;
  let approximate = false;
  let maxLength = 0;
  let minId: StreamId = MIN_ID;
  let limit: number | null = null;
  let limitAt = 0;
  let noMkstream = false;
  let newId: NewId | null = null;
  let at = 2;
  for (; at < args.length; at++) {
    const text = args[at]!;
    if (isAdd && text === "*") break;
    const word = optionWord(text);
    const hasMore = at + 1 < args.length;
    if ((word === "MAXLEN" || word === "MINID") && hasMore) {
      if (strategy !== null) throw BOTH;
      const sign = args[at + 1]!;
      const isSigned = at + 2 < args.length && (sign === "~" || sign === "=");
      approximate = isSigned && sign === "~";
      at += isSigned ? 2 : 1;
      limitAt = at;
      if (word === "MAXLEN") {
        strategy = "maxlen";
        maxLength = integerArgument(args[at]!);
        if (maxLength < 0) throw NEGATIVE_MAXLEN;
      } else {
        strategy = "minid";
        minId = idArgument(args[at]!);
      }
    } else if (word === "LIMIT" && hasMore) {
      limit = integerArgument(args[++at]!);
      if (limit < 0) throw NEGATIVE_LIMIT;
    } else if (isAdd && word === "NOMKSTREAM") {
      noMkstream = true;
    } else if (isAdd) {
      newId = newIdArgument(text);
      break;
    } else {
      throw SYNTAX;
    }
  }
  if (strategy === null) {
    if (limit !== null && limit > 0) throw LIMIT_WITHOUT_STRATEGY;
    if (!isAdd) throw NO_STRATEGY;
  }
  if (isFromMaster) limit = 0;
  else if (limit !== null && !approximate) throw LIMIT_WITHOUT_APPROXIMATE;
  limit ??= approximate ? defaultLimit(nodeMaxEntries) : 0;
  const trim = strategy === null ? null : { strategy, maxLength, minId, approximate, limit };
  return { trim, limitAt, noMkstream, newId, idAt: at };
}

function newIdArgument(text: Bytes): NewId {
  const id = parseId(text);
  if (id === null) throw INVALID_ID;
  return { ms: id.ms, sequence: id.sequence === undefined ? MIN_ID.slice(0, id.ms.length) : id.sequence };
}

/** A hundred nodes, within bounds. */
function defaultLimit(nodeMaxEntries: number): number {
  const limit = 100 * nodeMaxEntries;
  return limit <= 0 ? 10_000 : Math.min(limit, 1_000_000);
}
