import type { Bytes } from "./bytes.ts";
import { hashOf, randomSeed } from "./hash.ts";

const FIRST_SLOTS = 1 << 6;
/** So many keys are brought near at once, at the most: more would push one another out of the processor's cache. */
const TOUCHED_AT_ONCE = 64;
/** So many places may be free beside as many as are taken. */
const MAX_FREE = 1024;

/** What came of reading that was to bring something near: nobody asks for it, but reading in vain would be left out. */
let sum = 0;

export function wasRead(read: number): void {
  sum = (sum + read) | 0;
}

const nothing = (): void => undefined;

/**
 * Values by key. A `Map` would do, except for one thing: that a lookup waits three or four times for far memory, and of
 * a `Map` one lookup waits after the other. Here `touch` looks for many keys at the same time.
 *
 * Open addressing with linear probes, half full at the most. A slot holds a hash and where the pair is, so that growing
 * and removing look at no key.
 */
export class BytesTable<V> {
  readonly #seed = randomSeed();
  /** Two numbers for each slot: the hash, and the pair's place counted from 1, 0 for a free slot. */
  #slots = new Int32Array(2 * FIRST_SLOTS);
  #mask = FIRST_SLOTS - 1;
  /** Two for each place: key and value; null and null where it is free. */
  #pairs: (Bytes | V | null)[] = [];
  #free: number[] = [];
  /** Places, counted from 1, of what was touched. */
  readonly #touched = new Int32Array(TOUCHED_AT_ONCE);

  get size(): number {
    return this.#pairs.length / 2 - this.#free.length;
  }

  get(key: Bytes): V | undefined {
    const slot = this.#slotOf(key, hashOf(key, this.#seed));
    return slot < 0 ? undefined : (this.#pairs[this.#slots[2 * slot + 1]! * 2 - 1] as V);
  }

  has(key: Bytes): boolean {
    return this.#slotOf(key, hashOf(key, this.#seed)) >= 0;
  }

  set(key: Bytes, value: V): void {
    const hash = hashOf(key, this.#seed);
    const slot = this.#slotOf(key, hash);
    if (slot < 0) this.#add(key, value, hash);
    else this.#pairs[this.#slots[2 * slot + 1]! * 2 - 1] = value;
  }

  /** As `set`, of a key that is not there. */
  add(key: Bytes, value: V): void {
    this.#add(key, value, hashOf(key, this.#seed));
  }

  #add(key: Bytes, value: V, hash: number): void {
    if (4 * (this.size + 1) > this.#slots.length) this.#grow();
    const place = this.#free.pop() ?? this.#pairs.length / 2;
    if (2 * place === this.#pairs.length) this.#pairs.push(key, value);
    else {
      this.#pairs[2 * place] = key;
      this.#pairs[2 * place + 1] = value;
    }
    this.#put(hash, place + 1);
  }

  /** False when it is not there. */
  delete(key: Bytes): boolean {
    const slot = this.#slotOf(key, hashOf(key, this.#seed));
    if (slot < 0) return false;
    const place = this.#slots[2 * slot + 1]! - 1;
    this.#pairs[2 * place] = null;
    this.#pairs[2 * place + 1] = null;
    this.#free.push(place);
    this.#vacate(slot);
    if (this.#free.length > this.size + MAX_FREE) this.#shrink();
    return true;
  }

  /** In no order, a new array. */
  keys(): Bytes[] {
    const keys: Bytes[] = [];
    const pairs = this.#pairs;
    for (let i = 0; i < pairs.length; i += 2) if (pairs[i] !== null) keys.push(pairs[i] as Bytes);
    return keys;
  }

  /** In no order. It must not be changed meanwhile. */
  *[Symbol.iterator](): IterableIterator<[key: Bytes, value: V]> {
    const pairs = this.#pairs;
    for (let i = 0; i < pairs.length; i += 2)
      if (pairs[i] !== null) yield [pairs[i] as Bytes, pairs[i + 1] as V];
  }

  // ─── many at the same time ─────────────────────────────────────────────────────────────────────

  /**
   * Brings what lookups of these keys will need into the processor's cache, `TOUCHED_AT_ONCE` at a time. Then `visit` is told
   * which of them, to ask for their values (`touched`). Gives how many are surely not there; not all.
   */
  touch(keys: readonly Bytes[], visit: (begin: number, count: number) => void = nothing): number {
    let missing = 0;
    for (let begin = 0; begin < keys.length; begin += TOUCHED_AT_ONCE) {
      const count = Math.min(TOUCHED_AT_ONCE, keys.length - begin);
      missing += this.#touch(keys, begin, count);
      visit(begin, count);
    }
    return missing;
  }

  /** Each loop waits for far memory once: what its rounds read does not depend on one another. */
  #touch(keys: readonly Bytes[], begin: number, count: number): number {
    const slots = this.#slots;
    const pairs = this.#pairs;
    const touched = this.#touched;
    let read = 0;
    let missing = 0;
    for (let i = 0; i < count; i++) touched[i] = 2 * (hashOf(keys[begin + i]!, this.#seed) & this.#mask) + 1;
    for (let i = 0; i < count; i++) {
      touched[i] = slots[touched[i]!]!;
      if (touched[i] === 0) missing++;
    }
    for (let i = 0; i < count; i++) if (touched[i] !== 0 && pairs[2 * touched[i]! - 2] === "") read++;
    for (let i = 0; i < count; i++) {
      if (touched[i] !== 0) read += (pairs[2 * touched[i]! - 2] as Bytes).length;
    }
    wasRead(read);
    return missing;
  }

  /** While they are visited: the value of the key `i` places behind the first of them; it may be another's, where slots are shared. */
  touched(i: number): V | undefined {
    const place = this.#touched[i]!;
    return place === 0 ? undefined : (this.#pairs[2 * place - 1] as V);
  }

  // ─── slots ─────────────────────────────────────────────────────────────────────────────────────

  #slotOf(key: Bytes, hash: number): number {
    const slots = this.#slots;
    const mask = this.#mask;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const place = slots[2 * slot + 1]!;
      if (place === 0) return -1;
      if (slots[2 * slot] === hash && this.#pairs[2 * place - 2] === key) return slot;
    }
  }

  #put(hash: number, place: number): void {
    const slots = this.#slots;
    let slot = hash & this.#mask;
    while (slots[2 * slot + 1] !== 0) slot = (slot + 1) & this.#mask;
    slots[2 * slot] = hash;
    slots[2 * slot + 1] = place;
  }

  /** Those behind a slot that is free now move up, as far as their probes come by it. */
  #vacate(slot: number): void {
    const slots = this.#slots;
    const mask = this.#mask;
    let free = slot;
    for (let at = (slot + 1) & mask; slots[2 * at + 1] !== 0; at = (at + 1) & mask) {
      const hash = slots[2 * at]!;
      if (((at - hash) & mask) < ((at - free) & mask)) continue;
      slots[2 * free] = hash;
      slots[2 * free + 1] = slots[2 * at + 1]!;
      free = at;
    }
    slots[2 * free + 1] = 0;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Int32Array(2 * old.length);
    this.#mask = old.length - 1;
    for (let i = 0; i < old.length; i += 2) if (old[i + 1] !== 0) this.#put(old[i]!, old[i + 1]!);
  }

  /** What has become small gives back what it took when it was large. */
  #shrink(): void {
    const old = this.#slots;
    const pairs = this.#pairs;
    this.#slots = new Int32Array(Math.max(2 * FIRST_SLOTS, old.length >>> 1));
    this.#mask = this.#slots.length / 2 - 1;
    this.#pairs = [];
    this.#free = [];
    for (let i = 0; i < old.length; i += 2) {
      if (old[i + 1] === 0) continue;
      const place = old[i + 1]! - 1;
      this.#put(old[i]!, this.#pairs.push(pairs[2 * place]!, pairs[2 * place + 1]!) / 2);
    }
  }
}
