import { CommandError, SYNTAX } from "../errors.ts";
import type { Bytes } from "../support/bytes.ts";
import { NO_KEYS, integerAtLeast, optionWord } from "./arguments.ts";

export interface PopArguments<End> {
  readonly keys: readonly Bytes[];
  readonly end: End;
  readonly count: number;
}

/** `numkeys key … END [COUNT count]` from the argument at `from` on: LMPOP, ZMPOP. `readEnd` reads the word that says the end. */
export function popArguments<End>(
  args: readonly Bytes[],
  from: number,
  readEnd: (word: Bytes) => End,
): PopArguments<End> {
  const keyCount = integerAtLeast(args[from]!, 1, NO_KEYS);
  const endAt = from + 1 + keyCount;
  if (endAt >= args.length) throw SYNTAX;
  const end = readEnd(args[endAt]!);
  return { keys: args.slice(from + 1, endAt), end, count: popCount(args.slice(endAt + 1)) };
}

function popCount(options: readonly Bytes[]): number {
  if (options.length === 0) return 1;
  const [word, value] = options;
  if (optionWord(word!) !== "COUNT" || value === undefined) throw SYNTAX;
  const count = integerAtLeast(value, 1, NOTHING_TO_POP);
  if (options.length > 2) throw SYNTAX;
  return count;
}

const NOTHING_TO_POP = new CommandError("ERR count should be greater than 0");
