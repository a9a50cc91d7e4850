import type { Bytes } from "../support/bytes.ts";

/** Members of a sorted set in order: of few a `FlatOrder`, of many a `ScoreOrder`. */
export interface MemberOrder extends Iterable<readonly [member: Bytes, score: number]> {
  readonly size: number;
  /** The pair must not be there yet. */
  insert(score: number, member: Bytes): void;
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
 * A list of blocks: sorted runs of up to `MAX_BLOCK` scores and numbers of members, two arrays side by side. A change
 * finds its block by binary search over the first scores and moves at most one block's worth of numbers: to move the
 * members themselves takes twice as long, V8 has to know of each pointer that it is somewhere else now. The rank at
 * which a block starts is computed when a rank is asked for and stays known until a block before it changes: n / 200
 * additions at the worst, which is 1 µs for 100,000 members.
 */
export class ScoreOrder implements MemberOrder {
  #blocks: Block[];
  /** The first score of each block, side by side to be searched. That of the first block is not asked for. */
  #firsts: number[] = [0];
  /** By number. */
  #members: Bytes[] = [];
  /** Numbers without a member. */
  readonly #free: number[] = [];
  #size: number;
  /** Rank of the first element of each of the first blocks; as many as are known. */
  readonly #starts: number[] = [0];

  constructor() {
    this.#blocks = [{ scores: [], numbers: [] }];
    this.#size = 0;
  }

  /** From elements that are in order; it takes over the array of members. */
  static ofSorted({ scores, members }: ScoredMembers): ScoreOrder {
    const order = new ScoreOrder();
    const size = scores.length;
    order.#size = size;
    if (size === 0) return order;
    order.#members = members;
    order.#blocks = [];
    order.#firsts = [];
    for (let from = 0; from < size; from += FILLED_BLOCK) {
      const some = scores.slice(from, from + FILLED_BLOCK);
      order.#blocks.push({ scores: some, numbers: some.map((_, i) => from + i) });
      order.#firsts.push(some[0]!);
    }
    return order;
  }

  get size(): number {
    return this.#size;
  }

  // ─── changing ──────────────────────────────────────────────────────────────────────────────────

  insert(score: number, member: Bytes): void {
    const blocks = this.#blocks;
    const at = this.#blockOf(score, member);
    const block = blocks[at]!;
    const { scores, numbers } = block;
    const i = this.#firstNotBefore(block, score, member);
    const length = scores.length;
    const number = this.#number(member);
    this.#size++;
    this.#forgetStartsBehind(at);
    if (i === length) {
      if (length >= FILLED_BLOCK && at === blocks.length - 1) {
        // Scores that only grow (times, sequence numbers) leave full blocks behind.
        blocks.push({ scores: [score], numbers: [number] });
        this.#firsts.push(score);
        return;
      }
      scores.push(score);
      numbers.push(number);
    } else {
      scores.splice(i, 0, score);
      numbers.splice(i, 0, number);
    }
    if (i === 0) this.#firsts[at] = score;
    if (length >= MAX_BLOCK) this.#split(at);
  }

  #number(member: Bytes): number {
    const number = this.#free.pop() ?? this.#members.length;
    this.#members[number] = member;
    return number;
  }

  #split(at: number): void {
    const { scores, numbers } = this.#blocks[at]!;
    const half = scores.length >>> 1;
    const behind = { scores: scores.splice(half), numbers: numbers.splice(half) };
    this.#blocks.splice(at + 1, 0, behind);
    this.#firsts.splice(at + 1, 0, behind.scores[0]!);
  }

  remove(score: number, member: Bytes): void {
    const at = this.#blockOf(score, member);
    this.#cut(at, this.#firstNotBefore(this.#blocks[at]!, score, member), 1);
    this.#tidy(at);
  }

  removeRanks(from: number, to: number): void {
    if (from >= to) return;
    const blocks = this.#blocks;
    const first = this.#blockAt(from);
    let i = from - this.#startOf(first);
    let left = to - from;
    let at = first;
    while (left > 0) {
      const count = Math.min(left, blocks[at]!.scores.length - i);
      this.#cut(at, i, count);
      left -= count;
      at++;
      i = 0;
    }
    // Those between the first and the last that were cut are empty now.
    if (at - first > 2) this.#drop(first + 1, at - first - 2);
    if (at - first > 1) this.#tidy(first + 1);
    this.#tidy(first);
  }

  #cut(at: number, i: number, count: number): void {
    const { scores, numbers } = this.#blocks[at]!;
    if (i === 0 && count === 1) {
      // The lowest of all goes more often than others.
      scores.shift();
      this.#release(numbers.shift()!);
    } else {
      scores.splice(i, count);
      for (const number of numbers.splice(i, count)) this.#release(number);
    }
    if (i === 0 && scores.length > 0) this.#firsts[at] = scores[0]!;
    this.#size -= count;
    this.#forgetStartsBehind(at);
    if (this.#free.length > this.#size + MAX_FREE) this.#renumber();
  }

  #release(number: number): void {
    this.#members[number] = "";
    this.#free.push(number);
  }

  /** What has become small gives back what it took when it was large. */
  #renumber(): void {
    const members: Bytes[] = [];
    for (const { numbers } of this.#blocks) {
      for (let i = 0; i < numbers.length; i++) numbers[i] = members.push(this.#members[numbers[i]!]!) - 1;
    }
    this.#members = members;
    this.#free.length = 0;
  }

  #drop(at: number, count: number): void {
    this.#blocks.splice(at, count);
    this.#firsts.splice(at, count);
  }

  /** A block that became empty goes; one that became small joins its neighbour. */
  #tidy(at: number): void {
    const blocks = this.#blocks;
    const { scores, numbers } = blocks[at]!;
    if (scores.length >= SMALL_BLOCK || blocks.length === 1) return;
    if (scores.length === 0) {
      this.#drop(at, 1);
    } else {
      const next = blocks[at + 1];
      if (next === undefined || scores.length + next.scores.length > FILLED_BLOCK) return;
      scores.push(...next.scores);
      numbers.push(...next.numbers);
      this.#drop(at + 1, 1);
    }
    this.#forgetStartsBehind(Math.max(at - 1, 0));
  }

  // ─── ranks ─────────────────────────────────────────────────────────────────────────────────────

  rank(score: number, member: Bytes): number {
    const at = this.#blockOf(score, member);
    return this.#startOf(at) + this.#firstNotBefore(this.#blocks[at]!, score, member);
  }

  countWhile(isBefore: (score: number, member: Bytes) => boolean): number {
    const blocks = this.#blocks;
    const members = this.#members;
    let low = 1;
    let high = blocks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const { scores, numbers } = blocks[middle]!;
      if (isBefore(scores[0]!, members[numbers[0]!]!)) low = middle + 1;
      else high = middle;
    }
    const at = low - 1;
    const { scores, numbers } = blocks[at]!;
    low = 0;
    high = scores.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBefore(scores[middle]!, members[numbers[middle]!]!)) low = middle + 1;
      else high = middle;
    }
    return this.#startOf(at) + low;
  }

  slice(from: number, to: number): ScoredMembers {
    const scores: number[] = [];
    const members: Bytes[] = [];
    if (from >= to) return { scores, members };
    let at = this.#blockAt(from);
    let i = from - this.#startOf(at);
    for (let left = to - from; left > 0; at++, i = 0) {
      const block = this.#blocks[at]!;
      const end = Math.min(i + left, block.scores.length);
      left -= end - i;
      for (; i < end; i++) {
        scores.push(block.scores[i]!);
        members.push(this.#members[block.numbers[i]!]!);
      }
    }
    return { scores, members };
  }

  atRanks(ranks: readonly number[]): ScoredMembers {
    const scores: number[] = [];
    const members: Bytes[] = [];
    for (const rank of ranks) {
      const at = this.#blockAt(rank);
      const block = this.#blocks[at]!;
      const i = rank - this.#startOf(at);
      scores.push(block.scores[i]!);
      members.push(this.#members[block.numbers[i]!]!);
    }
    return { scores, members };
  }

  find(member: Bytes): number | null {
    for (const { scores, numbers } of this.#blocks) {
      for (let i = 0; i < scores.length; i++) if (this.#members[numbers[i]!] === member) return scores[i]!;
    }
    return null;
  }

  *[Symbol.iterator](): Iterator<readonly [member: Bytes, score: number]> {
    for (const { scores, numbers } of this.#blocks) {
      for (let i = 0; i < scores.length; i++) yield [this.#members[numbers[i]!]!, scores[i]!];
    }
  }

  // ─── blocks ────────────────────────────────────────────────────────────────────────────────────

  /** The last block that begins at or before the pair; the first one when none does. */
  #blockOf(score: number, member: Bytes): number {
    const firsts = this.#firsts;
    let low = 1;
    let high = firsts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const first = firsts[middle]!;
      if (first < score || (first === score && this.#firstMember(middle) <= member)) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  #firstMember(at: number): Bytes {
    return this.#members[this.#blocks[at]!.numbers[0]!]!;
  }

  /** The index in a block of the first element that does not come before the pair. */
  #firstNotBefore({ scores, numbers }: Block, score: number, member: Bytes): number {
    const members = this.#members;
    let low = 0;
    let high = scores.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = scores[middle]!;
      if (other < score || (other === score && members[numbers[middle]!]! < member)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The block that holds the element of this rank. */
  #blockAt(rank: number): number {
    const blocks = this.#blocks;
    const starts = this.#starts;
    const last = blocks.length - 1;
    if (last === 0) return 0;
    while (starts.length <= last && starts[starts.length - 1]! <= rank) this.#startOf(starts.length);
    let low = 0;
    let high = starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (starts[middle]! <= rank) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  #startOf(at: number): number {
    const starts = this.#starts;
    for (let known = starts.length; known <= at; known++) {
      starts.push(starts[known - 1]! + this.#blocks[known - 1]!.scores.length);
    }
    return starts[at]!;
  }

  #forgetStartsBehind(at: number): void {
    if (this.#starts.length > at + 1) this.#starts.length = at + 1;
  }
}

/** Scores and members side by side, in order. */
export interface ScoredMembers {
  readonly scores: number[];
  readonly members: Bytes[];
}

interface Block {
  readonly scores: number[];
  readonly numbers: number[];
}

/** A larger one is split. 128, 256 and 512 are equally fast at 100,000 members; larger ones need less memory. */
const MAX_BLOCK = 256;
/** How full blocks are made where there is a choice: there is room for some more. */
const FILLED_BLOCK = 224;
const SMALL_BLOCK = 64;
/** So many numbers may be free beside as many as are in use. */
const MAX_FREE = 256;
