import { randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";
import { type ChangeWalk, isDeletionAt, isNewAt, keyBytesAt } from "./format.ts";

/** What hashes depend on: nobody else knows it. */
const SEED = randomBytes(4).readUInt32LE();
const FIRST_ROOM = 1 << 10;
/** Memory that is far away is asked for by so many changes at once, before it is needed by each. */
const GROUP = 64;
/**
 * So many slots are looked at for a key. Whoever finds keys of one hash gains nothing by it: past these a change is
 * made although there may be an older one of its key, and after that.
 */
const MAX_PROBES = 64;
/** A call takes longer than to hash a few bytes. */
const MAX_HASHED_HERE = 64;
/** A call takes longer than to compare a few bytes. */
const MAX_COMPARED_HERE = 64;

// What becomes of a change.
/** Another has taken its place. */
const REPLACED = 0;
/** A deletion of what came on nothing: it need not be made. */
const UNDONE = 1;
const MADE = 2;
/** It is made, and there was nothing of its key before the first of those that it has taken the place of. */
const ON_NOTHING = 3;
/** It is made, and has no place in the table: no other takes its place. */
const UNTABLED = 4;

const NO_SLOT = -1;

/**
 * Which change of each key is the last, of many in a block of whole records; and what of them the store need not learn
 * of, since it was put on nothing and deleted again. What the block before left to be made may be replaced as well: the
 * rest of that is made before anything of this one. Keys stay where they are in the blocks: the table holds where their
 * changes begin.
 *
 * Of all changes of a key that are to be made the table has the last, or none of them. So what is known of that one holds
 * when all before it are made, and what takes its place may go by it.
 */
export class LastChanges {
  readonly #records: Buffer;
  /** What was not there before is not in the store either: nothing of the block was made before. */
  readonly #isFirstTime: boolean;
  /** Where changes begin, in their order. */
  #positions = new Uint32Array(FIRST_ROOM);
  #fates = new Uint8Array(FIRST_ROOM);
  /** The hashes of their keys. */
  #hashes = new Uint32Array(FIRST_ROOM);
  #taken = 0;
  /** Two numbers for each slot: that of a change, counted from 1, where 0 is free; and its hash. */
  #slots = new Uint32Array(4 * FIRST_ROOM);
  #size = 0;
  readonly #absent = new Uint32Array(GROUP);
  /** Only written: what nobody could read would not be fetched either. */
  approached = 0;

  constructor(records: Buffer, isFirstTime: boolean) {
    this.#records = records;
    this.#isFirstTime = isFirstTime;
  }

  /** How many changes are left to be made. */
  get size(): number {
    return this.#size;
  }

  /** Takes the next changes, at most so many. `before`: of the block before, of which nothing is made meanwhile. */
  take(walk: ChangeWalk, most: number, before: LastChanges | null = null): void {
    for (let left = most; left > 0 && !walk.isAtEnd; left -= GROUP) {
      if (this.#taken + GROUP > this.#positions.length) this.#grow();
      const first = this.#taken;
      walk.take(Math.min(left, GROUP), (at, keyBegin, keyEnd) => {
        this.#hashes[this.#taken] = this.#hash(keyBegin, keyEnd);
        this.#positions[this.#taken++] = at;
      });
      this.#approach(this.#hashes.subarray(first, this.#taken));
      if (before !== null) before.#approach(this.#elsewhere(first));
      for (let number = first; number < this.#taken; number++) this.#settle(number, before);
    }
  }

  /** Where they begin; to be made in this order. */
  *positions(): IterableIterator<number> {
    for (let i = 0; i < this.#taken; i++) if (isToBeMade(this.#fates[i]!)) yield this.#positions[i]!;
  }

  /** Has the processor fetch what will be looked at for keys of these hashes: all of it at once. */
  #approach(hashes: Uint32Array): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let seen = 0;
    for (let i = 0; i < hashes.length; i++) {
      const hash = hashes[i]!;
      const slot = (2 * hash) & mask;
      const number = slots[slot]! - 1;
      if (number !== -1 && slots[slot + 1] === hash) seen += this.#records[this.#positions[number]!]!;
    }
    this.approached = seen;
  }

  /** The hashes of those keys of the group that the block before may be asked for. */
  #elsewhere(first: number): Uint32Array {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let count = 0;
    for (let number = first; number < this.#taken; number++) {
      const hash = this.#hashes[number]!;
      const isHere = slots[((2 * hash) & mask) + 1] === hash;
      if (!isHere && !this.#isOnNothing(this.#positions[number]!)) this.#absent[count++] = hash;
    }
    return this.#absent.subarray(0, count);
  }

  #settle(number: number, before: LastChanges | null): void {
    const at = this.#positions[number]!;
    const hash = this.#hashes[number]!;
    const slot = this.#slotFor(hash, this.#records, at);
    let replaced = this.#replace(slot);
    // Of what comes on nothing there is a deletion at the most: that may be made.
    if (replaced === REPLACED && before !== null && before.#size > 0 && !this.#isOnNothing(at)) {
      replaced = before.#replace(before.#slotFor(hash, this.#records, at));
    }
    const fate = slot === NO_SLOT ? UNTABLED : this.#fateAfter(replaced, at);
    if (slot !== NO_SLOT) {
      this.#slots[slot] = number + 1;
      this.#slots[slot + 1] = hash;
    }
    this.#fates[number] = fate;
    if (isToBeMade(fate)) this.#size++;
  }

  /** What becomes of the change at `at`, which took the place of one that had this fate; `REPLACED`: of none. */
  #fateAfter(replaced: number, at: number): number {
    if (replaced === REPLACED) return this.#isOnNothing(at) ? ON_NOTHING : MADE;
    if (replaced === MADE) return MADE;
    return isDeletionAt(this.#records, at) ? UNDONE : ON_NOTHING;
  }

  #isOnNothing(at: number): boolean {
    return this.#isFirstTime && isNewAt(this.#records, at);
  }

  /** Gives the fate that the change in the slot had: `REPLACED` when there is none. */
  #replace(slot: number): number {
    const number = slot === NO_SLOT ? -1 : this.#slots[slot]! - 1;
    if (number === -1) return REPLACED;
    const fate = this.#fates[number]!;
    if (isToBeMade(fate)) this.#size--;
    this.#fates[number] = REPLACED;
    return fate;
  }

  /** The slot of the key at `at`, or the free one that it may have. */
  #slotFor(hash: number, records: Buffer, at: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = (2 * hash) & mask, probes = MAX_PROBES; probes > 0; slot = (slot + 2) & mask, probes--) {
      const number = slots[slot]! - 1;
      if (number === -1) return slot;
      if (slots[slot + 1] === hash && this.#hasKey(this.#positions[number]!, records, at)) return slot;
    }
    return NO_SLOT;
  }

  #hash(begin: number, end: number): number {
    const records = this.#records;
    if (end - begin > MAX_HASHED_HERE) return crc32(records.subarray(begin, end), SEED);
    // As MurmurHash3 does (Austin Appleby), a little less of it for each four bytes.
    let hash = SEED;
    let at = begin;
    for (; at + 4 <= end; at += 4) {
      const word =
        records[at]! | (records[at + 1]! << 8) | (records[at + 2]! << 16) | (records[at + 3]! << 24);
      hash = Math.imul(hash ^ word, 0xcc9e_2d51);
      hash ^= hash >>> 15;
    }
    for (; at < end; at++) hash = Math.imul(hash ^ records[at]!, 0x1b87_3593);
    hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
    return (hash ^ (hash >>> 16)) >>> 0;
  }

  #hasKey(position: number, records: Buffer, at: number): boolean {
    const length = keyBytesAt(records, at);
    if (keyBytesAt(this.#records, position) !== length) return false;
    const own = this.#records;
    const ownKey = position + 4;
    const key = at + 4;
    if (length > MAX_COMPARED_HERE) {
      return own.compare(records, key, key + length, ownKey, ownKey + length) === 0;
    }
    for (let i = 0; i < length; i++) if (own[ownKey + i] !== records[key + i]) return false;
    return true;
  }

  /** Room for more: in larger arrays, unless most of what they hold need not be made. */
  #grow(): void {
    const old = this.#taken;
    const room = this.#size > old / 2 ? 2 * this.#positions.length : this.#positions.length;
    const [positions, fates, hashes] = [this.#positions, this.#fates, this.#hashes];
    this.#positions = new Uint32Array(room);
    this.#fates = new Uint8Array(room);
    this.#hashes = new Uint32Array(room);
    this.#slots = new Uint32Array(4 * room);
    this.#taken = 0;
    for (let i = 0; i < old; i++) {
      if (isToBeMade(fates[i]!)) this.#keep(positions[i]!, fates[i]!, hashes[i]!);
    }
  }

  #keep(at: number, fate: number, hash: number): void {
    const number = this.#taken++;
    // One that had no place before may not have one now: others of its key may have come behind it.
    const slot = fate === UNTABLED ? NO_SLOT : this.#slotFor(hash, this.#records, at);
    this.#positions[number] = at;
    this.#hashes[number] = hash;
    this.#fates[number] = slot === NO_SLOT ? UNTABLED : fate;
    if (slot === NO_SLOT) return;
    this.#slots[slot] = number + 1;
    this.#slots[slot + 1] = hash;
  }
}

const isToBeMade = (fate: number): boolean => fate >= MADE;
