import type { Element, ElementRange } from "../../storage/elements.ts";
import type { Bytes } from "../../support/bytes.ts";

/** Keys and values of one run, in the order of the keys. */
interface Chunk {
  readonly keys: Bytes[];
  readonly values: Bytes[];
}

/** Elements of a chunk; a full one is split, or left behind when the next key comes behind all of it. */
const CHUNK_LENGTH = 128;

/**
 * Keys to values in the order of the keys, as `Elements` keeps them on disk: a list of sorted chunks. None has elements
 * of two parts of the stream (stream/view.ts), so that a part which grows at its end grows at the end of a chunk.
 */
export class SortedTable implements Iterable<Element> {
  readonly #chunks: Chunk[] = [];
  /** The chunk that was last looked for: most often the next key is there, too. */
  #near = 0;
  #size = 0;

  /** Of elements in the order of their keys. */
  static of(elements: Iterable<Element>): SortedTable {
    const table = new SortedTable();
    for (const [key, value] of elements) table.append(key, value);
    return table;
  }

  get size(): number {
    return this.#size;
  }

  /** Behind all others. */
  append(key: Bytes, value: Bytes): void {
    const last = this.#chunks[this.#chunks.length - 1];
    if (last === undefined || last.keys.length >= CHUNK_LENGTH || !isSamePart(last.keys[0]!, key))
      this.#chunks.push({ keys: [key], values: [value] });
    else {
      last.keys.push(key);
      last.values.push(value);
    }
    this.#size++;
  }

  /** Takes some of the first elements away: those of a chunk, of a table that is not empty. */
  takeFirst(): Chunk {
    const chunk = this.#chunks.shift()!;
    this.#size -= chunk.keys.length;
    return chunk;
  }

  get(key: Bytes): Bytes | undefined {
    const chunk = this.#chunks[this.#chunkOf(key)];
    if (chunk === undefined) return undefined;
    const at = firstNotBelow(chunk.keys, key);
    return chunk.keys[at] === key ? chunk.values[at] : undefined;
  }

  set(key: Bytes, value: Bytes): void {
    const number = this.#chunkOf(key);
    const chunk = this.#chunks[number];
    if (chunk === undefined) return this.append(key, value);
    const { keys, values } = chunk;
    const at = firstNotBelow(keys, key);
    if (keys[at] === key) {
      values[at] = value;
      return;
    }
    this.#size++;
    if (!isSamePart(keys[0]!, key)) {
      this.#chunks.splice(at === 0 ? number : number + 1, 0, { keys: [key], values: [value] });
    } else if (at === keys.length) {
      if (at < CHUNK_LENGTH) {
        keys.push(key);
        values.push(value);
      } else {
        this.#chunks.splice(number + 1, 0, { keys: [key], values: [value] });
      }
    } else if (keys.length < CHUNK_LENGTH) {
      keys.splice(at, 0, key);
      values.splice(at, 0, value);
    } else {
      const half = CHUNK_LENGTH >> 1;
      const right = { keys: keys.splice(half), values: values.splice(half) };
      this.#chunks.splice(number + 1, 0, right);
      const target = at <= half ? chunk : right;
      const place = at <= half ? at : at - half;
      target.keys.splice(place, 0, key);
      target.values.splice(place, 0, value);
    }
  }

  delete(key: Bytes): void {
    const number = this.#chunkOf(key);
    const chunk = this.#chunks[number];
    if (chunk === undefined) return;
    const at = firstNotBelow(chunk.keys, key);
    if (chunk.keys[at] !== key) return;
    this.#size--;
    if (chunk.keys.length === 1) {
      this.#chunks.splice(number, 1);
    } else if (at === 0) {
      // Streams are trimmed at their beginning.
      chunk.keys.shift();
      chunk.values.shift();
    } else {
      chunk.keys.splice(at, 1);
      chunk.values.splice(at, 1);
    }
  }

  /** The first `limit` elements of a range; backwards, the last ones. */
  range(range: ElementRange, limit: number): Element[] {
    const found: Element[] = [];
    if (range.reverse) this.#backwards(range, limit, found);
    else this.#forwards(range, limit, found);
    return found;
  }

  #forwards({ gte, lt }: ElementRange, limit: number, found: Element[]): void {
    let number = this.#chunkOf(gte);
    let at = firstNotBelow(this.#chunks[number]?.keys ?? [], gte);
    for (; number < this.#chunks.length; number++, at = 0) {
      const { keys, values } = this.#chunks[number]!;
      for (; at < keys.length; at++) {
        const key = keys[at]!;
        if (found.length >= limit || (lt !== undefined && key >= lt)) return;
        found.push([key, values[at]!]);
      }
    }
  }

  #backwards({ gte, lt }: ElementRange, limit: number, found: Element[]): void {
    let number = lt === undefined ? this.#chunks.length - 1 : this.#chunkOf(lt);
    let end = lt === undefined ? Infinity : firstNotBelow(this.#chunks[number]?.keys ?? [], lt);
    for (; number >= 0; number--, end = Infinity) {
      const chunk = this.#chunks[number];
      if (chunk === undefined) return;
      const { keys, values } = chunk;
      for (let at = Math.min(end, keys.length) - 1; at >= 0; at--) {
        const key = keys[at]!;
        if (found.length >= limit || key < gte) return;
        found.push([key, values[at]!]);
      }
    }
  }

  *[Symbol.iterator](): Generator<Element> {
    for (const { keys, values } of this.#chunks) {
      for (let at = 0; at < keys.length; at++) yield [keys[at]!, values[at]!];
    }
  }

  /** The number of the chunk that holds `key`, or would: the last one that does not begin behind it, else the first. */
  #chunkOf(key: Bytes): number {
    const chunks = this.#chunks;
    const near = this.#near;
    if (near < chunks.length && chunks[near]!.keys[0]! <= key) {
      if (near + 1 === chunks.length || key < chunks[near + 1]!.keys[0]!) return near;
    }
    let low = 0;
    let high = chunks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (chunks[middle]!.keys[0]! <= key) low = middle + 1;
      else high = middle;
    }
    return (this.#near = Math.max(low - 1, 0));
  }
}

function isSamePart(a: Bytes, b: Bytes): boolean {
  return a.charCodeAt(0) === b.charCodeAt(0);
}

/** The place of the first key that is not less than `key`. */
function firstNotBelow(keys: readonly Bytes[], key: Bytes): number {
  let low = 0;
  let high = keys.length;
  if (high > 0 && keys[high - 1]! < key) return high;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keys[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
