import { CommandError, WRONG_TYPE } from "../errors.ts";
import type { Database } from "../keyspace/database.ts";
import { List } from "../keyspace/list.ts";
import { SetValue } from "../keyspace/set.ts";
import { ZSet } from "../keyspace/zset.ts";
import type { Reply } from "../resp/reply.ts";
import type { Bytes } from "../support/bytes.ts";
import { parseSortWeight } from "../support/doubles.ts";
import type { CommandGroup, Context } from "./command.ts";
import { sortKeys, sortReadOnlyKeys } from "./find-keys.ts";
import { keyAt, noted, unknownKeys } from "./key-spec.ts";
import { type SortOptions, sortOptions } from "./sort/options.ts";
import { lookUp } from "./sort/pattern.ts";

/** SORT and SORT_RO. */
export const SORT: CommandGroup = {
  name: "generic",
  rows: {
    sort: {
      arity: -2,
      flags: ["write", "denyoom"],
      categories: ["set", "sortedset", "list", "dangerous"],
      keys: [
        keyAt(1, "RO", "access"),
        noted(
          unknownKeys("RO", "access"),
          "For the optional BY/GET keyword. It is marked 'unknown' because the key names derive from the content of the key we sort",
        ),
        noted(
          unknownKeys("OW", "update"),
          "For the optional STORE keyword. It is marked 'unknown' because the keyword can appear anywhere in the argument array",
        ),
      ],
      findKeys: sortKeys,
      doc: {
        summary: "Sort the elements in a list, set or sorted set",
        since: "1.0.0",
        complexity:
          "O(N+M*log(M)) where N is the number of elements in the list or set to sort, and M the number of returned elements. When the elements are not sorted, complexity is O(N).",
        syntax:
          "key [BY pattern#1] [LIMIT offset:integer count:integer] [GET pattern#1]... " +
          "order:[ASC | DESC] [sorting:ALPHA] [STORE destination:key#2]",
      },
      run: sort,
    },
    sort_ro: {
      arity: -2,
      flags: ["readonly"],
      categories: ["set", "sortedset", "list", "dangerous"],
      keys: [
        keyAt(1, "RO", "access"),
        noted(
          unknownKeys("RO", "access"),
          "For the optional BY/GET keyword. It is marked 'unknown' because the key names derive from the content of the key we sort",
        ),
      ],
      findKeys: sortReadOnlyKeys,
      doc: {
        summary: "Sort the elements in a list, set or sorted set. Read-only variant of SORT.",
        since: "7.0.0",
        complexity:
          "O(N+M*log(M)) where N is the number of elements in the list or set to sort, and M the number of returned elements. When the elements are not sorted, complexity is O(N).",
        syntax:
          "key [BY pattern#1] [LIMIT offset:integer count:integer] [GET pattern#1]... " +
          "order:[ASC | DESC] [sorting:ALPHA]",
      },
      run: sortReadOnly,
    },
  },
};

function sort({ db, keyspace }: Context, args: readonly Bytes[]): Reply {
  const options = sortOptions(args, true);
  const { store } = options;
  if (store !== null) db.ready([args[1]!, store]);
  const sorted = sortKey(db, args[1]!, options);
  if (store === null) return sorted;
  if (sorted.length > 0) {
    // A list has no place for nothing.
    const stored = sorted.map((element) => element ?? "");
    db.put(store, List.of(keyspace, stored));
    db.event("list", "sortstore", store);
  } else if (db.delete(store)) {
    db.event("generic", "del", store);
  }
  return sorted.length;
}

function sortReadOnly({ db }: Context, args: readonly Bytes[]): Reply {
  return sortKey(db, args[1]!, sortOptions(args, false));
}

function sortKey(db: Database, key: Bytes, options: SortOptions): (Bytes | null)[] {
  const sorted = sortedElements(db, key, options);
  if (options.get.length === 0) return sorted;
  return lookUp(
    db,
    sorted.flatMap((element) => options.get.map((pattern) => ({ pattern, element }))),
  );
}

function sortedElements(db: Database, key: Bytes, options: SortOptions): Bytes[] {
  const value = db.find(key)?.value ?? null;
  if (value === null) {
    db.missed(key);
    return [];
  }
  if (!(value instanceof SetValue || value instanceof ZSet || value instanceof List)) throw WRONG_TYPE;
  const { count } = value;
  const { start, end } = shown(count, options);
  if (options.by !== "nosort") return inOrder(db, elementsOf(value), options).slice(start, end);
  // Lists and sorted sets have an order of their own; to a set any is as good, but what is stored must not depend on
  // chance.
  if (value instanceof List) {
    return options.isDescending ? value.slice(count - end, count - start).reverse() : value.slice(start, end);
  }
  if (value instanceof ZSet) {
    const window = { reverse: options.isDescending, offset: 0, limit: -1 };
    return start === end ? [] : value.range({ by: "rank", start, stop: end - 1 }, window).members;
  }
  const elements = value.memberArray();
  if (options.store !== null || value.isInScript)
    inOrder(db, elements, { ...options, by: null, isAlpha: true });
  return elements.slice(start, end);
}

function elementsOf(value: SetValue | ZSet | List): Bytes[] {
  if (value instanceof List) return value.values();
  return value instanceof SetValue ? value.memberArray() : Array.from(value.entries(), ([member]) => member);
}

/** The part of `count` elements that LIMIT lets through: `end` is exclusive. */
function shown(count: number, { offset, limit }: SortOptions): { start: number; end: number } {
  const start = Math.min(Math.max(offset, 0), count);
  return { start, end: limit < 0 ? count : Math.min(start + limit, count) };
}

/** Sorts `elements` in place. Those that are equal in all that is compared stay as they are. */
function inOrder(db: Database, elements: Bytes[], options: SortOptions): Bytes[] {
  const { by, isAlpha, isDescending, store } = options;
  const sign = isDescending ? -1 : 1;
  const shownText = isAlpha && store === null;
  if (by === null && isAlpha) {
    return elements.sort((a, b) => sign * (shownText ? compareText(a, b) : compare(a, b)));
  }
  const keys =
    by === null || by === "nosort"
      ? elements
      : lookUp(
          db,
          elements.map((element) => ({ pattern: by, element })),
        );
  const weighted = elements.map((element, i) => ({
    element,
    weight: isAlpha ? keys[i]! : weightOf(keys[i]!),
  }));
  // Numbers that are equal go by the elements' bytes; texts that are equal do not, in Redis.
  weighted.sort((a, b) => {
    if (shownText) return sign * compareText(a.weight as Bytes | null, b.weight as Bytes | null);
    return sign * (compare(a.weight, b.weight) || (isAlpha ? 0 : compare(a.element, b.element)));
  });
  return weighted.map(({ element }, i) => (elements[i] = element));
}

/** Nothing comes before any text. */
function compare(a: Bytes | number | null, b: Bytes | number | null): number {
  if (a === b) return 0;
  if (a === null) return -1;
  if (b === null) return 1;
  return a < b ? -1 : 1;
}

/** As strcoll() does in the C locale, which Redis calls for what it only shows: a text ends at its first zero byte. */
function compareText(a: Bytes | null, b: Bytes | null): number {
  return compare(a === null ? null : untilZero(a), b === null ? null : untilZero(b));
}

function untilZero(text: Bytes): Bytes {
  const end = text.indexOf("\0");
  return end < 0 ? text : text.slice(0, end);
}

/** Nothing weighs 0. */
function weightOf(text: Bytes | null): number {
  const weight = text === null ? 0 : parseSortWeight(text);
  if (weight === null) throw NOT_A_WEIGHT;
  return weight;
}

const NOT_A_WEIGHT = new CommandError("ERR One or more scores can't be converted into double");
