import type { Bytes } from "../support/bytes.ts";
import { MAX_BLOCK, ScoreBlocks } from "./score-blocks.ts";

/** Members of a sorted set in order: of few a `FlatOrder`, of many a `ScoreOrder`. */
export interface MemberOrder extends Iterable<readonly [member: Bytes, score: number]> {
  readonly size: number;
  /** The pair must not be there yet. */
  insert(score: number, member: Bytes): void;
  /** The member has the score `old`, and gets another. */
  move(old: number, score: number, member: Bytes): void;
  /** The pair must be there. */
  remove(score: number, member: Bytes): void;
  /** Removes the elements of ranks `from` up to, not including, `to`. */
  removeRanks(from: number, to: number): void;
  /** How many elements come before this pair. */
  rank(score: number, member: Bytes): number;
  /**
   * How many elements come first, of which all satisfy `isBefore`; it must hold for the elements up to some
   * place in the order and for none behind it.
   */
  countWhile(isBefore: (score: number, member: Bytes) => boolean): number;
  /** The elements of ranks `from` up to, not including, `to`; the arrays are the caller's. */
  slice(from: number, to: number): ScoredMembers;
  /** The elements of some ranks, in the order of the ranks given. */
  atRanks(ranks: readonly number[]): ScoredMembers;
  /** The score of a member, by looking at all of them: for small ones. */
  find(member: Bytes): number | null;
}

/**
 * Members of a sorted set in the order of their scores, those of one score in the order of their bytes.
 *
 * Scores and numbers of members are in `ScoreBlocks`, the members themselves beside them: a change finds its block by
 * binary search over the first scores, and moves half a block's worth of numbers.
 */
export class ScoreOrder implements MemberOrder {
  #blocks = new ScoreBlocks();
  /** By number. */
  #members: Bytes[] = [];
  /** Numbers without a member. */
  #free: number[] = [];
  #size = 0;

  constructor() {
    this.#blocks.add(0);
  }

  /** From elements that are in order; it takes over the array of members. */
  static ofSorted(sorted: ScoredMembers): ScoreOrder {
    const order = new ScoreOrder();
    order.#fill(sorted);
    return order;
  }

  /** It must be empty. */
  #fill({ scores, members }: ScoredMembers): void {
    const blocks = this.#blocks;
    for (let number = 0; number < scores.length; number++) {
      const i = number % FILLED_BLOCK;
      if (i === 0 && number > 0) blocks.add(blocks.count);
      blocks.insert(blocks.count - 1, i, scores[number]!, number);
    }
    this.#members = members;
    this.#size = members.length;
  }

  get size(): number {
    return this.#size;
  }

  // ─── changing ──────────────────────────────────────────────────────────────────────────────────

  insert(score: number, member: Bytes): void {
    const number = this.#free.pop() ?? this.#members.length;
    this.#members[number] = member;
    this.#size++;
    this.#place(score, member, number);
  }

  move(old: number, score: number, member: Bytes): void {
    const block = this.#blockOf(old, member);
    const i = this.#firstNotBefore(block, old, member);
    const number = this.#blocks.numberAt(block, i);
    this.#blocks.remove(block, i, 1);
    this.#tidy(block);
    this.#place(score, member, number);
  }

  #place(score: number, member: Bytes, number: number): void {
    const blocks = this.#blocks;
    let block = this.#blockOf(score, member);
    let i = this.#firstNotBefore(block, score, member);
    const length = blocks.lengthOf(block);
    if (i === length && length >= FILLED_BLOCK && block === blocks.count - 1) {
      // Scores that only grow (times, sequence numbers) leave full blocks behind.
      blocks.add(++block);
      i = 0;
    } else if (length === MAX_BLOCK) {
      blocks.split(block);
      const left = blocks.lengthOf(block);
      if (i > left) {
        block++;
        i -= left;
      }
    }
    blocks.insert(block, i, score, number);
  }

  remove(score: number, member: Bytes): void {
    const block = this.#blockOf(score, member);
    this.#cut(block, this.#firstNotBefore(block, score, member), 1);
    this.#tidy(block);
    this.#shrink();
  }

  removeRanks(from: number, to: number): void {
    if (from >= to) return;
    const blocks = this.#blocks;
    const first = blocks.blockAt(from);
    let i = from - blocks.startOf(first);
    let left = to - from;
    let block = first;
    for (; left > 0; block++, i = 0) {
      const count = Math.min(left, blocks.lengthOf(block) - i);
      this.#cut(block, i, count);
      left -= count;
    }
    // Those between the first and the last that were cut are empty now.
    if (block - first > 2) blocks.drop(first + 1, block - first - 2);
    if (block - first > 1) this.#tidy(first + 1);
    this.#tidy(first);
    this.#shrink();
  }

  #cut(block: number, i: number, count: number): void {
    const blocks = this.#blocks;
    for (let k = i; k < i + count; k++) {
      const number = blocks.numberAt(block, k);
      this.#members[number] = "";
      this.#free.push(number);
    }
    blocks.remove(block, i, count);
    this.#size -= count;
  }

  /** A block that became empty goes; one that became small joins a neighbour. */
  #tidy(block: number): void {
    const blocks = this.#blocks;
    const length = blocks.lengthOf(block);
    if (length >= SMALL_BLOCK || blocks.count === 1) return;
    if (length === 0) blocks.drop(block, 1);
    else if (this.#canJoin(block)) blocks.join(block);
    // The next one may have been full when this one became small.
    else if (block > 0 && this.#canJoin(block - 1)) blocks.join(block - 1);
  }

  #canJoin(block: number): boolean {
    const blocks = this.#blocks;
    return block + 1 < blocks.count && blocks.lengthOf(block) + blocks.lengthOf(block + 1) <= FILLED_BLOCK;
  }

  /** What has become small gives back what it took when it was large. */
  #shrink(): void {
    if (this.#free.length <= this.#size + MAX_FREE) return;
    const left = this.slice(0, this.#size);
    this.#blocks = new ScoreBlocks();
    this.#blocks.add(0);
    this.#free = [];
    this.#fill(left);
  }

  // ─── ranks ─────────────────────────────────────────────────────────────────────────────────────

  rank(score: number, member: Bytes): number {
    const block = this.#blockOf(score, member);
    return this.#blocks.startOf(block) + this.#firstNotBefore(block, score, member);
  }

  countWhile(isBefore: (score: number, member: Bytes) => boolean): number {
    const blocks = this.#blocks;
    let low = 1;
    let high = blocks.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBefore(blocks.firsts[middle]!, this.#memberAt(middle, 0))) low = middle + 1;
      else high = middle;
    }
    const block = low - 1;
    low = 0;
    high = blocks.lengthOf(block);
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBefore(blocks.scoreAt(block, middle), this.#memberAt(block, middle))) low = middle + 1;
      else high = middle;
    }
    return blocks.startOf(block) + low;
  }

  slice(from: number, to: number): ScoredMembers {
    const scores: number[] = [];
    const members: Bytes[] = [];
    if (from >= to) return { scores, members };
    const blocks = this.#blocks;
    let block = blocks.blockAt(from);
    let i = from - blocks.startOf(block);
    for (let left = to - from; left > 0; block++, i = 0) {
      const page = blocks.pageOf(block);
      const begin = blocks.beginOf(block);
      const end = Math.min(i + left, blocks.lengthOf(block));
      left -= end - i;
      for (; i < end; i++) {
        scores.push(page.scores[begin + i]!);
        members.push(this.#members[page.numbers[begin + i]!]!);
      }
    }
    return { scores, members };
  }

  atRanks(ranks: readonly number[]): ScoredMembers {
    const blocks = this.#blocks;
    const scores: number[] = [];
    const members: Bytes[] = [];
    for (const rank of ranks) {
      const block = blocks.blockAt(rank);
      const i = rank - blocks.startOf(block);
      scores.push(blocks.scoreAt(block, i));
      members.push(this.#memberAt(block, i));
    }
    return { scores, members };
  }

  find(member: Bytes): number | null {
    for (const [other, score] of this) if (other === member) return score;
    return null;
  }

  *[Symbol.iterator](): Iterator<readonly [member: Bytes, score: number]> {
    const blocks = this.#blocks;
    for (let block = 0; block < blocks.count; block++) {
      for (let i = 0; i < blocks.lengthOf(block); i++) {
        yield [this.#memberAt(block, i), blocks.scoreAt(block, i)];
      }
    }
  }

  // ─── blocks ────────────────────────────────────────────────────────────────────────────────────

  #memberAt(block: number, i: number): Bytes {
    return this.#members[this.#blocks.numberAt(block, i)]!;
  }

  /** The last block that begins at or before the pair; the first one when none does. */
  #blockOf(score: number, member: Bytes): number {
    const { firsts, count } = this.#blocks;
    let block = 0;
    for (let left = count, half = 0; left > 1; left -= half) {
      half = left >>> 1;
      if (firsts[block + half]! < score) block += half;
    }
    if (block + 1 === count || firsts[block + 1] !== score) return block;
    // Members decide, in blocks that begin with this score.
    let low = block + 1;
    let high = count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (firsts[middle] === score && this.#memberAt(middle, 0) <= member) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** The index in a block of the first element that does not come before the pair. */
  #firstNotBefore(block: number, score: number, member: Bytes): number {
    const { scores, numbers } = this.#blocks.pageOf(block);
    const begin = this.#blocks.beginOf(block);
    const end = begin + this.#blocks.lengthOf(block);
    let low = begin;
    for (let left = end - begin; left > 0;) {
      const half = left >>> 1;
      if (scores[low + half]! < score) {
        low += half + 1;
        left -= half + 1;
      } else left = half;
    }
    // Members decide, among those of this score.
    let high = Math.min(low + 1, end);
    for (let step = 1; high < end && scores[high] === score; step *= 2) high = Math.min(high + step, end);
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (scores[middle] === score && this.#members[numbers[middle]!]! < member) low = middle + 1;
      else high = middle;
    }
    return low - begin;
  }
}

/** Scores and members side by side, in order. */
export interface ScoredMembers {
  readonly scores: number[];
  readonly members: Bytes[];
}

/** How full blocks are made where there is a choice: there is room for some more. */
const FILLED_BLOCK = 112;
const SMALL_BLOCK = 32;
/** So many numbers may be free beside as many as are in use. */
const MAX_FREE = 256;
