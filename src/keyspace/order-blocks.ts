import type { Bytes } from "../support/bytes.ts";

/** A part of an order of keys. */
export interface OrderBlock {
  /** None of its keys is before this one. */
  readonly first: Bytes;
  /** Its keys are before this one; undefined: it is the last block. */
  readonly next: Bytes | undefined;
  /** How many keys come before it. */
  readonly start: number;
  readonly count: number;
}

/** How full a block is made where there is a choice. */
const FILLED_BLOCK = 128;
/** A block with more keys is to be split by who can read them. */
export const MAX_BLOCK = 256;
const MAX_GROUP = 512;
/** Measured with keys of 30 bytes. */
const BLOCK_BYTES = 110;

/**
 * How many keys come before any place in an order, without the keys: of each run of some hundred of them the first one
 * and how many there are. Ten million keys are 80,000 blocks, 8 MB.
 *
 * Blocks are in groups, each with its sum: to find a rank is to add up some hundred numbers, whatever was changed since.
 */
export class OrderBlocks {
  readonly #groups: Group[];
  #blockCount = 1;
  /** No key is before the one, or behind the other; null while there never was a key. */
  #least: Bytes | null = null;
  #greatest: Bytes | null = null;

  /** @param lowest before all keys */
  constructor(lowest: Bytes) {
    this.#groups = [{ firsts: [lowest], counts: [0], total: 0 }];
  }

  get memoryBytes(): number {
    return this.#blockCount * BLOCK_BYTES;
  }

  /** The key is not there yet. */
  add(key: Bytes): void {
    if (this.#greatest === null || key > this.#greatest) this.#append(key);
    else if (key < this.#least!) this.#prepend(key);
    else {
      const { group, at } = this.#place(key);
      group.counts[at]!++;
      group.total++;
    }
  }

  /** Orders that grow at their end leave full blocks behind. */
  #append(key: Bytes): void {
    this.#greatest = key;
    this.#least ??= key;
    const group = this.#groups.at(-1)!;
    const last = group.counts.length - 1;
    group.total++;
    if (group.counts[last]! < FILLED_BLOCK) group.counts[last]!++;
    else this.#insert(this.#groups.length - 1, last + 1, [key], [1]);
  }

  /** The same at the other end. */
  #prepend(key: Bytes): void {
    const before = this.#least!;
    this.#least = key;
    const group = this.#groups[0]!;
    const count = group.counts[0]!;
    group.total++;
    if (count < FILLED_BLOCK) {
      group.counts[0] = count + 1;
      return;
    }
    group.counts[0] = 1;
    this.#insert(0, 1, [before], [count]);
  }

  /** The key is there. */
  remove(key: Bytes): void {
    const { group, index, at } = this.#place(key);
    group.counts[at]!--;
    group.total--;
    if (group.counts[at] === 0 && (index > 0 || at > 0)) this.#drop(index, at);
  }

  /** What comes into its place later belongs to the block before it. */
  #drop(index: number, at: number): void {
    const { firsts, counts } = this.#groups[index]!;
    firsts.splice(at, 1);
    counts.splice(at, 1);
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
    const { firsts, counts } = this.#groups[index]!;
    let start = 0;
    for (let i = 0; i < index; i++) start += this.#groups[i]!.total;
    for (let i = 0; i < at; i++) start += counts[i]!;
    const next = at + 1 < firsts.length ? firsts[at + 1] : this.#groups[index + 1]?.firsts[0];
    return { first: firsts[at]!, next, start, count: counts[at]! };
  }

  /** In place of a block several, filled. @param keys all keys of the block, in order */
  split({ first }: OrderBlock, keys: readonly Bytes[]): void {
    const { group, index, at } = this.#place(first);
    const firsts: Bytes[] = [];
    const counts: number[] = [];
    for (let from = FILLED_BLOCK; from < keys.length; from += FILLED_BLOCK) {
      firsts.push(keys[from]!);
      counts.push(Math.min(FILLED_BLOCK, keys.length - from));
    }
    group.counts[at] = Math.min(FILLED_BLOCK, keys.length);
    this.#insert(index, at + 1, firsts, counts);
  }

  #insert(index: number, at: number, firsts: readonly Bytes[], counts: readonly number[]): void {
    const group = this.#groups[index]!;
    this.#blockCount += firsts.length;
    const groups = regrouped({
      firsts: [...group.firsts.slice(0, at), ...firsts, ...group.firsts.slice(at)],
      counts: [...group.counts.slice(0, at), ...counts, ...group.counts.slice(at)],
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
  /** The sum of the counts. */
  total: number;
}

/** As one group, or as several that have room. */
function regrouped({ firsts, counts }: Pick<Group, "firsts" | "counts">): Group[] {
  const size = firsts.length <= MAX_GROUP ? MAX_GROUP : MAX_GROUP / 2;
  const groups: Group[] = [];
  for (let from = 0; from < firsts.length; from += size) {
    const part = counts.slice(from, from + size);
    const total = part.reduce((sum, count) => sum + count, 0);
    groups.push({ firsts: firsts.slice(from, from + size), counts: part, total });
  }
  return groups;
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
