import { CommandError, SYNTAX } from "../../errors.ts";
import type { BigString } from "../../keyspace/big-string.ts";
import { MapReply, type Reply } from "../../resp/reply.ts";
import type { Bytes } from "../../support/bytes.ts";
import { type LcsMatch, lcsLength, lcsTableBytes, longestCommonSubsequence } from "../../support/lcs.ts";
import { integerArgument, optionWord } from "../arguments.ts";
import type { CommandRow, Context } from "../command.ts";
import { keysBetween } from "../key-spec.ts";

export const LCS_ROWS = {
  lcs: {
    arity: -3,
    flags: ["readonly"],
    keys: [keysBetween(1, 2, "RO", "access")],
    doc: {
      summary: "Find longest common substring",
      since: "7.0.0",
      complexity: "O(N*M) where N and M are the lengths of s1 and s2, respectively",
      syntax: "key1:key key2:key#0 [LEN] [IDX] [MINMATCHLEN len:integer] [WITHMATCHLEN]",
    },
    run: lcs,
  },
} satisfies Record<string, CommandRow>;

interface LcsOptions {
  readonly length: boolean;
  readonly ranges: boolean;
  readonly minMatchLength: number;
  readonly withMatchLength: boolean;
}

function lcs({ db, server }: Context, args: readonly Bytes[]): Reply {
  db.ready([args[1]!, args[2]!]);
  const [first, second] = [args[1]!, args[2]!].map((key) => {
    const entry = db.find(key);
    if (entry !== null && entry.type !== "string") throw NOT_STRINGS;
    return entry === null ? "" : (entry.value as Bytes | BigString);
  }) as [Bytes | BigString, Bytes | BigString];
  const options = lcsOptions(args);
  if (lcsTableBytes(first.length, second.length) > server.config.values.protoMaxBulkLen) throw TOO_LONG;
  const a = wholeOf(first);
  const b = wholeOf(second);
  if (options.length) return lcsLength(a, b);
  const { text, matches } = longestCommonSubsequence(a, b);
  if (!options.ranges) return text;
  const wanted = matches.filter(({ length }) => length >= options.minMatchLength);
  return new MapReply(["matches", wanted.map((match) => rangesOf(match, options)), "len", text.length]);
}

const NOT_STRINGS = new CommandError("ERR The specified keys must contain string values");
const TOO_LONG = new CommandError(
  "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len",
);
const LENGTH_AND_RANGES = new CommandError(
  "ERR If you want both the length and indexes, please just use IDX.",
);

function lcsOptions(args: readonly Bytes[]): LcsOptions {
  let length = false;
  let ranges = false;
  let minMatchLength = 0;
  let withMatchLength = false;
  for (let at = 3; at < args.length; at++) {
    const word = optionWord(args[at]!);
    if (word === "IDX") ranges = true;
    else if (word === "LEN") length = true;
    else if (word === "WITHMATCHLEN") withMatchLength = true;
    else if (word === "MINMATCHLEN" && at + 1 < args.length) minMatchLength = integerArgument(args[++at]!);
    else throw SYNTAX;
  }
  if (length && ranges) throw LENGTH_AND_RANGES;
  return { length, ranges, minMatchLength, withMatchLength };
}

function wholeOf(value: Bytes | BigString): Bytes {
  return typeof value === "string" ? value : value.slice(0, value.length);
}

function rangesOf({ aStart, aEnd, bStart, bEnd, length }: LcsMatch, { withMatchLength }: LcsOptions): Reply {
  const ranges: Reply[] = [
    [aStart, aEnd],
    [bStart, bEnd],
  ];
  return withMatchLength ? [...ranges, length] : ranges;
}
