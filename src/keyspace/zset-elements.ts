import { crc32 } from "../support/crc32.ts";
import type { Bytes } from "../support/bytes.ts";
import type { Element, ElementRange, Elements } from "../storage/elements.ts";
import { readScore, scoreBytes, u32 } from "../storage/numbers.ts";
import type { OrderKeys } from "./order-blocks.ts";
import {
  type LexRange,
  type OrderRange,
  type Ranks,
  type ScoreRange,
  type Window,
  isEmptyRange,
  ranksShown,
} from "./order-range.ts";
import type { ScoredMembers } from "./score-order.ts";

/**
 * The elements of a ranged sorted set are in two parts. A change of a score costs two writes and a delete, an
 * equal score none.
 *
 *   part 0: crc32 of the member, member ⇒ score     point reads, scan cursors, random members
 *   part 1: score, member ⇒ nothing                 ranges
 *
 * −0 sorts as 0, and is not lost: clients see it, as in Redis.
 */
export const MEMBERS = "\0";
export const ORDER = "\x01";

/** Member `a` ⇒ `00 E8B7BE43 61`. */
export const memberKey = (member: Bytes): Bytes => MEMBERS + u32(crc32(member)) + member;

/** Score 1, member `a` ⇒ `01 BFF0000000000000 61`. */
export const orderKey = (score: number, member: Bytes): Bytes => orderHead(score) + member;

/** What stands before the member. */
export const orderHead = (score: number): Bytes => ORDER + scoreBytes(score);

/** What follows all of a score. */
export const orderEnd = (score: number): Bytes => behind(orderHead(score));

/** Of the order part. */
export const ORDER_KEYS: OrderKeys = {
  lowest: ORDER,
  scoreOf: (key) => readScore(key, ORDER.length),
  headOf: orderHead,
  endOf: orderEnd,
};

/** In the order part, the value of an element whose score is −0. */
const MINUS = "-";

/** −0 as `readScore` reads it: the greatest of all negative numbers. */
const NEGATIVE_ZERO = "\x7f\xff\xff\xff\xff\xff\xff\xff";

/** A score as a value, 8 bytes for `readScore`: 1 ⇒ `BFF0000000000000`, −0 ⇒ `7FFFFFFFFFFFFFFF`. */
export const scoreValue = (score: number): Bytes =>
  Object.is(score, -0) ? NEGATIVE_ZERO : scoreBytes(score);

const CRC_LENGTH = 4;
const SCORE_LENGTH = 8;

export const ORDER_HEAD_LENGTH = ORDER.length + SCORE_LENGTH;

export const memberOf = (key: Bytes): Bytes => key.slice(MEMBERS.length + CRC_LENGTH);

/** What elements are written to. */
export type ElementWriter = Pick<Elements, "put" | "insert" | "delete">;

/** `old`: the score that the member has, null when it is new. */
export function putElement(elements: ElementWriter, member: Bytes, score: number, old: number | null): void {
  if (old === null) elements.insert(memberKey(member), scoreValue(score));
  else {
    elements.put(memberKey(member), scoreValue(score));
    elements.delete(orderKey(old, member));
  }
  elements.insert(orderKey(score, member), Object.is(score, -0) ? MINUS : "");
}

export function deleteElement(elements: Elements, member: Bytes, score: number): void {
  elements.delete(memberKey(member));
  elements.delete(orderKey(score, member));
}

// ─── ranges ──────────────────────────────────────────────────────────────────────────────────────

/** All elements, in order. */
export const WHOLE_ORDER: ElementRange & { readonly gte: Bytes } = { gte: ORDER };
const FROM_END: ElementRange = { ...WHOLE_ORDER, reverse: true };

export const scoreOfOrder = (key: Bytes, value: Bytes): number =>
  value === MINUS ? -0 : readScore(key, ORDER.length);
export const memberOfOrder = (key: Bytes): Bytes => key.slice(ORDER_HEAD_LENGTH);

export function scoredMembers(elements: readonly Element[]): ScoredMembers {
  const scores: number[] = [];
  const members: Bytes[] = [];
  for (const [key, value] of elements) {
    scores.push(scoreOfOrder(key, value));
    members.push(memberOfOrder(key));
  }
  return { scores, members };
}

/** What a window shows of a range, of a sorted set of `count` elements; of one score, for a range by lex. */
export function readWindow(
  elements: Elements,
  range: OrderRange,
  window: Window,
  count: number,
): ScoredMembers {
  const { reverse, offset, limit } = window;
  if (range.by === "rank") return readRanks(elements, ranksShown(count, range, window), count, reverse);
  if (isEmptyRange(range) || offset < 0) return { scores: [], members: [] };
  const found = elements.range(
    { ...orderBounds(elements, range), reverse },
    limit < 0 ? Infinity : offset + limit,
  );
  return scoredMembers(offset === 0 ? found : found.slice(offset));
}

/** The part of the order that is a range, which is not empty; of one score, for a range by lex. */
export function orderBounds(elements: Elements, range: ScoreRange | LexRange): ElementRange {
  return range.by === "score" ? scoreKeys(range) : lexKeys(range, firstScore(elements));
}

/** For one that is not empty. */
function scoreKeys({ min, max }: ScoreRange): ElementRange {
  return {
    gte: min.exclusive ? orderEnd(min.value) : orderHead(min.value),
    lt: max.exclusive ? orderHead(max.value) : orderEnd(max.value),
  };
}

/** For one that is not empty, where every score is `score`. */
function lexKeys({ min, max }: LexRange, score: number): ElementRange {
  const prefix = ORDER + scoreBytes(score);
  return {
    gte: typeof min === "string" ? prefix : prefix + min.value + (min.exclusive ? "\0" : ""),
    lt: typeof max === "string" ? behind(prefix) : prefix + max.value + (max.exclusive ? "" : "\0"),
  };
}

/** What follows all keys that begin with `prefix`: `01 BFF0` ⇒ `01 BFF1`, `01 FF` ⇒ `02`. */
function behind(prefix: Bytes): Bytes {
  let end = prefix.length;
  while (prefix.charCodeAt(end - 1) === 0xff) end--;
  return prefix.slice(0, end - 1) + String.fromCharCode(prefix.charCodeAt(end - 1) + 1);
}

function firstScore(elements: Elements): number {
  return scoreOfOrder(...elements.range(WHOLE_ORDER, 1)[0]!);
}

/** For one that is not empty. */
export function hasSeveralScores(elements: Elements): boolean {
  return firstScore(elements) !== scoreOfOrder(...elements.range(FROM_END, 1)[0]!);
}

// ─── ranks ───────────────────────────────────────────────────────────────────────────────────────
//
// The store knows no ranks: these walk, from the nearer end. For what is far from both see order-ranks.ts.

/** How many elements `readRanks` walks over. */
export function rankDistance({ from, to }: Ranks, count: number): number {
  return from === to ? 0 : Math.min(to, count - from);
}

export function readRanks(
  elements: Elements,
  { from, to }: Ranks,
  count: number,
  reverse: boolean,
): ScoredMembers {
  if (from === to) return { scores: [], members: [] };
  const fromEnd = count - from < to;
  const found = fromEnd ? elements.range(FROM_END, count - from) : elements.range(WHOLE_ORDER, to);
  const shown = found.slice(fromEnd ? count - to : from);
  return scoredMembers(fromEnd === reverse ? shown : shown.reverse());
}

/** How many of the `count` elements come before this one, which is there; null: `most` or more, and as many behind it. */
export function readRank(elements: Elements, key: Bytes, count: number, most: number): number | null {
  const before = elements.range({ gte: ORDER, lt: key }, most).length;
  if (before < most) return before;
  const behind = elements.range({ gte: `${key}\0`, reverse: true }, most).length;
  return behind < most ? count - 1 - behind : null;
}
