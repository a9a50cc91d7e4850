import type { Bytes } from "../support/bytes.ts";
import type { ScoreBound } from "../support/doubles.ts";

/** One end of a range of members: `-` and `+` come before and after all of them. */
export type LexBound = "-" | "+" | { readonly value: Bytes; readonly exclusive: boolean };

export interface RankRange {
  readonly by: "rank";
  /** Both inclusive; negative ones count from the last element, which is -1. */
  readonly start: number;
  readonly stop: number;
}

export interface ScoreRange {
  readonly by: "score";
  readonly min: ScoreBound;
  readonly max: ScoreBound;
}

/** Has a meaning only where all scores are equal, as in Redis. */
export interface LexRange {
  readonly by: "lex";
  readonly min: LexBound;
  readonly max: LexBound;
}

/** A part of the order of a sorted set. */
export type OrderRange = RankRange | ScoreRange | LexRange;

/** What is read of a range: from its end on with `reverse` (ranks count from there, too). */
export interface Window {
  readonly reverse: boolean;
  /** Elements of the range to pass over; below zero: all of them. */
  readonly offset: number;
  /** Elements at most; below zero: no limit. */
  readonly limit: number;
}

export const WHOLE_WINDOW: Window = { reverse: false, offset: 0, limit: -1 };

export const WHOLE_RANGE: RankRange = { by: "rank", start: 0, stop: -1 };

/** Nothing can be in it, whatever the members are. */
export function isEmptyRange(range: ScoreRange | LexRange): boolean {
  if (range.by === "score") {
    const { min, max } = range;
    return min.value > max.value || (min.value === max.value && (min.exclusive || max.exclusive));
  }
  const { min, max } = range;
  if (min === "+" || max === "-") return true;
  if (min === "-" || max === "+") return false;
  return min.value > max.value || (min.value === max.value && (min.exclusive || max.exclusive));
}

export function isScoreBefore(score: number, min: ScoreBound): boolean {
  return min.exclusive ? score <= min.value : score < min.value;
}

export function isScoreUpTo(score: number, max: ScoreBound): boolean {
  return max.exclusive ? score < max.value : score <= max.value;
}

export function isMemberBefore(member: Bytes, min: LexBound): boolean {
  if (typeof min === "string") return min === "+";
  return min.exclusive ? member <= min.value : member < min.value;
}

export function isMemberUpTo(member: Bytes, max: LexBound): boolean {
  if (typeof max === "string") return max === "+";
  return max.exclusive ? member < max.value : member <= max.value;
}

/** Elements of ranks `from` up to, not including, `to`. */
export interface Ranks {
  readonly from: number;
  readonly to: number;
}

export const NO_RANKS: Ranks = { from: 0, to: 0 };

/** The ranks, counted from the first element, that a window shows of a range among `count` elements. */
export function ranksShown(count: number, range: RankRange, window: Window): Ranks {
  const start = Math.max(range.start < 0 ? count + range.start : range.start, 0);
  const stop = Math.min(range.stop < 0 ? count + range.stop : range.stop, count - 1);
  if (start > stop) return NO_RANKS;
  const ranks = window.reverse
    ? { from: count - 1 - stop, to: count - start }
    : { from: start, to: stop + 1 };
  return ranksInWindow(ranks, window);
}

/** What a window shows of ranks. */
export function ranksInWindow({ from, to }: Ranks, { reverse, offset, limit }: Window): Ranks {
  const left = to - from - offset;
  if (offset < 0 || left <= 0) return NO_RANKS;
  const count = limit < 0 ? left : Math.min(limit, left);
  return reverse
    ? { from: to - offset - count, to: to - offset }
    : { from: from + offset, to: from + offset + count };
}
