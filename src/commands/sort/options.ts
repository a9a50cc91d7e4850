import { SYNTAX } from "../../errors.ts";
import type { Bytes } from "../../support/bytes.ts";
import { integerArgument, optionWord } from "../arguments.ts";
import { type Pattern, parsePattern } from "./pattern.ts";

export interface SortOptions {
  /** Where the weights are; null: the elements are their own; `nosort`: a pattern that names one key for all. */
  readonly by: Pattern | "nosort" | null;
  readonly get: readonly Pattern[];
  readonly offset: number;
  /** Below zero: no limit. */
  readonly limit: number;
  readonly isDescending: boolean;
  readonly isAlpha: boolean;
  readonly store: Bytes | null;
}

type Draft = { -readonly [Name in keyof SortOptions]: SortOptions[Name] };

/** The options from the third argument on; the last one of a kind counts. @throws SYNTAX, NOT_AN_INTEGER */
export function sortOptions(args: readonly Bytes[], takesStore: boolean): SortOptions {
  const get: Pattern[] = [];
  const options: Draft = {
    by: null,
    get,
    offset: 0,
    limit: -1,
    isDescending: false,
    isAlpha: false,
    store: null,
  };
  for (let at = 2; at < args.length; at++) {
    const word = optionWord(args[at]!);
    const left = args.length - at - 1;
    if (word === "ASC") options.isDescending = false;
    else if (word === "DESC") options.isDescending = true;
    else if (word === "ALPHA") options.isAlpha = true;
    else if (word === "LIMIT" && left >= 2) {
      options.offset = integerArgument(args[++at]!);
      options.limit = integerArgument(args[++at]!);
    } else if (word === "STORE" && left >= 1 && takesStore) options.store = args[++at]!;
    else if (word === "BY" && left >= 1) {
      const pattern = parsePattern(args[++at]!);
      // Once a pattern was constant nothing is sorted, whatever BY comes later.
      if (options.by !== "nosort") options.by = pattern.kind === "key" ? pattern : "nosort";
    } else if (word === "GET" && left >= 1) get.push(parsePattern(args[++at]!));
    else throw SYNTAX;
  }
  return options;
}
