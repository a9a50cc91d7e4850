import type { Bytes } from "../support/bytes.ts";
import { hashOf, randomSeed } from "../support/hash.ts";
import type { Entry } from "./entry.ts";

const FIRST_SLOTS = 1 << 6;
/** So few entries are in the processor's cache anyway. */
const FEW_ENTRIES = 1000;
/** So many keys are brought near at once: more would push one another out of the processor's cache. */
const TOUCHED_AT_ONCE = 64;

/**
 * Entries by key. A `Map` would do, except for one thing: that a lookup waits four or five times for far memory, and of
 * a `Map` one lookup waits after the other. Here `touch` looks for many keys at the same time.
 *
 * Open addressing with linear probes, half full at the most. A slot holds a hash and where the entry is, so that growing
 * and removing look at no entry.
 */
export class EntryTable {
  readonly #seed = randomSeed();
  /** Two numbers for each slot: the hash, and the entry's place in `#entries` counted from 1, 0 for a free slot. */
  #slots = new Int32Array(2 * FIRST_SLOTS);
  #mask = FIRST_SLOTS - 1;
  readonly #entries: (Entry | null)[] = [];
  /** Places in `#entries` that are free. */
  readonly #free: number[] = [];
  readonly #hashes = new Int32Array(TOUCHED_AT_ONCE);

  get size(): number {
    return this.#entries.length - this.#free.length;
  }

  get(key: Bytes): Entry | undefined {
    const slot = this.#slotOf(key);
    return slot < 0 ? undefined : this.#entries[this.#slots[2 * slot + 1]! - 1]!;
  }

  has(key: Bytes): boolean {
    return this.#slotOf(key) >= 0;
  }

  /** Of a key that is not there. */
  add(entry: Entry): void {
    if (4 * (this.size + 1) > this.#slots.length) this.#grow();
    const place = this.#free.pop() ?? this.#entries.length;
    this.#entries[place] = entry;
    this.#put(hashOf(entry.key, this.#seed), place + 1);
  }

  delete(key: Bytes): void {
    const slot = this.#slotOf(key);
    if (slot < 0) return;
    const place = this.#slots[2 * slot + 1]! - 1;
    this.#entries[place] = null;
    this.#free.push(place);
    this.#vacate(slot);
  }

  *values(): IterableIterator<Entry> {
    for (const entry of this.#entries) if (entry !== null) yield entry;
  }

  /**
   * Brings what lookups of these keys will need into the processor's cache; with `values` also what is read of a value,
   * which would be a waste of who replaces it. Gives how many of them are surely not there; not all, and while there are
   * few entries none.
   */
  touch(keys: readonly Bytes[], values: boolean): number {
    if (this.size < FEW_ENTRIES) return 0;
    let missing = 0;
    for (let i = 0; i < keys.length; i += TOUCHED_AT_ONCE) {
      missing += this.#touch(keys, i, Math.min(i + TOUCHED_AT_ONCE, keys.length), values);
    }
    return missing;
  }

  /** Each loop waits for far memory once: what its rounds read does not depend on one another. */
  #touch(keys: readonly Bytes[], begin: number, end: number, values: boolean): number {
    const slots = this.#slots;
    const entries = this.#entries;
    const hashes = this.#hashes;
    const mask = this.#mask;
    const count = end - begin;
    let read = 0;
    let missing = 0;
    for (let i = 0; i < count; i++) hashes[i] = hashOf(keys[begin + i]!, this.#seed);
    for (let i = 0; i < count; i++) read += slots[2 * (hashes[i]! & mask)]!;
    for (let i = 0; i < count; i++) {
      const place = slots[2 * (hashes[i]! & mask) + 1]!;
      if (place === 0) missing++;
      else read += entries[place - 1]!.newest;
    }
    for (let i = 0; i < count; i++) {
      const place = slots[2 * (hashes[i]! & mask) + 1]!;
      if (place === 0) continue;
      const { key, value } = entries[place - 1]!;
      read += key.length;
      if (values && typeof value === "string") read += value.length;
    }
    // Nobody asks for it; but reading would be left out if nothing came of it.
    hashes[0] = read;
    return missing;
  }

  #slotOf(key: Bytes): number {
    const slots = this.#slots;
    const mask = this.#mask;
    const hash = hashOf(key, this.#seed);
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const place = slots[2 * slot + 1]!;
      if (place === 0) return -1;
      if (slots[2 * slot] === hash && this.#entries[place - 1]!.key === key) return slot;
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
}
