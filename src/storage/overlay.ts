import type { Bytes } from "../support/bytes.ts";
import type { StoreEntry } from "./store.ts";

/** A new value of a key, null when it was deleted. */
export type Change = readonly [key: Bytes, value: Bytes | null];

/** What changed in a store and is not there yet, to be laid over what is read from it. */
export class Overlay {
  readonly #values: Map<Bytes, Bytes | null>;
  /** Sorted when a range is first asked for; then what is added since is sorted by itself and merged. */
  #sorted: Bytes[] = [];
  #added: Bytes[] | null = null;

  /** Takes the map: the caller must not use it any more. */
  constructor(values = new Map<Bytes, Bytes | null>()) {
    this.#values = values;
  }

  get size(): number {
    return this.#values.size;
  }

  /** Undefined when nothing of the key changed. */
  get(key: Bytes): Bytes | null | undefined {
    return this.#values.get(key);
  }

  set(key: Bytes, value: Bytes | null): void {
    if (this.#added !== null && !this.#values.has(key)) this.#added.push(key);
    this.#values.set(key, value);
  }

  /** Both, of which the later ones count: one of the two, grown, where that will do. */
  followedBy(later: Overlay): Overlay {
    if (this.size === 0) return later;
    for (const [key, value] of later.#values) this.set(key, value);
    return this;
  }

  /** The changes of a range, in order. */
  range(gte: Bytes, lt: Bytes): Change[] {
    if (this.#values.size === 0) return [];
    const keys = this.#inOrder();
    const changes: Change[] = [];
    for (let i = firstFrom(keys, gte); i < keys.length && keys[i]! < lt; i++) {
      changes.push([keys[i]!, this.#values.get(keys[i]!)!]);
    }
    return changes;
  }

  #inOrder(): readonly Bytes[] {
    if (this.#added === null) {
      this.#sorted = [...this.#values.keys()].sort(compare);
      this.#added = [];
    } else if (this.#added.length > 0) {
      this.#sorted = merge(this.#sorted, this.#added.sort(compare));
      this.#added = [];
    }
    return this.#sorted;
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
