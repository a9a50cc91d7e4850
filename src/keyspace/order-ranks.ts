import type { Derived, Element, ElementRange, Elements } from "../storage/elements.ts";
import type { Reading } from "../storage/reading.ts";
import type { Undo } from "../storage/undo.ts";
import type { Bytes } from "../support/bytes.ts";
import {
  countBelow,
  countUpTo,
  MAX_BLOCK,
  type OrderBlock,
  OrderBlocks,
  type OrderOptions,
} from "./order-blocks.ts";
import type { Ranks } from "./order-range.ts";

interface Write {
  readonly key: Bytes;
  readonly isDeleted: boolean;
}

/**
 * The ranks of a large sorted set that is on disk: how many elements are in each block of its order, and their scores, in
 * memory. They are counted, in one pass beside everything else, when a rank is first asked for, and know of each write
 * from then on, for as long as the sorted set is known in memory. To find a rank then is to read those of its block that
 * share its score; where there are more than memory has room for scores of, a part of the block.
 */
export class OrderRanks implements Derived {
  readonly #elements: Elements;
  readonly #reading: Reading;
  /** The part of the elements that is the order: all its keys begin with the lowest. */
  readonly #order: OrderOptions;
  #blocks: OrderBlocks | null = null;
  #counting: Promise<void> | null = null;
  /** What was written since the counting began. */
  #meanwhile: Write[] = [];
  /** What the transaction that runs has written. */
  #taken: { readonly undo: Undo; readonly writes: Write[] } | null = null;

  constructor(elements: Elements, reading: Reading, order: OrderOptions) {
    this.#elements = elements;
    this.#reading = reading;
    this.#order = order;
  }

  /** Ranks can be read without counting everything. */
  get isReady(): boolean {
    return this.#blocks !== null;
  }

  get isBusy(): boolean {
    return this.#counting !== null;
  }

  get memoryBytes(): number {
    return this.#blocks?.memoryBytes ?? 0;
  }

  // ─── following what is written ─────────────────────────────────────────────────────────────────

  wrote(key: Bytes, isDeleted: boolean): void {
    if ((this.#blocks === null && this.#counting === null) || !key.startsWith(this.#order.lowest)) return;
    const { undo } = this.#reading.attempt;
    if (undo !== null) this.#remember(undo, { key, isDeleted });
    this.#change({ key, isDeleted });
  }

  #change(write: Write): void {
    if (this.#counting !== null) this.#meanwhile.push(write);
    else if (this.#blocks !== null) this.#count(this.#blocks, write);
  }

  #count(blocks: OrderBlocks, { key, isDeleted }: Write): void {
    if (isDeleted) blocks.remove(key);
    else blocks.add(key);
  }

  #remember(undo: Undo, write: Write): void {
    let taken = this.#taken;
    if (taken === null || taken.undo !== undo) {
      taken = this.#taken = { undo, writes: [] };
      const { writes } = taken;
      undo.add(() => {
        // The next attempt has to add its step again.
        this.#taken = null;
        for (const { key, isDeleted } of writes.reverse()) this.#change({ key, isDeleted: !isDeleted });
      });
    }
    taken.writes.push(write);
  }

  settled(): void {
    this.#taken = null;
  }

  // ─── counting ──────────────────────────────────────────────────────────────────────────────────

  /** Faults until everything is counted. */
  #known(): OrderBlocks {
    if (this.#blocks !== null) return this.#blocks;
    this.#reading.faults++;
    return this.#reading.attempt.fault(() => (this.#counting ??= this.#countAll()));
  }

  async #countAll(): Promise<void> {
    const blocks = new OrderBlocks(this.#order);
    try {
      await this.#elements.complete();
      this.#meanwhile = [];
      const keys = this.#elements.stream({ gte: this.#order.lowest }, (key) => key);
      for await (const run of keys) for (const key of run) blocks.add(key);
      for (const write of this.#meanwhile) this.#count(blocks, write);
      this.#blocks = blocks;
    } finally {
      this.#meanwhile = [];
      this.#counting = null;
    }
    this.#elements.holder?.memoryChanged();
  }

  // ─── ranks ─────────────────────────────────────────────────────────────────────────────────────

  /** How many keys come before this one. Faults until it is known. */
  before(key: Bytes): number {
    const { first, start, count } = this.#block((blocks) => blocks.holding(key));
    return start + this.#elements.range({ gte: first, lt: key }, count).length;
  }

  /** How many keys come before this one, which is there. Faults until it is known. */
  of(key: Bytes): number {
    const block = this.#block((blocks) => blocks.holding(key));
    const { start, scores } = block;
    if (scores === null) return this.before(key);
    const score = this.#order.scoreOf(key);
    const below = countBelow(scores, score);
    const same = countUpTo(scores, score) - below;
    if (same === 1) return start + below;
    const range = { gte: this.#firstOf(score, block), lt: key };
    return start + below + this.#elements.range(range, same).length;
  }

  /** How many keys have a lower score. Faults until it is known. */
  below(score: number): number {
    const head = this.#order.headOf(score);
    const { start, scores } = this.#known().holding(head);
    return scores === null ? this.before(head) : start + countBelow(scores, score);
  }

  /** How many keys have a lower score, or this one. Faults until it is known. */
  upTo(score: number): number {
    const end = this.#order.endOf(score);
    const { start, scores } = this.#known().holding(end);
    return scores === null ? this.before(end) : start + countUpTo(scores, score);
  }

  /** Where those of a block begin that have this score: there may be others in the block before. */
  #firstOf(score: number, { first }: OrderBlock): Bytes {
    const head = this.#order.headOf(score);
    return head > first ? head : first;
  }

  /** The elements of some ranks, in order. Faults until they are known. */
  read({ from, to }: Ranks): readonly Element[] {
    // From the beginning of the block, though it is known where the score begins: others who read about there read the same, and
    // what they take away does not make it another range.
    const { first, start } = this.#block((blocks) => blocks.atRank(from));
    return this.#elements.range({ gte: first, isExact: true }, to - start).slice(from - start);
  }

  /** A range in which the element of some rank is, and its rank there; of the end of it, backwards. Where it `isReady`. */
  place(rank: number, reverse: boolean): { readonly range: ElementRange; readonly rank: number } {
    const { first, next, start, count } = this.#blocks!.atRank(rank);
    if (!reverse) return { range: { gte: first }, rank: rank - start };
    return { range: { ...rangeTo(this.#order.lowest, next), reverse }, rank: start + count - 1 - rank };
  }

  #block(find: (blocks: OrderBlocks) => OrderBlock): OrderBlock {
    const blocks = this.#known();
    const block = find(blocks);
    if (block.count <= MAX_BLOCK) return block;
    const elements = this.#elements.range(rangeTo(block.first, block.next), block.count);
    if (elements.length !== block.count) {
      this.#blocks = null;
      throw new Error(`${elements.length} elements where ${block.count} were counted`);
    }
    blocks.split(
      block,
      elements.map(([key]) => key),
    );
    return find(blocks);
  }
}

const rangeTo = (gte: Bytes, lt: Bytes | undefined): ElementRange =>
  lt === undefined ? { gte } : { gte, lt };
