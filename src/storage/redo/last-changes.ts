import { randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";
import { type ChangeWalk, isDeletionAt, isNewAt, keyBytesAt } from "./format.ts";

const FIRST_SLOTS = 1 << 11;
/**
 * So many slots are looked at for a key. Whoever finds keys of one hash gains nothing by it: past these a change is
 * kept although there may be an older one of its key, and made after that.
 */
const MAX_PROBES = 24;
/** A call takes longer than to hash a few bytes. */
const MAX_HASHED_HERE = 64;
/** A call takes longer than to compare a few bytes. */
const MAX_COMPARED_HERE = 32;

// What becomes of a change.
/** Another has taken its place. */
const REPLACED = 0;
const MADE = 1;
/** It is made, and there was nothing of its key before the first of those that it has taken the place of. */
const ON_NOTHING = 2;
/** A deletion of what came on nothing: it need not be made. */
const UNDONE = 3;

/**
 * Which change of each key is the last, of many in a block of whole records; and what of them the store need not learn
 * of, since it was put on nothing and deleted again. Keys stay where they are in the block: the table holds where their
 * changes begin.
 */
export class LastChanges {
  readonly #records: Buffer;
  /** What was not there before is not in the store either: nothing of the block was made before. */
  readonly #isFirstTime: boolean;
  readonly #seed = randomBytes(4).readUInt32LE();
  /** Where changes begin, in their order. */
  #positions = new Uint32Array(FIRST_SLOTS / 2);
  #fates = new Uint8Array(FIRST_SLOTS / 2);
  /** The hashes of their keys. */
  #hashes = new Uint32Array(FIRST_SLOTS / 2);
  #taken = 0;
  /** Number of a change, counted from 1; 0 is free. There are twice as many as there is room for changes. */
  #slots = new Uint32Array(FIRST_SLOTS);
  #size = 0;

  constructor(records: Buffer, isFirstTime: boolean) {
    this.#records = records;
    this.#isFirstTime = isFirstTime;
  }

  /** How many changes are left to be made. */
  get size(): number {
    return this.#size;
  }

  /** Takes the next changes, at most so many. */
  take(walk: ChangeWalk, most: number): void {
    walk.take(most, (at, keyBegin, keyEnd) => this.#add(at, keyBegin, keyEnd));
  }

  /** Where they begin; to be made in this order. */
  *positions(): IterableIterator<number> {
    for (let i = 0; i < this.#taken; i++) if (isToBeMade(this.#fates[i]!)) yield this.#positions[i]!;
  }

  #add(at: number, keyBegin: number, keyEnd: number): void {
    if (this.#taken === this.#positions.length) this.#grow();
    const hash = this.#hash(keyBegin, keyEnd);
    const number = this.#taken++;
    this.#positions[number] = at;
    this.#hashes[number] = hash;
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = hash & mask, probes = MAX_PROBES; probes > 0; slot = (slot + 1) & mask, probes--) {
      const other = slots[slot]! - 1;
      if (other === -1) {
        slots[slot] = number + 1;
        break;
      }
      if (this.#hashes[other] === hash && this.#hasKey(this.#positions[other]!, keyBegin, keyEnd)) {
        slots[slot] = number + 1;
        this.#replace(other, number);
        return;
      }
    }
    this.#fates[number] = this.#isFirstTime && isNewAt(this.#records, at) ? ON_NOTHING : MADE;
    this.#size++;
  }

  #replace(other: number, number: number): void {
    const before = this.#fates[other]!;
    this.#fates[other] = REPLACED;
    const fate =
      before === MADE ? MADE : isDeletionAt(this.#records, this.#positions[number]!) ? UNDONE : ON_NOTHING;
    this.#fates[number] = fate;
    if (before === UNDONE) this.#size++;
    if (fate === UNDONE) this.#size--;
  }

  #hash(begin: number, end: number): number {
    if (end - begin > MAX_HASHED_HERE) return crc32(this.#records.subarray(begin, end), this.#seed);
    const records = this.#records;
    // FNV-1a, https://www.rfc-editor.org/rfc/rfc9923; its low bits are the weak ones.
    let hash = this.#seed;
    for (let i = begin; i < end; i++) hash = Math.imul(hash ^ records[i]!, 0x0100_0193);
    return (hash ^ (hash >>> 15)) >>> 0;
  }

  #hasKey(at: number, begin: number, end: number): boolean {
    const records = this.#records;
    const length = keyBytesAt(records, at);
    if (length !== end - begin) return false;
    const other = at + 4;
    if (length > MAX_COMPARED_HERE) {
      return records.compare(records, other, other + length, begin, end) === 0;
    }
    for (let i = 0; i < length; i++) if (records[begin + i] !== records[other + i]) return false;
    return true;
  }

  /** Room for more: in larger arrays, unless most of what they hold need not be made. */
  #grow(): void {
    const room = this.#size > this.#taken / 2 ? 2 * this.#taken : this.#taken;
    const positions = new Uint32Array(room);
    const fates = new Uint8Array(room);
    const hashes = new Uint32Array(room);
    const slots = new Uint32Array(2 * room);
    const mask = slots.length - 1;
    let taken = 0;
    for (let i = 0; i < this.#taken; i++) {
      const fate = this.#fates[i]!;
      if (!isToBeMade(fate)) continue;
      const hash = this.#hashes[i]!;
      positions[taken] = this.#positions[i]!;
      fates[taken] = fate;
      hashes[taken] = hash;
      taken++;
      // The keys are different, or had no place before either.
      for (let slot = hash & mask, probes = MAX_PROBES; probes > 0; slot = (slot + 1) & mask, probes--) {
        if (slots[slot] !== 0) continue;
        slots[slot] = taken;
        break;
      }
    }
    this.#positions = positions;
    this.#fates = fates;
    this.#hashes = hashes;
    this.#slots = slots;
    this.#taken = taken;
  }
}

const isToBeMade = (fate: number): boolean => fate === MADE || fate === ON_NOTHING;
