import { CommandError } from "../../errors.ts";
import type { Bytes } from "../../support/bytes.ts";
import { estimate, newHistogram } from "./estimate.ts";
import {
  DENSE_BYTES,
  type Pattern,
  REGISTERS,
  denseRegister,
  denseRegisterIn,
  indexOf,
  placeOf,
  setDenseRegister,
} from "./registers.ts";
import { MAX_SPARSE_VALUE, describeRuns, eachRun, raiseSparse } from "./sparse.ts";

/**
 * A HyperLogLog is a string with Redis' own bytes, so that GET, DUMP and a real Redis understand it:
 *
 * `HYLL`, the form (0 dense, 1 sparse), three zeros, the cardinality as it was counted last (64 bits, little-endian;
 * the highest bit says that it is no longer true), then the registers.
 *
 * An empty one ⇒ `48594c4c 01 000000 0000000000000000 7fff`
 */
const HEADER_BYTES = 16;
const FORM_AT = 4;
const CARDINALITY_AT = 8;
const STALE_AT = 15;
const STALE = 0x80;
const DENSE = 0;
const SPARSE = 1;

const EMPTY: Bytes = "HYLL\x01\0\0\0" + "\0".repeat(8) + "\x7f\xff";

export const CORRUPTED = new CommandError("INVALIDOBJ Corrupted HLL object detected");

/** Whether bytes have the header of a HyperLogLog, and a dense one its length. What is inside shows later. */
export function isHyperLogLog(bytes: Bytes): boolean {
  if (bytes.length < HEADER_BYTES || !bytes.startsWith("HYLL")) return false;
  const form = bytes.charCodeAt(FORM_AT);
  return form === SPARSE || (form === DENSE && bytes.length === HEADER_BYTES + DENSE_BYTES);
}

/** Whether none of the patterns would raise a register: most PFADDs of a large one end here, without a copy. */
export function hasAll(bytes: Bytes, patterns: readonly Pattern[]): boolean {
  if (bytes.charCodeAt(FORM_AT) !== DENSE) return false;
  return patterns.every(
    (pattern) => placeOf(pattern) <= denseRegisterIn(bytes, HEADER_BYTES, indexOf(pattern)),
  );
}

/** One in memory while a command works on it. */
export class HyperLogLog {
  data: Uint8Array;
  length: number;

  /** Of bytes that `isHyperLogLog` approved, or a new one. */
  constructor(bytes: Bytes = EMPTY) {
    this.data = Buffer.from(bytes, "latin1");
    this.length = bytes.length;
  }

  toBytes(): Bytes {
    return Buffer.from(this.data.buffer, this.data.byteOffset, this.length).latin1Slice();
  }

  get isDense(): boolean {
    return this.data[FORM_AT] === DENSE;
  }

  /** The cardinality that was counted last; null when the registers have changed since. */
  get knownCardinality(): bigint | null {
    if ((this.data[STALE_AT]! & STALE) !== 0) return null;
    return this.#view().getBigUint64(CARDINALITY_AT, true);
  }

  set knownCardinality(count: bigint) {
    this.#view().setBigInt64(CARDINALITY_AT, count, true);
  }

  forgetCardinality(): void {
    this.data[STALE_AT]! |= STALE;
  }

  #view(): DataView {
    return new DataView(this.data.buffer, this.data.byteOffset);
  }

  /**
   * Raises a register; false when it has that value or more. A sparse one that would take more than `sparseMaxBytes`
   * becomes dense. @throws CORRUPTED
   */
  raise(pattern: Pattern, sparseMaxBytes: number): boolean {
    const index = indexOf(pattern);
    const value = placeOf(pattern);
    if (!this.isDense) {
      const outcome =
        value > MAX_SPARSE_VALUE ? "full" : raiseSparse(this, HEADER_BYTES, index, value, sparseMaxBytes);
      if (outcome === "corrupted") throw CORRUPTED;
      if (outcome !== "full") {
        if (outcome === "changed") this.forgetCardinality();
        return outcome === "changed";
      }
      this.makeDense();
    }
    if (denseRegister(this.data, HEADER_BYTES, index) >= value) return false;
    setDenseRegister(this.data, HEADER_BYTES, index, value);
    return true;
  }

  /** False when it is dense already. The cardinality stays known. @throws CORRUPTED */
  makeDense(): boolean {
    if (this.isDense) return false;
    const dense = new Uint8Array(HEADER_BYTES + DENSE_BYTES);
    dense.set(this.data.subarray(0, HEADER_BYTES));
    dense[FORM_AT] = DENSE;
    this.#eachRun((value, first, run) => {
      if (value === 0) return;
      for (let index = first; index < first + run; index++) {
        setDenseRegister(dense, HEADER_BYTES, index, value);
      }
    });
    this.data = dense;
    this.length = dense.length;
    return true;
  }

  /** Raises `registers`, a byte for each, to at least these. @throws CORRUPTED */
  raiseOthers(registers: Uint8Array): void {
    this.#eachRun((value, first, run) => {
      if (value === 0) return;
      for (let index = first; index < first + run; index++) {
        if (registers[index]! < value) registers[index] = value;
      }
    });
  }

  /** About how many different elements were added. @throws CORRUPTED */
  count(): bigint {
    const histogram = newHistogram();
    this.#eachRun((value, _, run) => {
      histogram[value]! += run;
    });
    return estimate(histogram);
  }

  /** The runs of a sparse one, for PFDEBUG. */
  describeRuns(): string {
    return describeRuns(this, HEADER_BYTES);
  }

  /** A dense one has runs of one register. */
  #eachRun(take: (value: number, first: number, run: number) => void): void {
    if (!this.isDense) {
      if (!eachRun(this, HEADER_BYTES, take)) throw CORRUPTED;
      return;
    }
    for (let index = 0; index < REGISTERS; index++) {
      take(denseRegister(this.data, HEADER_BYTES, index), index, 1);
    }
  }
}

/** About how many different elements registers, a byte for each, tell of. */
export function countRegisters(registers: Uint8Array): bigint {
  const histogram = newHistogram();
  for (const value of registers) histogram[value]!++;
  return estimate(histogram);
}
