import type { Bytes } from "../support/bytes.ts";
import { type Gaps, closeGaps, isNearHead, openGap } from "./list-moves.ts";

const MIN_CAPACITY = 8;

/**
 * The elements of a list in memory: a ring of slots, so that both ends and every index are reached in constant time,
 * and what changes in the middle moves the shorter side.
 */
export class Deque {
  /** Their number is a power of two. */
  #slots: (Bytes | undefined)[] = new Array<Bytes | undefined>(MIN_CAPACITY);
  #head = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The element at an index from 0 up to, not including, `size`. */
  at(index: number): Bytes {
    return this.#slots[this.#slotOf(index)]!;
  }

  set(index: number, value: Bytes): void {
    this.#slots[this.#slotOf(index)] = value;
  }

  pushHead(value: Bytes): void {
    if (this.#size === this.#slots.length) this.#resize(this.#size * 2);
    this.#head = this.#slotOf(-1);
    this.#size++;
    this.#slots[this.#head] = value;
  }

  pushTail(value: Bytes): void {
    if (this.#size === this.#slots.length) this.#resize(this.#size * 2);
    this.#slots[this.#slotOf(this.#size++)] = value;
  }

  /** Removes `fromHead` elements at the head and `fromTail` at the tail. */
  drop(fromHead: number, fromTail: number): void {
    for (let i = 0; i < fromHead; i++) this.#slots[this.#slotOf(i)] = undefined;
    for (let i = this.#size - fromTail; i < this.#size; i++) this.#slots[this.#slotOf(i)] = undefined;
    this.#head = this.#slotOf(fromHead);
    this.#size -= fromHead + fromTail;
    const { length } = this.#slots;
    if (length > MIN_CAPACITY && this.#size < length / 4) this.#resize(capacityFor(this.#size * 2));
  }

  /** The elements from `start` up to, not including, `end`. */
  slice(start: number, end: number): Bytes[] {
    if (start >= end) return [];
    const slots = this.#slots as Bytes[];
    const from = this.#slotOf(start);
    const to = from + end - start;
    return to <= slots.length
      ? slots.slice(from, to)
      : slots.slice(from).concat(slots.slice(0, to - slots.length));
  }

  /** Puts a value before the element at `index`; the shorter side makes room. */
  insert(index: number, value: Bytes): void {
    const nearHead = isNearHead(index, this.#size);
    if (nearHead) this.pushHead(value);
    else this.pushTail(value);
    // All indexes are one higher now where the head made room.
    const base = nearHead ? 1 : 0;
    const size = this.#size - 1;
    openGap(index, size, (from, to) => this.set(to + base, this.at(from + base)));
    this.set(index, value);
  }

  /** Removes the elements at these indexes, which ascend. */
  remove(gaps: Gaps): void {
    closeGaps(gaps, this.#size, (from, to) => this.set(to, this.at(from)));
    this.drop(gaps.atHead, gaps.indexes.length - gaps.atHead);
  }

  #slotOf(index: number): number {
    return (this.#head + index) & (this.#slots.length - 1);
  }

  #resize(capacity: number): void {
    const values = this.slice(0, this.#size);
    const slots = new Array<Bytes | undefined>(capacity);
    for (let i = 0; i < values.length; i++) slots[i] = values[i];
    this.#slots = slots;
    this.#head = 0;
  }
}

function capacityFor(size: number): number {
  let capacity = MIN_CAPACITY;
  while (capacity < size) capacity *= 2;
  return capacity;
}
