import type { Bytes } from "../support/bytes.ts";

/**
 * Members of a sorted set in the order of their scores, those of one score in the order of their bytes.
 *
 * A list of blocks: sorted runs of up to `MAX_BLOCK` scores and members, two arrays side by side. A change
 * finds its block by binary search over the first elements and moves at most one block's worth of slots. The
 * rank at which a block starts is computed when a rank is asked for and stays known until a block before it
 * changes: n / 200 additions at the worst, which is 1 µs for 100,000 members. A small sorted set is one block,
 * and costs little more than its two arrays.
 */
export class ScoreOrder {
  #blocks: Block[];
  #size: number;
  /** Rank of the first element of each of the first blocks; as many as are known. */
  readonly #starts: number[] = [0];

  constructor() {
    this.#blocks = [{ scores: [], members: [] }];
    this.#size = 0;
  }

  /** From elements that are in order. */
  static ofSorted({ scores, members }: ScoredMembers): ScoreOrder {
    const order = new ScoreOrder();
    const size = scores.length;
    order.#size = size;
    if (size === 0) return order;
    order.#blocks = [];
    for (let from = 0; from < size; from += FILLED_BLOCK) {
      const to = from + FILLED_BLOCK;
      order.#blocks.push({ scores: scores.slice(from, to), members: members.slice(from, to) });
    }
    return order;
  }

  get size(): number {
    return this.#size;
  }

  // ─── changing ──────────────────────────────────────────────────────────────────────────────────

  /** The pair must not be there yet. */
  insert(score: number, member: Bytes): void {
    const blocks = this.#blocks;
    const at = this.#blockOf(score, member);
    const { scores, members } = blocks[at]!;
    const i = firstNotBefore(scores, members, score, member);
    const length = scores.length;
    this.#size++;
    this.#forgetStartsBehind(at);
    if (i === length) {
      if (length >= FILLED_BLOCK && at === blocks.length - 1) {
        // Scores that only grow (times, sequence numbers) leave full blocks behind.
        blocks.push({ scores: [score], members: [member] });
        return;
      }
      scores.push(score);
      members.push(member);
    } else {
      scores.splice(i, 0, score);
      members.splice(i, 0, member);
    }
    if (length >= MAX_BLOCK) this.#split(at);
  }

  #split(at: number): void {
    const { scores, members } = this.#blocks[at]!;
    const half = scores.length >>> 1;
    this.#blocks.splice(at + 1, 0, { scores: scores.splice(half), members: members.splice(half) });
  }

  /** The pair must be there. */
  remove(score: number, member: Bytes): void {
    const at = this.#blockOf(score, member);
    const { scores, members } = this.#blocks[at]!;
    this.#cut(at, firstNotBefore(scores, members, score, member), 1);
    this.#tidy(at);
  }

  /** Removes the elements of ranks `from` up to, not including, `to`. */
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
    if (at - first > 2) blocks.splice(first + 1, at - first - 2);
    if (at - first > 1) this.#tidy(first + 1);
    this.#tidy(first);
  }

  #cut(at: number, i: number, count: number): void {
    const { scores, members } = this.#blocks[at]!;
    scores.splice(i, count);
    members.splice(i, count);
    this.#size -= count;
    this.#forgetStartsBehind(at);
  }

  /** A block that became empty goes; one that became small joins its neighbour. */
  #tidy(at: number): void {
    const blocks = this.#blocks;
    const { scores, members } = blocks[at]!;
    if (scores.length >= SMALL_BLOCK || blocks.length === 1) return;
    if (scores.length === 0) {
      blocks.splice(at, 1);
    } else {
      const next = blocks[at + 1];
      if (next === undefined || scores.length + next.scores.length > FILLED_BLOCK) return;
      scores.push(...next.scores);
      members.push(...next.members);
      blocks.splice(at + 1, 1);
    }
    this.#forgetStartsBehind(Math.max(at - 1, 0));
  }

  // ─── ranks ─────────────────────────────────────────────────────────────────────────────────────

  /** How many elements come before this pair. */
  rank(score: number, member: Bytes): number {
    const at = this.#blockOf(score, member);
    const { scores, members } = this.#blocks[at]!;
    return this.#startOf(at) + firstNotBefore(scores, members, score, member);
  }

  /**
   * How many elements come first, of which all satisfy `isBefore`; it must hold for the elements up to some
   * place in the order and for none behind it.
   */
  countWhile(isBefore: (score: number, member: Bytes) => boolean): number {
    const blocks = this.#blocks;
    let low = 1;
    let high = blocks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const { scores, members } = blocks[middle]!;
      if (isBefore(scores[0]!, members[0]!)) low = middle + 1;
      else high = middle;
    }
    const at = low - 1;
    const { scores, members } = blocks[at]!;
    low = 0;
    high = scores.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBefore(scores[middle]!, members[middle]!)) low = middle + 1;
      else high = middle;
    }
    return this.#startOf(at) + low;
  }

  /** The elements of ranks `from` up to, not including, `to`; the arrays are the caller's. */
  slice(from: number, to: number): ScoredMembers {
    if (from >= to) return { scores: [], members: [] };
    let at = this.#blockAt(from);
    const i = from - this.#startOf(at);
    let block = this.#blocks[at]!;
    let left = to - from;
    const scores = block.scores.slice(i, i + left);
    const members = block.members.slice(i, i + left);
    while ((left = to - from - scores.length) > 0) {
      block = this.#blocks[++at]!;
      const count = Math.min(left, block.scores.length);
      for (let j = 0; j < count; j++) {
        scores.push(block.scores[j]!);
        members.push(block.members[j]!);
      }
    }
    return { scores, members };
  }

  /** The elements of some ranks, in the order of the ranks given. */
  atRanks(ranks: readonly number[]): ScoredMembers {
    const scores: number[] = [];
    const members: Bytes[] = [];
    for (const rank of ranks) {
      const at = this.#blockAt(rank);
      const block = this.#blocks[at]!;
      const i = rank - this.#startOf(at);
      scores.push(block.scores[i]!);
      members.push(block.members[i]!);
    }
    return { scores, members };
  }

  /** The score of a member, by looking at all of them: for small ones. */
  find(member: Bytes): number | null {
    for (const { scores, members } of this.#blocks) {
      const i = members.indexOf(member);
      if (i >= 0) return scores[i]!;
    }
    return null;
  }

  *[Symbol.iterator](): Iterator<readonly [member: Bytes, score: number]> {
    for (const { scores, members } of this.#blocks) {
      for (let i = 0; i < scores.length; i++) yield [members[i]!, scores[i]!];
    }
  }

  // ─── blocks ────────────────────────────────────────────────────────────────────────────────────

  /** The last block that begins at or before the pair; the first one when none does. */
  #blockOf(score: number, member: Bytes): number {
    const blocks = this.#blocks;
    let low = 1;
    let high = blocks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const block = blocks[middle]!;
      const first = block.scores[0]!;
      if (first < score || (first === score && block.members[0]! <= member)) low = middle + 1;
      else high = middle;
    }
    return low - 1;
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

type Block = ScoredMembers;

/** A larger one is split. 128, 256 and 512 are equally fast at 100,000 members; larger ones need less memory. */
const MAX_BLOCK = 256;
/** How full blocks are made where there is a choice: there is room for some more. */
const FILLED_BLOCK = 224;
const SMALL_BLOCK = 64;

/** The index of the first element that does not come before the pair. */
function firstNotBefore(scores: number[], members: Bytes[], score: number, member: Bytes): number {
  let low = 0;
  let high = scores.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = scores[middle]!;
    if (other < score || (other === score && members[middle]! < member)) low = middle + 1;
    else high = middle;
  }
  return low;
}
