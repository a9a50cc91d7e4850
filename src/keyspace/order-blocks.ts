import type { Bytes } from "../support/bytes.ts";

/** An order of keys: by a score that is in each of them, keys of one score by what follows it. */
export interface OrderKeys {
  /** Before all keys. */
  readonly lowest: Bytes;
  readonly scoreOf: (key: Bytes) => number;
  /** Before all keys of that score, and behind all of a lower one. */
  readonly headOf: (score: number) => Bytes;
  /** Behind all keys of that score, and before all of a greater one. */
  readonly endOf: (score: number) => Bytes;
}

export interface OrderOptions extends OrderKeys {
  /** What the scores of all keys may take in memory; else they are not kept. */
  readonly maxScoreBytes: number;
}

/** A part of an order of keys. */
export interface OrderBlock {
  /** None of its keys is before this one. */
  readonly first: Bytes;
  /** Its keys are before this one; undefined: it is the last block. */
  readonly next: Bytes | undefined;
  /** How many keys come before it. */
  readonly start: number;
  readonly count: number;
  /** The scores of its keys, in order; null: there are too many in all. */
  readonly scores: readonly number[] | null;
}

/** How full a block is made where there is a choice. */
const FILLED_BLOCK = 128;
/** A block with more keys is to be split by who can read them. */
export const MAX_BLOCK = 256;
const MAX_GROUP = 512;
/** Measured with keys of 30 bytes. */
const BLOCK_BYTES = 110;
/** What a score takes, with the room that arrays have for more and their heads. */
const SCORE_BYTES = 9;

/**
 * How many keys come before any place in an order, without the keys: of each run of some hundred of them the first one,
 * how many there are, and their scores. Ten million keys are 80,000 blocks, 8 MB, and 90 MB with the scores.
 *
 * Blocks are in groups, each with its sum: to find a rank is to add up some hundred numbers, whatever was changed since.
 */
export class OrderBlocks {
  readonly #options: OrderOptions;
  readonly #groups: Group[];
  #blockCount = 1;
  #size = 0;
  #keepsScores: boolean;
  /** No key is before the one, or behind the other; null while there never was a key. */
  #least: Bytes | null = null;
  #greatest: Bytes | null = null;

  constructor(options: OrderOptions) {
    this.#options = options;
    this.#keepsScores = options.maxScoreBytes > 0;
    this.#groups = [{ firsts: [options.lowest], counts: [0], scores: [[]], total: 0 }];
  }

  get memoryBytes(): number {
    return this.#blockCount * BLOCK_BYTES + this.#scoreBytes;
  }

  get #scoreBytes(): number {
    return this.#keepsScores ? this.#size * SCORE_BYTES : 0;
  }

  /** The key is not there yet. */
  add(key: Bytes): void {
    this.#size++;
    if (this.#keepsScores && this.#scoreBytes > this.#options.maxScoreBytes) this.#forgetScores();
    if (this.#greatest === null || key > this.#greatest) this.#append(key);
    else if (key < this.#least!) this.#prepend(key);
    else {
      const { group, index, at } = this.#place(key);
      const count = ++group.counts[at]!;
      group.total++;
      if (!this.#keepsScores) return;
      const score = this.#options.scoreOf(key);
      const scores = group.scores[at]!;
      scores.splice(countBelow(scores, score), 0, score);
      if (count % MAX_BLOCK === 0) this.#splitByScore(index, at);
    }
  }

  #forgetScores(): void {
    this.#keepsScores = false;
    for (const group of this.#groups) group.scores = group.scores.map(() => []);
  }

  /** Where keys of another score begin nothing has to be read to know how many there are. */
  #splitByScore(index: number, at: number): void {
    const group = this.#groups[index]!;
    const scores = group.scores[at]!;
    const middle = scores[scores.length >> 1]!;
    let from = countBelow(scores, middle);
    if (from === 0) from = countUpTo(scores, middle);
    if (from === scores.length) return;
    const upper = scores.slice(from);
    group.scores[at] = scores.slice(0, from);
    group.counts[at] = from;
    this.#insert(index, at + 1, [this.#options.headOf(upper[0]!)], [upper.length], [upper]);
  }

  #scoresOf(keys: readonly Bytes[]): number[] {
    return this.#keepsScores ? keys.map(this.#options.scoreOf) : [];
  }

  /** Orders that grow at their end leave full blocks behind. */
  #append(key: Bytes): void {
    this.#greatest = key;
    this.#least ??= key;
    const group = this.#groups.at(-1)!;
    const last = group.counts.length - 1;
    group.total++;
    const scores = this.#scoresOf([key]);
    if (group.counts[last]! < FILLED_BLOCK) {
      group.counts[last]!++;
      group.scores[last]!.push(...scores);
    } else this.#insert(this.#groups.length - 1, last + 1, [key], [1], [scores]);
  }

  /** The same at the other end. */
  #prepend(key: Bytes): void {
    const before = this.#least!;
    this.#least = key;
    const group = this.#groups[0]!;
    const count = group.counts[0]!;
    group.total++;
    const scores = this.#scoresOf([key]);
    const others = group.scores[0]!;
    if (count < FILLED_BLOCK) {
      group.counts[0] = count + 1;
      others.unshift(...scores);
      return;
    }
    group.counts[0] = 1;
    group.scores[0] = scores;
    this.#insert(0, 1, [before], [count], [others]);
  }

  /** The key is there. */
  remove(key: Bytes): void {
    const { group, index, at } = this.#place(key);
    group.counts[at]!--;
    group.total--;
    this.#size--;
    if (this.#keepsScores) {
      const scores = group.scores[at]!;
      scores.splice(countBelow(scores, this.#options.scoreOf(key)), 1);
    }
    if (group.counts[at] === 0 && (index > 0 || at > 0)) this.#drop(index, at);
  }

  /** What comes into its place later belongs to the block before it. */
  #drop(index: number, at: number): void {
    const { firsts, counts, scores } = this.#groups[index]!;
    firsts.splice(at, 1);
    counts.splice(at, 1);
    scores.splice(at, 1);
    this.#blockCount--;
    if (firsts.length === 0) this.#groups.splice(index, 1);
  }

  /** The block in which the key is, or would be. */
  holding(key: Bytes): OrderBlock {
    const { index, at } = this.#place(key);
    return this.#block(index, at);
  }

  /** The block with the key of this rank, which there is. */
  atRank(rank: number): OrderBlock {
    let left = rank;
    let index = 0;
    while (left >= this.#groups[index]!.total) left -= this.#groups[index++]!.total;
    const { counts } = this.#groups[index]!;
    let at = 0;
    while (left >= counts[at]!) left -= counts[at++]!;
    return this.#block(index, at);
  }

  #block(index: number, at: number): OrderBlock {
    const { firsts, counts, scores } = this.#groups[index]!;
    let start = 0;
    for (let i = 0; i < index; i++) start += this.#groups[i]!.total;
    for (let i = 0; i < at; i++) start += counts[i]!;
    const next = at + 1 < firsts.length ? firsts[at + 1] : this.#groups[index + 1]?.firsts[0];
    return {
      first: firsts[at]!,
      next,
      start,
      count: counts[at]!,
      scores: this.#keepsScores ? scores[at]! : null,
    };
  }

  /** In place of a block several, filled. @param keys all keys of the block, in order */
  split({ first }: OrderBlock, keys: readonly Bytes[]): void {
    const { group, index, at } = this.#place(first);
    const firsts: Bytes[] = [];
    const counts: number[] = [];
    const scores: number[][] = [];
    for (let from = FILLED_BLOCK; from < keys.length; from += FILLED_BLOCK) {
      const part = keys.slice(from, from + FILLED_BLOCK);
      firsts.push(part[0]!);
      counts.push(part.length);
      scores.push(this.#scoresOf(part));
    }
    const rest = keys.slice(0, FILLED_BLOCK);
    group.counts[at] = rest.length;
    group.scores[at] = this.#scoresOf(rest);
    this.#insert(index, at + 1, firsts, counts, scores);
  }

  #insert(
    index: number,
    at: number,
    firsts: readonly Bytes[],
    counts: readonly number[],
    scores: readonly number[][],
  ): void {
    const group = this.#groups[index]!;
    this.#blockCount += firsts.length;
    const groups = regrouped({
      firsts: [...group.firsts.slice(0, at), ...firsts, ...group.firsts.slice(at)],
      counts: [...group.counts.slice(0, at), ...counts, ...group.counts.slice(at)],
      scores: [...group.scores.slice(0, at), ...scores, ...group.scores.slice(at)],
    });
    this.#groups.splice(index, 1, ...groups);
  }

  #place(key: Bytes): { readonly group: Group; readonly index: number; readonly at: number } {
    const index = lastUpTo(this.#groups.length, (i) => this.#groups[i]!.firsts[0]! <= key);
    const group = this.#groups[index]!;
    return { group, index, at: lastUpTo(group.firsts.length, (i) => group.firsts[i]! <= key) };
  }
}

interface Group {
  readonly firsts: Bytes[];
  readonly counts: number[];
  /** Empty ones where scores are not kept. */
  scores: number[][];
  /** The sum of the counts. */
  total: number;
}

/** As one group, or as several that have room. */
function regrouped({ firsts, counts, scores }: Omit<Group, "total">): Group[] {
  const size = firsts.length <= MAX_GROUP ? MAX_GROUP : MAX_GROUP / 2;
  const groups: Group[] = [];
  for (let from = 0; from < firsts.length; from += size) {
    const part = counts.slice(from, from + size);
    const total = part.reduce((sum, count) => sum + count, 0);
    groups.push({
      firsts: firsts.slice(from, from + size),
      counts: part,
      scores: scores.slice(from, from + size),
      total,
    });
  }
  return groups;
}

/** How many scores of an ordered array are lower. */
export function countBelow(scores: readonly number[], score: number): number {
  return lastUpTo(scores.length + 1, (i) => scores[i - 1]! < score);
}

/** How many scores of an ordered array are lower, or equal. */
export function countUpTo(scores: readonly number[], score: number): number {
  return lastUpTo(scores.length + 1, (i) => scores[i - 1]! <= score);
}

/** The last of `length` places of which `isUpTo` holds; it holds for the first, and for none behind one for which it does not. */
function lastUpTo(length: number, isUpTo: (i: number) => boolean): number {
  let low = 1;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isUpTo(middle)) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
