import { REGISTERS } from "./registers.ts";

/**
 * The sparse form, from register 0 on:
 *
 * - `00xxxxxx`: x + 1 registers are 0;
 * - `01xxxxxx yyyyyyyy`: the same for up to 16384 registers;
 * - `1vvvvvxx`: x + 1 registers are v + 1.
 *
 * Registers 1000, 1020 and 1021 are 2, 3 and 3, all others 0 ⇒ `43e7 84 12 89 7c01`.
 *
 * GET shows these bytes, so a register is set in exactly the steps that Redis takes: which runs are split, and which
 * of their neighbours are joined, is not what the shortest encoding would be.
 */

/** Larger ones have no place in the five bits of a run. */
export const MAX_SPARSE_VALUE = 32;
const MAX_VALUE_RUN = 4;
const MAX_SHORT_ZERO_RUN = 64;
/** Runs, from the one before the change on, in which neighbours are looked for. */
const JOIN_SCAN = 5;

/** A byte array that can grow; bytes from `length` on are no part of it. */
export interface SparseData {
  data: Uint8Array;
  length: number;
}

const isLongZero = (byte: number): boolean => (byte & 0xc0) === 0x40;
const isValue = (byte: number): boolean => (byte & 0x80) !== 0;
const valueOf = (byte: number): number => ((byte >> 2) & 31) + 1;
const sizeOf = (byte: number): 1 | 2 => (isLongZero(byte) ? 2 : 1);
const valueRun = (value: number, run: number): number => 0x80 | ((value - 1) << 2) | (run - 1);

function runOf({ data, length }: SparseData, at: number): number {
  const byte = data[at]!;
  if (isValue(byte)) return (byte & 3) + 1;
  if (!isLongZero(byte)) return (byte & 63) + 1;
  return (((byte & 63) << 8) | (at + 1 < length ? data[at + 1]! : 0)) + 1;
}

function zeroRun(run: number): number[] {
  return run > MAX_SHORT_ZERO_RUN ? [0x40 | ((run - 1) >> 8), (run - 1) & 0xff] : [run - 1];
}

/** Calls back for each run. False when they do not add up to all registers. */
export function eachRun(
  sparse: SparseData,
  from: number,
  take: (value: number, first: number, run: number) => void,
): boolean {
  let first = 0;
  for (let at = from; at < sparse.length;) {
    const byte = sparse.data[at]!;
    const run = runOf(sparse, at);
    if (first + run > REGISTERS) return false;
    take(isValue(byte) ? valueOf(byte) : 0, first, run);
    first += run;
    at += sizeOf(byte);
  }
  return first === REGISTERS;
}

/** What each run says, as PFDEBUG DECODE shows it; whether they add up does not matter. */
export function describeRuns(sparse: SparseData, from: number): string {
  const shown: string[] = [];
  for (let at = from; at < sparse.length; at += sizeOf(sparse.data[at]!)) {
    const byte = sparse.data[at]!;
    const run = runOf(sparse, at);
    shown.push(isValue(byte) ? `v:${valueOf(byte)},${run}` : `${isLongZero(byte) ? "Z" : "z"}:${run}`);
  }
  return shown.join(" ");
}

/** What came of an attempt to raise a register; `full`: only the dense form can hold it. */
export type SparseOutcome = "unchanged" | "changed" | "full" | "corrupted";

/** Raises a register to `value` (up to MAX_SPARSE_VALUE), as long as that keeps within `maxBytes`. */
export function raiseSparse(
  sparse: SparseData,
  from: number,
  index: number,
  value: number,
  maxBytes: number,
): SparseOutcome {
  let at = from;
  let before = -1;
  let first = 0;
  let run = 0;
  while (at < sparse.length) {
    run = runOf(sparse, at);
    if (index < first + run) break;
    before = at;
    at += sizeOf(sparse.data[at]!);
    first += run;
  }
  if (run === 0 || at >= sparse.length) return "corrupted";
  const byte = sparse.data[at]!;
  if (isValue(byte) && valueOf(byte) >= value) return "unchanged";
  if (run === 1 && !isLongZero(byte)) {
    sparse.data[at] = valueRun(value, 1);
  } else {
    const around = (length: number): number[] => {
      if (length === 0) return [];
      return isValue(byte) ? [valueRun(valueOf(byte), length)] : zeroRun(length);
    };
    const runs = [...around(index - first), valueRun(value, 1), ...around(first + run - 1 - index)];
    const growth = runs.length - sizeOf(byte);
    if (growth > 0 && sparse.length + growth > maxBytes) return "full";
    replace(sparse, at, sizeOf(byte), runs);
  }
  joinNeighbours(sparse, before < 0 ? from : before);
  return "changed";
}

function replace(sparse: SparseData, at: number, size: number, runs: readonly number[]): void {
  const growth = runs.length - size;
  const { length } = sparse;
  if (length + growth > sparse.data.length) {
    const larger = new Uint8Array(2 * (length + growth));
    larger.set(sparse.data);
    sparse.data = larger;
  }
  sparse.data.copyWithin(at + runs.length, at + size, length);
  sparse.data.set(runs, at);
  sparse.length = length + growth;
}

function joinNeighbours(sparse: SparseData, from: number): void {
  const { data } = sparse;
  let at = from;
  for (let left = JOIN_SCAN; left > 0 && at < sparse.length; left--) {
    const byte = data[at]!;
    if (!isValue(byte)) {
      at += sizeOf(byte);
      continue;
    }
    const next = at + 1 < sparse.length ? data[at + 1]! : 0;
    if (isValue(next) && valueOf(next) === valueOf(byte)) {
      const run = (byte & 3) + (next & 3) + 2;
      if (run <= MAX_VALUE_RUN) {
        data[at] = valueRun(valueOf(byte), run);
        data.copyWithin(at + 1, at + 2, sparse.length);
        sparse.length--;
        // The joined run may be joined with the one behind it.
        continue;
      }
    }
    at++;
  }
}
