import type { Bytes } from "../support/bytes.ts";

/**
 * Where a command's keys stand and what the command does to them: Redis' key specifications
 * (https://redis.io/docs/latest/develop/reference/key-specs/). COMMAND INFO prints them, COMMAND GETKEYS and
 * fetching ahead follow them. Positions count from the command's name, which is 0; a subcommand's name is 1.
 */
export interface KeySpec {
  /** What happens to the keys, in the order in which Redis tells it: `RW access update`. */
  readonly flags: readonly KeyFlag[];
  /** Where the search begins: at a position, behind a keyword (from the end if `startFrom` is negative), or not to be told. */
  readonly begin:
    | { readonly index: number }
    | { readonly keyword: string; readonly startFrom: number }
    | "unknown";
  /**
   * From there: a range of arguments (`lastKey` counts from the first one, or from the end if negative; only
   * the first of `limit` equal parts is keys), or a number of keys and the keys behind it.
   */
  readonly find:
    | { readonly lastKey: number; readonly step: number; readonly limit: number }
    | { readonly keyNum: number; readonly firstKey: number; readonly step: number }
    | "unknown";
  readonly notes?: string;
}

export const KEY_FLAGS = [
  "RO",
  "RW",
  "OW",
  "RM",
  "access",
  "update",
  "insert",
  "delete",
  "not_key",
  "incomplete",
  "variable_flags",
] as const;

export type KeyFlag = (typeof KEY_FLAGS)[number];

/** A key among the arguments of one call. */
export interface KeyReference {
  readonly position: number;
  readonly flags: readonly KeyFlag[];
}

/** One key at `index`. */
export function keyAt(index: number, ...flags: KeyFlag[]): KeySpec {
  return keysBetween(index, index, ...flags);
}

/** Keys from `first` to `last`, which counts from the end if it is negative (-1: the last argument). */
export function keysBetween(first: number, last: number, ...flags: KeyFlag[]): KeySpec {
  return {
    flags,
    begin: { index: first },
    find: { lastKey: last < 0 ? last : last - first, step: 1, limit: 0 },
  };
}

/** Every second argument from `first` on: MSET key value key value. */
export function keysOfPairs(first: number, ...flags: KeyFlag[]): KeySpec {
  return { flags, begin: { index: first }, find: { lastKey: -1, step: 2, limit: 0 } };
}

/** A count at `index`, the keys behind it: ZUNION numkeys key [key …]. */
export function countedKeys(index: number, ...flags: KeyFlag[]): KeySpec {
  return { flags, begin: { index }, find: { keyNum: 0, firstKey: 1, step: 1 } };
}

/** One key behind the word `keyword`, which is looked for from the position `startFrom`. */
export function keyBehind(keyword: string, startFrom: number, ...flags: KeyFlag[]): KeySpec {
  return { flags, begin: { keyword, startFrom }, find: { lastKey: 0, step: 1, limit: 0 } };
}

/** All arguments behind a keyword, or the first of `limit` equal parts of them: XREAD STREAMS key [key …] id [id …]. */
export function keysBehind(keyword: string, startFrom: number, limit: number, ...flags: KeyFlag[]): KeySpec {
  return { flags, begin: { keyword, startFrom }, find: { lastKey: -1, step: 1, limit } };
}

/** Keys whose places no specification can tell; the row's `findKeys` knows, where anything does. */
export function unknownKeys(...flags: KeyFlag[]): KeySpec {
  return { flags, begin: "unknown", find: "unknown" };
}

/** The specification with the remark that COMMAND INFO gives for it. */
export function noted(spec: KeySpec, notes: string): KeySpec {
  return { ...spec, notes };
}

/**
 * The positions of the keys that one specification gives; none if its keyword is absent. Undefined if the
 * arguments do not fit, or if it cannot tell all keys (unknown or incomplete).
 */
export function keyPositions(spec: KeySpec, args: readonly Bytes[]): number[] | undefined {
  const { begin, find } = spec;
  if (begin === "unknown" || find === "unknown" || spec.flags.includes("incomplete")) return undefined;
  let first: number;
  if ("index" in begin) {
    first = begin.index;
  } else {
    const at = keywordPosition(args, begin.keyword, begin.startFrom);
    if (at === undefined) return [];
    first = at + 1;
  }
  let last: number;
  if ("keyNum" in find) {
    const count = args[first + find.keyNum];
    if (count === undefined || !/^(0|[1-9][0-9]{0,15})$/.test(count)) return undefined;
    first += find.firstKey;
    last = first + Number(count) - 1;
  } else if (find.lastKey >= 0) {
    last = first + find.lastKey;
  } else if (find.limit === 0) {
    last = args.length + find.lastKey;
  } else {
    last = first + Math.floor((args.length - first) / find.limit) + find.lastKey;
  }
  if (last >= args.length || last < first) return undefined;
  const positions: number[] = [];
  for (let position = first; position <= last; position += find.step) positions.push(position);
  return positions;
}

/** A keyword as the very last argument (the second, in a search backwards) has nothing behind it: not looked at. */
function keywordPosition(args: readonly Bytes[], keyword: string, startFrom: number): number | undefined {
  const isBackwards = startFrom < 0;
  const end = isBackwards ? 1 : args.length - 1;
  const step = isBackwards ? -1 : 1;
  let at = isBackwards ? args.length + startFrom : startFrom;
  for (; at !== end && at >= 1 && at < args.length; at += step) {
    if (args[at]!.toUpperCase() === keyword) return at;
  }
  return undefined;
}
