import type { Bytes } from "../support/bytes.ts";
import { sliceRuns } from "../support/slice-runs.ts";
import type { Element, ElementRange, Elements } from "../storage/elements.ts";
import { type ByteReader, readU64, u64, varint } from "../storage/numbers.ts";
import { Collection } from "./collection.ts";
import { Deque } from "./deque.ts";
import type { Keyspace, PackingLimits } from "./keyspace.ts";
import type { Loader } from "./loader.ts";
import { type Move, closeGaps, isNearHead, movedBy, openGap, planGaps } from "./list-moves.ts";
import { type Search, searchIn } from "./list-search.ts";

/** The only part of a list's elements. */
const ITEMS = "\0";

/** Place 2^52 ⇒ `00 0010000000000000`: part, place. Value: the element. */
export const elementKey = (place: number): Bytes => ITEMS + u64(place);

const PLACE_AT = 1;

const placeOf = (key: Bytes): number => readU64(key, PLACE_AT);

/** Where the first element of a new range is: there is room for 2^52 more on either side. */
export const MIDDLE = 2 ** 52;

export type End = "head" | "tail";

/** A positive list-max-listpack-size counts elements, a negative one is a class of sizes: -1 4 KiB … -5 64 KiB. */
export function mayPackList(limits: PackingLimits, count: number, bytes: number): boolean {
  const { listMaxListpackSize: limit } = limits;
  const costBytes = bytes + count * PACKING_COST_BYTES;
  if (limit >= 0) return count <= Math.max(limit, 1) && costBytes <= DEFAULT_PACKED_BYTES;
  return costBytes <= SMALLEST_PACKED_BYTES * 2 ** (Math.min(-limit, 5) - 1);
}

/**
 * A list. Packed record: count varint, then each element as length varint and bytes. Ranged: one element for each,
 * under a number, its place; places are in a row, and the record says where the row begins. So both ends and every
 * index are one point read, whatever was there before, and what changes in the middle moves the shorter side.
 *
 * Reads of several elements ask for whole blocks of places: their bounds stay the same while others push and pop, so
 * that an attempt that runs again finds what it has read.
 */
export class List extends Collection<Deque> {
  readonly type = "list";
  readonly encoding = "quicklist";
  /** The place of the first element. */
  #head = MIDDLE;
  /** Elements that reads from disk have cost since it came into memory, see `#inMemory`. */
  #readCost = 0;

  constructor(keyspace: Keyspace) {
    super(keyspace, new Deque());
  }

  /** A list of these elements. It belongs to no key yet. Writes: the reads of the command have to be done. */
  static of(keyspace: Keyspace, values: readonly Bytes[]): List {
    const list = new List(keyspace);
    list.#fill(values);
    return list;
  }

  static read(keyspace: Keyspace, reader: ByteReader, isRanged: boolean): List {
    const list = new List(keyspace);
    if (isRanged) {
      list.readRanged(reader);
      list.#head = reader.u64();
    } else {
      list.#unpack(reader);
    }
    return list;
  }

  #unpack(reader: ByteReader): void {
    const values = this.resident!;
    let bytes = 0;
    for (let left = reader.varint(); left > 0; left--) {
      const value = reader.sized();
      values.pushTail(value);
      bytes += value.length;
    }
    this.counted(values.size, bytes);
  }

  override recordPayload(): Bytes {
    return this.isPacked ? super.recordPayload() : super.recordPayload() + u64(this.#head);
  }

  protected pack(values: Deque): Bytes {
    let packed = varint(values.size);
    for (let i = 0; i < values.size; i++) {
      const value = values.at(i);
      packed += varint(value.length) + value;
    }
    return packed;
  }

  protected writeAll(elements: Elements, values: Deque): void {
    for (let i = 0; i < values.size; i++) elements.insert(elementKey(this.#head + i), values.at(i));
  }

  protected wholeRange(): { gte: Bytes } {
    return { gte: ITEMS };
  }

  protected override readWhole(): readonly Element[] {
    return this.#readBlocks(0, this.count, (range, limit) => this.elements!.range(range, limit));
  }

  protected loader(): Loader<Deque> {
    const values = new Deque();
    /** The place of the first one. */
    let first = 0;
    const put = (key: Bytes, value: Bytes): void => {
      const place = placeOf(key);
      if (values.size === 0) first = place;
      // Places between are of what came and went, or come later.
      for (; place < first; first--) values.pushHead("");
      while (place >= first + values.size) values.pushTail("");
      values.set(place - first, value);
    };
    return {
      headLength: 0,
      add: (_, key, value) => put(key, value),
      change: (_, key, value) => {
        // What went, went at an end of the row, or others have taken its place.
        if (value !== null) put(key, value);
      },
      finish: () => {
        values.drop(this.#head - first, first + values.size - (this.#head + this.count));
        return values;
      },
    };
  }

  protected residentBytes(count: number, bytes: number): number {
    return STRUCTURE_BYTES + bytes + count * ELEMENT_BYTES;
  }

  override copy(): List {
    return List.of(this.keyspace, this.slice(0, this.count));
  }

  // ─── reading ───────────────────────────────────────────────────────────────────────────────────

  /** The element at an index from 0 up to, not including, `count`. */
  at(index: number): Bytes {
    const resident = this.#inMemory(1);
    if (resident !== null) return resident.at(index);
    if (this.keyspace.reading.mustFault) return this.slice(index, index + 1)[0]!;
    this.#readCost += READ_COST;
    return this.#get(index);
  }

  #get(index: number): Bytes {
    return this.elements!.get(elementKey(this.#head + index))!;
  }

  /** The elements from index `start` up to, not including, `end`. For replies see `mustStream`. */
  slice(start: number, end: number): Bytes[] {
    const wanted = end - start;
    const resident = this.#inMemory(wanted);
    if (resident !== null) return resident.slice(start, end);
    this.#readCost += wanted + READ_COST;
    if (wanted > MAX_POINT_READS || this.keyspace.reading.mustFault) {
      return this.#readBlocks(start, end, (range, limit) => this.elements!.values(range, limit));
    }
    return Array.from({ length: wanted }, (_, i) => this.#get(start + i));
  }

  /** The indexes of the elements that a search finds, in its order. */
  find(value: Bytes, search: Search): number[] {
    const { count } = this;
    const span = Math.min(search.span, count);
    const resident = this.#inMemory(span);
    if (resident !== null) return searchIn((i) => resident.at(i) === value, count, search);
    // What is looked for is often near the end. Of the rest nothing is kept but where the value is.
    const near = Math.min(span, FIRST_SEARCH);
    const at = search.from === "head" ? 0 : count - near;
    const matching = new Set<number>();
    this.slice(at, at + near).forEach((element, i) => element === value && matching.add(at + i));
    const found = searchIn((i) => matching.has(i), count, search);
    if (near === span || found.length >= search.limit) return found;
    const [start, end] = search.from === "head" ? [near, span] : [count - span, count - near];
    const { gte, lt } = this.#blocks(start, end);
    for (const [key] of this.elements!.holding(value, { gte, lt })) {
      matching.add(placeOf(key) - this.#head);
    }
    return searchIn((i) => matching.has(i), count, search);
  }

  /** Too large to be read into memory for a reply: `stream` it. */
  mustStream(start: number, end: number): boolean {
    const isLong = this.resident === null && !this.fitsInMemory && end - start > MAX_UNSTREAMED;
    return isLong && !this.isInScript;
  }

  /** The elements from `start` up to `end` as they are now, in runs from a snapshot. Must be read to its end or closed. */
  stream(start: number, end: number): AsyncIterableIterator<readonly Bytes[]> {
    const range = { gte: elementKey(this.#head + start), lt: elementKey(this.#head + end) };
    return sliceRuns(
      this.elements!.stream(range, (_, value) => value),
      0,
      end - start,
    );
  }

  /** All elements; loads a list that is on disk. */
  values(): Bytes[] {
    return this.slice(0, this.count);
  }

  /**
   * The structure, when it is in memory or pays to be: when the reads from disk, with one of `toCome` elements, would
   * have cost as much as loading it.
   */
  #inMemory(toCome: number): Deque | null {
    if (this.resident !== null) return this.resident;
    if (!this.fitsInMemory || this.#readCost + toCome < this.count) return null;
    const resident = this.whole();
    // Not before: the command may start again to load it.
    this.#readCost = 0;
    return resident;
  }

  #readBlocks<Item>(
    start: number,
    end: number,
    read: (range: ElementRange, limit: number) => readonly Item[],
  ): Item[] {
    if (start >= end) return [];
    const { gte, lt, count, skipped } = this.#blocks(start, end);
    // A step beyond the last one walks over all that was deleted there.
    return read({ gte, lt, isExact: true }, count).slice(skipped, skipped + end - start);
  }

  /** The whole blocks of places around some elements, how many elements are in them, and how many before the first. */
  #blocks(start: number, end: number): { gte: Bytes; lt: Bytes; count: number; skipped: number } {
    // Quarters of what is wanted: little is read in vain, and much can be pushed before another block begins.
    const block = 2 ** Math.max(MIN_BLOCK_BITS, Math.ceil(Math.log2(end - start)) - 2);
    const first = Math.floor((this.#head + start) / block) * block;
    const last = Math.ceil((this.#head + end) / block) * block;
    const from = Math.max(first, this.#head);
    const to = Math.min(last, this.#head + this.count);
    const skipped = this.#head + start - from;
    return { gte: elementKey(first), lt: elementKey(last), count: to - from, skipped };
  }

  // ─── at the ends ───────────────────────────────────────────────────────────────────────────────

  /** Adds the values one after the other at an end. */
  push(values: readonly Bytes[], end: End): void {
    const { resident, elements } = this;
    const tail = this.#head + this.count;
    let bytes = 0;
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      bytes += value.length;
      if (end === "tail") {
        resident?.pushTail(value);
        elements?.insert(elementKey(tail + i), value);
      } else {
        resident?.pushHead(value);
        elements?.insert(elementKey(--this.#head), value);
      }
    }
    this.#grown(values.length, bytes);
  }

  #fill(values: readonly Bytes[]): void {
    let bytes = 0;
    for (const value of values) {
      this.resident!.pushTail(value);
      bytes += value.length;
    }
    this.#grown(values.length, bytes);
  }

  #grown(count: number, bytes: number): void {
    if (this.elements === null && !this.#mayBePacked(this.count + count, this.contentBytes + bytes)) {
      this.#spreadAnew();
    }
    this.changed(count, bytes);
  }

  #spreadAnew(): void {
    this.#head = MIDDLE;
    this.spread();
  }

  #mayBePacked(count: number, bytes: number): boolean {
    return mayPackList(this.keyspace.limits, count, bytes);
  }

  /** Takes `count` elements away, at most all, as they come from an end. What becomes empty takes its key along. */
  pop(count: number, end: End): Bytes[] {
    const taken = Math.min(count, this.count);
    if (taken === 1) return [this.popOne(end)];
    const values =
      end === "head" ? this.slice(0, taken) : this.slice(this.count - taken, this.count).reverse();
    this.#drop(end === "head" ? taken : 0, end === "head" ? 0 : taken, lengthOf(values));
    return values;
  }

  popOne(end: End): Bytes {
    const value = this.at(end === "head" ? 0 : this.count - 1);
    this.#drop(end === "head" ? 1 : 0, end === "head" ? 0 : 1, value.length);
    return value;
  }

  /** Removes so many elements at the ends, which have that many bytes. */
  #drop(fromHead: number, fromTail: number, bytes: number): void {
    const { elements } = this;
    const dropped = fromHead + fromTail;
    this.resident?.drop(fromHead, fromTail);
    // Of one that becomes empty the collector takes them all.
    if (elements !== null && dropped < this.count) {
      const tail = this.#head + this.count;
      for (let i = 0; i < fromHead; i++) elements.delete(elementKey(this.#head + i));
      for (let i = 1; i <= fromTail; i++) elements.delete(elementKey(tail - i));
    }
    this.#head += fromHead;
    this.changed(-dropped, -bytes);
  }

  /** Moves an element from one end to another of the same list. */
  rotate(from: End, to: End): Bytes {
    const value = this.at(from === "head" ? 0 : this.count - 1);
    if (from === to) {
      this.owner!.recordChanged();
    } else {
      this.push([value], to);
      this.#drop(from === "head" ? 1 : 0, from === "head" ? 0 : 1, value.length);
    }
    return value;
  }

  /** Only the elements from index `start` up to, not including, `end` stay; with none of them the key goes. */
  trim(start: number, end: number): void {
    const { count } = this;
    const kept = Math.max(end - start, 0);
    if (kept === count) {
      this.owner!.recordChanged();
    } else if (kept === 0) {
      this.#drop(count, 0, this.contentBytes);
    } else if (this.elements === null || kept >= count - kept) {
      const bytes = lengthOf(this.slice(0, start)) + lengthOf(this.slice(end, count));
      this.#drop(start, count - end, bytes);
    } else {
      this.#replaceWith(this.slice(start, end));
    }
  }

  /** The elements that were go to the collector, all at once. */
  #replaceWith(values: readonly Bytes[]): void {
    this.keyspace.bury(this.elements!);
    this.elements = null;
    this.resident = new Deque();
    for (const value of values) this.resident.pushTail(value);
    this.counted(values.length, lengthOf(values));
    if (this.#mayBePacked(this.count, this.contentBytes)) this.changed(0, 0);
    else this.#spreadAnew();
  }

  // ─── in the middle ─────────────────────────────────────────────────────────────────────────────

  set(index: number, value: Bytes): void {
    const old = this.at(index);
    this.resident?.set(index, value);
    this.elements?.put(elementKey(this.#head + index), value);
    this.#grown(0, value.length - old.length);
  }

  /** Puts a value before the element at `index`, which may be `count`. */
  insert(index: number, value: Bytes): void {
    const { count, elements } = this;
    if (elements !== null) {
      const nearHead = isNearHead(index, count);
      const move = nearHead ? this.#mover(0, index) : this.#mover(index, count);
      openGap(index, count, move);
      elements.put(elementKey(this.#head + (nearHead ? index - 1 : index)), value);
      if (nearHead) this.#head--;
    }
    this.resident?.insert(index, value);
    this.#grown(1, value.length);
  }

  /** Removes the elements at these indexes, which ascend and hold `length` bytes each. */
  remove(indexes: readonly number[], length: number): void {
    const { count, elements } = this;
    const removed = indexes.length;
    if (removed === count) {
      this.#drop(count, 0, this.contentBytes);
      return;
    }
    const gaps = planGaps(indexes, count);
    if (elements !== null) {
      const { before, behind } = movedBy(gaps, count);
      const moveBefore = this.#mover(0, before);
      const moveBehind = this.#mover(count - behind, count);
      closeGaps(gaps, count, (from, to) => (from < before ? moveBefore : moveBehind)(from, to));
      for (let i = 0; i < gaps.atHead; i++) elements.delete(elementKey(this.#head + i));
      for (let i = count - removed + gaps.atHead; i < count; i++) elements.delete(elementKey(this.#head + i));
      this.#head += gaps.atHead;
    }
    this.resident?.remove(gaps);
    this.changed(-removed, -removed * length);
  }

  /** Reads the elements from `start` up to `end`, so that they can be moved; indexes are those of before. */
  #mover(start: number, end: number): Move {
    const values = this.slice(start, end);
    const head = this.#head;
    return (from, to) => this.elements!.put(elementKey(head + to), values[from - start]!);
  }
}

function lengthOf(values: readonly Bytes[]): number {
  let bytes = 0;
  for (const value of values) bytes += value.length;
  return bytes;
}

/** The least that a deque takes. Measured with 100,000 lists of three elements. */
const STRUCTURE_BYTES = 160;
/** A slot, room to grow, and the header of a string. */
const ELEMENT_BYTES = 40;

/** To encode an element of a packed list takes as long as to copy so many bytes. */
const PACKING_COST_BYTES = 32;
const SMALLEST_PACKED_BYTES = 4096;
/** As in Redis where the option counts elements. */
const DEFAULT_PACKED_BYTES = 8192;

/** Up to so many elements are read one by one. */
const MAX_POINT_READS = 32;
/** What a read costs beside its elements, in elements of a scan. */
const READ_COST = 4;
const MIN_BLOCK_BITS = 6;
/** Elements that a search reads before it looks only for where the value is. */
const FIRST_SEARCH = 1024;
const MAX_UNSTREAMED = 10_000;
