import type { Bytes } from "../support/bytes.ts";
import type { StoreEntry } from "./store.ts";

/** A new value of a key, null when it was deleted. */
export type Change = readonly [key: Bytes, value: Bytes | null];

/** The first changes of a range, in reading order. */
export interface ChangeRun {
  readonly changes: Change[];
  /** There are more behind them. */
  readonly isCut: boolean;
}

export interface RunBounds {
  /** Inclusive. */
  readonly gte: Bytes;
  /** Exclusive. */
  readonly lt: Bytes;
  readonly reverse: boolean;
  /** So many values at the most; deletions are not counted, but see `DELETIONS_PER_VALUE`. */
  readonly limit: number;
}

/** Who wants so many values does not look at many times as many deletions at once. */
const DELETIONS_PER_VALUE = 256;

/** Changes side by side, in the order they were made. */
export interface ChangeRows {
  readonly keys: Bytes[];
  readonly values: (Bytes | null)[];
}

/** Never written to. */
const NOTHING: never[] = [];

/** Up to so many are put together: each list costs memory for itself. */
const MAX_SMALL_LIST = 64;

/** What changed in a store and is not there yet, to be laid over what is read from it. */
export class Overlay {
  /** Made when somebody asks. */
  #values: Map<Bytes, Bytes | null> | null;
  /** What came since somebody asked, in order: nobody asks of what is in memory as a whole anyway. */
  #unmerged: ChangeRows[] = NOTHING;
  /** Keys in order. Sorted when a range is first asked for. */
  #sorted: Bytes[] = NOTHING;
  /** Those that came later, in order, while they are few. */
  #recent: Bytes[] = NOTHING;
  /** Those that came since a range was last asked for; null: there was none yet. */
  #added: Bytes[] | null = null;

  /** Takes the map: the caller must not use it any more. */
  constructor(values: Map<Bytes, Bytes | null> | null = null) {
    this.#values = values;
  }

  get isEmpty(): boolean {
    return this.#unmerged.length === 0 && (this.#values === null || this.#values.size === 0);
  }

  /** Undefined when nothing of the key changed. */
  get(key: Bytes): Bytes | null | undefined {
    if (this.#unmerged.length > 0) this.#merge();
    return this.#values?.get(key);
  }

  /** Later changes than those before. Takes the arrays: the caller must not use them any more. */
  add({ keys, values }: ChangeRows): void {
    if (keys.length === 0) return;
    const last = this.#unmerged.at(-1);
    if (last === undefined) {
      // Not pushed: that would make room for seventeen, and there are many overlays of one list.
      this.#unmerged = [{ keys, values }];
      return;
    }
    if (last.keys.length + keys.length > MAX_SMALL_LIST) {
      this.#unmerged.push({ keys, values });
      return;
    }
    for (let i = 0; i < keys.length; i++) {
      last.keys.push(keys[i]!);
      last.values.push(values[i]!);
    }
  }

  #merge(): Map<Bytes, Bytes | null> {
    const merged = (this.#values ??= new Map<Bytes, Bytes | null>());
    const added = this.#added;
    for (const { keys, values } of this.#unmerged) {
      for (let i = 0; i < keys.length; i++) {
        const key = keys[i]!;
        if (added !== null && !merged.has(key)) added.push(key);
        merged.set(key, values[i]!);
      }
    }
    this.#unmerged = NOTHING;
    return merged;
  }

  /** The changes of a range, in order. */
  range(gte: Bytes, lt: Bytes): Change[] {
    return this.run({ gte, lt, reverse: false, limit: Infinity }).changes;
  }

  /** Of a range no more than what is wanted. */
  run({ gte, lt, reverse, limit }: RunBounds): ChangeRun {
    const changes: Change[] = [];
    if (this.isEmpty) return { changes, isCut: false };
    const values = this.#merge();
    this.#order(values);
    const keys = reverse
      ? new KeysBackward(this.#sorted, this.#recent, gte, lt)
      : new KeysForward(this.#sorted, this.#recent, gte, lt);
    let room = limit * DELETIONS_PER_VALUE;
    for (let key = keys.next(); key !== undefined; key = keys.next()) {
      if (room <= 0) return { changes, isCut: true };
      const value = values.get(key)!;
      changes.push([key, value]);
      room -= value === null ? 1 : DELETIONS_PER_VALUE;
    }
    return { changes, isCut: false };
  }

  #order(values: Map<Bytes, Bytes | null>): void {
    if (this.#added === null) this.#sorted = [...values.keys()].sort(compare);
    else if (this.#added.length > 0) this.#place(this.#added.sort(compare));
    this.#added = [];
  }

  #place(added: readonly Bytes[]): void {
    const last = this.#sorted.at(-1);
    if (this.#recent.length === 0 && (last === undefined || last < added[0]!)) {
      // Streams and lists grow at their end.
      for (const key of added) this.#sorted.push(key);
      return;
    }
    this.#recent = merge(this.#recent, added);
    // So that to merge all of them is rare, and to merge these is little.
    if (this.#recent.length ** 2 <= this.#sorted.length) return;
    this.#sorted = merge(this.#sorted, this.#recent);
    this.#recent = [];
  }
}

/** Two sorted arrays that have nothing in common, as one. */
class KeysForward {
  readonly #a: readonly Bytes[];
  readonly #b: readonly Bytes[];
  readonly #lt: Bytes;
  #i: number;
  #j: number;

  constructor(a: readonly Bytes[], b: readonly Bytes[], gte: Bytes, lt: Bytes) {
    this.#a = a;
    this.#b = b;
    this.#lt = lt;
    this.#i = firstFrom(a, gte);
    this.#j = firstFrom(b, gte);
  }

  /** Undefined at the end. */
  next(): Bytes | undefined {
    const a = this.#a[this.#i];
    const b = this.#b[this.#j];
    const isA = b === undefined || (a !== undefined && a < b);
    const key = isA ? a : b;
    if (key === undefined || key >= this.#lt) return undefined;
    if (isA) this.#i++;
    else this.#j++;
    return key;
  }
}

/** The same from the end. */
class KeysBackward {
  readonly #a: readonly Bytes[];
  readonly #b: readonly Bytes[];
  readonly #gte: Bytes;
  #i: number;
  #j: number;

  constructor(a: readonly Bytes[], b: readonly Bytes[], gte: Bytes, lt: Bytes) {
    this.#a = a;
    this.#b = b;
    this.#gte = gte;
    this.#i = firstFrom(a, lt) - 1;
    this.#j = firstFrom(b, lt) - 1;
  }

  next(): Bytes | undefined {
    const a = this.#a[this.#i];
    const b = this.#b[this.#j];
    const isA = b === undefined || (a !== undefined && a > b);
    const key = isA ? a : b;
    if (key === undefined || key < this.#gte) return undefined;
    if (isA) this.#i--;
    else this.#j--;
    return key;
  }
}

/** Where in a sorted array the first key is that is at least `from`. */
function firstFrom(keys: readonly Bytes[], from: Bytes): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keys[middle]! < from) low = middle + 1;
    else high = middle;
  }
  return low;
}

function merge(a: readonly Bytes[], b: readonly Bytes[]): Bytes[] {
  const merged: Bytes[] = [];
  let i = 0;
  for (const key of b) {
    while (i < a.length && a[i]! < key) merged.push(a[i++]!);
    merged.push(key);
  }
  while (i < a.length) merged.push(a[i++]!);
  return merged;
}

function compare(a: Bytes, b: Bytes): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Changes in order, of two that are in order: where both tell of a key, the second ones count. */
export function mergeOverlays(first: readonly Change[], second: readonly Change[]): readonly Change[] {
  if (first.length === 0) return second;
  if (second.length === 0) return first;
  const merged: Change[] = [];
  let i = 0;
  for (const change of second) {
    while (i < first.length && first[i]![0] < change[0]) merged.push(first[i++]!);
    if (i < first.length && first[i]![0] === change[0]) i++;
    merged.push(change);
  }
  while (i < first.length) merged.push(first[i++]!);
  return merged;
}

/** Sorted entries with sorted changes laid over them: a change replaces, inserts or (null) removes. */
export function mergeChanges(
  entries: readonly StoreEntry[],
  changes: readonly Change[],
  reverse: boolean,
): StoreEntry[] {
  const merged: StoreEntry[] = [];
  let next = 0;
  const take = (change: Change): void => {
    if (change[1] !== null) merged.push(change as StoreEntry);
  };
  for (const entry of entries) {
    while (
      next < changes.length &&
      changes[next]![0] < entry[0] !== reverse &&
      changes[next]![0] !== entry[0]
    ) {
      take(changes[next++]!);
    }
    if (next < changes.length && changes[next]![0] === entry[0]) take(changes[next++]!);
    else merged.push(entry);
  }
  while (next < changes.length) take(changes[next++]!);
  return merged;
}

export function sortChanges(changes: Change[], reverse: boolean): Change[] {
  return changes.sort(([a], [b]) => (a === b ? 0 : a < b !== reverse ? -1 : 1));
}
