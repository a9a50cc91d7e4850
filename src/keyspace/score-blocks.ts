/** Where in its arrays a block begins; a page holds many. */
export interface BlockPage {
  readonly scores: Float64Array;
  readonly numbers: Uint32Array;
}

/**
 * Sorted runs of scores, each with a number beside it: blocks of up to `MAX_BLOCK`, in their order. All of them are in a
 * few large arrays of numbers: V8 has no object to follow for a block, none to make for a change, and no pointer to
 * learn of when something moves. To move half a block takes less time than to call what moves more.
 *
 * How many elements come before a block is computed when it is asked for, and stays known until a block before it
 * changes: n / 100 additions at the worst.
 */
export class ScoreBlocks {
  /** So many blocks each; the first one grows until it is as large as the others. */
  #pages: BlockPage[] = [newPage(FIRST_BLOCKS)];
  /** Places in the pages that no block has, of those below `#placed`. */
  readonly #free: number[] = [];
  #placed = 0;
  // Of each block in the order, side by side to be searched.
  #places = new Uint32Array(FIRST_BLOCKS);
  #lengths = new Uint32Array(FIRST_BLOCKS);
  #firsts = new Float64Array(FIRST_BLOCKS);
  #starts = new Uint32Array(FIRST_BLOCKS);
  /** So many of the starts are known. */
  #known = 1;
  #count = 0;

  /** How many blocks there are. There may be empty ones. */
  get count(): number {
    return this.#count;
  }

  /** The first score of each block, that of an empty one excepted. Only as many as there are blocks. */
  get firsts(): Float64Array {
    return this.#firsts;
  }

  lengthOf(block: number): number {
    return this.#lengths[block]!;
  }

  /** What holds the block, until a block is added. */
  pageOf(block: number): BlockPage {
    return this.#pages[this.#places[block]! >>> PAGE_BITS]!;
  }

  /** Where its first element is in the arrays of its page. */
  beginOf(block: number): number {
    return (this.#places[block]! & (PAGE_BLOCKS - 1)) * MAX_BLOCK;
  }

  scoreAt(block: number, i: number): number {
    return this.pageOf(block).scores[this.beginOf(block) + i]!;
  }

  numberAt(block: number, i: number): number {
    return this.pageOf(block).numbers[this.beginOf(block) + i]!;
  }

  // ─── changing ──────────────────────────────────────────────────────────────────────────────────

  /** The block must have room. */
  insert(block: number, i: number, score: number, number: number): void {
    const { scores, numbers } = this.pageOf(block);
    const begin = this.beginOf(block);
    const at = begin + i;
    for (let k = begin + this.#lengths[block]!++; k > at; k--) {
      scores[k] = scores[k - 1]!;
      numbers[k] = numbers[k - 1]!;
    }
    scores[at] = score;
    numbers[at] = number;
    if (i === 0) this.#firsts[block] = score;
    this.#forgetStartsBehind(block);
  }

  remove(block: number, i: number, count: number): void {
    const { scores, numbers } = this.pageOf(block);
    const begin = this.beginOf(block);
    const end = begin + this.#lengths[block]! - count;
    for (let k = begin + i; k < end; k++) {
      scores[k] = scores[k + count]!;
      numbers[k] = numbers[k + count]!;
    }
    this.#lengths[block]! -= count;
    if (i === 0) this.#firsts[block] = scores[begin]!;
    this.#forgetStartsBehind(block);
  }

  /** Adds an empty block before this one; for `count`, behind all. */
  add(block: number): void {
    if (this.#count === this.#places.length) this.#widen();
    const end = this.#count++;
    this.#places.copyWithin(block + 1, block, end);
    this.#lengths.copyWithin(block + 1, block, end);
    this.#firsts.copyWithin(block + 1, block, end);
    this.#places[block] = this.#free.pop() ?? this.#newPlace();
    this.#lengths[block] = 0;
    this.#forgetStartsBehind(Math.max(block - 1, 0));
  }

  drop(block: number, count: number): void {
    for (let k = block; k < block + count; k++) this.#free.push(this.#places[k]!);
    const behind = block + count;
    this.#places.copyWithin(block, behind, this.#count);
    this.#lengths.copyWithin(block, behind, this.#count);
    this.#firsts.copyWithin(block, behind, this.#count);
    this.#count -= count;
    this.#forgetStartsBehind(Math.max(block - 1, 0));
  }

  /** Moves the later half of a block to a new one behind it. */
  split(block: number): void {
    this.add(block + 1);
    const half = this.#lengths[block]! >>> 1;
    this.#moveTo(block + 1, 0, block, half);
  }

  /** Moves what the next block holds to the end of this one, which has room. */
  join(block: number): void {
    this.#moveTo(block, this.#lengths[block]!, block + 1, 0);
    this.drop(block + 1, 1);
  }

  /** From `i` on all of a block; what is there goes to `at` of another one, where nothing is behind it. */
  #moveTo(target: number, at: number, source: number, i: number): void {
    const from = this.beginOf(source) + i;
    const to = this.beginOf(source) + this.#lengths[source]!;
    const begin = this.beginOf(target) + at;
    const [page, targetPage] = [this.pageOf(source), this.pageOf(target)];
    targetPage.scores.set(page.scores.subarray(from, to), begin);
    targetPage.numbers.set(page.numbers.subarray(from, to), begin);
    if (at === 0) this.#firsts[target] = page.scores[from]!;
    this.#lengths[target] = at + to - from;
    this.#lengths[source] = i;
  }

  // ─── how many come before ──────────────────────────────────────────────────────────────────────

  startOf(block: number): number {
    const starts = this.#starts;
    const lengths = this.#lengths;
    for (; this.#known <= block; this.#known++) {
      starts[this.#known] = starts[this.#known - 1]! + lengths[this.#known - 1]!;
    }
    return starts[block]!;
  }

  /** The block that holds the element of this rank. */
  blockAt(rank: number): number {
    const starts = this.#starts;
    const last = this.#count - 1;
    while (this.#known <= last && starts[this.#known - 1]! <= rank) this.startOf(this.#known);
    let low = 0;
    let high = this.#known;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (starts[middle]! <= rank) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  #forgetStartsBehind(block: number): void {
    if (this.#known > block + 1) this.#known = block + 1;
  }

  // ─── room ──────────────────────────────────────────────────────────────────────────────────────

  #newPlace(): number {
    const place = this.#placed++;
    const number = place >>> PAGE_BITS;
    const page = this.#pages[number];
    if (page === undefined) this.#pages.push(newPage(PAGE_BLOCKS));
    else if ((place & (PAGE_BLOCKS - 1)) * MAX_BLOCK === page.scores.length)
      this.#pages[number] = twice(page);
    return place;
  }

  #widen(): void {
    const room = 2 * this.#places.length;
    this.#places = widened(this.#places, new Uint32Array(room));
    this.#lengths = widened(this.#lengths, new Uint32Array(room));
    this.#firsts = widened(this.#firsts, new Float64Array(room));
    this.#starts = widened(this.#starts, new Uint32Array(room));
  }
}

/** How many elements a block may have: with 64 and 256 changes of sorted sets of 100,000 members take longer. */
export const MAX_BLOCK = 128;
const PAGE_BITS = 8;
const PAGE_BLOCKS = 1 << PAGE_BITS;
/** A sorted set has this structure when it is larger than one block. */
const FIRST_BLOCKS = 2;

const newPage = (blocks: number): BlockPage => ({
  scores: new Float64Array(blocks * MAX_BLOCK),
  numbers: new Uint32Array(blocks * MAX_BLOCK),
});

const twice = ({ scores, numbers }: BlockPage): BlockPage => ({
  scores: widened(scores, new Float64Array(2 * scores.length)),
  numbers: widened(numbers, new Uint32Array(2 * numbers.length)),
});

function widened<Numbers extends Float64Array | Uint32Array>(old: Numbers, wider: Numbers): Numbers {
  wider.set(old);
  return wider;
}
