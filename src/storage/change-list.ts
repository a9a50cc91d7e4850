import type { Bytes } from "../support/bytes.ts";
import type { WriteBatch } from "./store.ts";

/** A large value is looked for among the last so many changes: a stream writes the same few nodes again and again. */
const LOOK_BACK = 8;
const LARGE_BYTES = 256;

/** Never written to. */
const NOTHING: never[] = [];

/** How far a list was, to be given back to `takeBack`. */
export interface ListMark {
  readonly size: number;
  readonly replaced: number;
}

/**
 * What was written to elements and is in no batch yet, in the order it was written: of one key the last change counts.
 * Changes are found by their keys only once somebody asks: of a collection that is in memory as a whole nobody does.
 */
export class ChangeList {
  #keys: Bytes[] = NOTHING;
  #values: (Bytes | null)[] = NOTHING;
  /** Whether there was nothing of the key before. */
  #areNew: boolean[] = NOTHING;
  /** Values that others took the place of, for a transaction that may be taken back; null: there is none. */
  #replaced: { readonly at: number; readonly value: Bytes | null }[] | null = null;
  /** The last change of each key, of the first changes. */
  #last: Map<Bytes, Bytes | null> | null = null;
  #found = 0;

  get size(): number {
    return this.#keys.length;
  }

  get keys(): Bytes[] {
    return this.#keys;
  }

  /** Null: deleted. */
  get values(): (Bytes | null)[] {
    return this.#values;
  }

  /** `isNew`: there is nothing of the key before. */
  add(key: Bytes, value: Bytes | null, isNew: boolean): void {
    if (this.#keys === NOTHING) {
      // Many lists have one change: an array that is pushed to has room for seventeen.
      this.#keys = [key];
      this.#values = [value];
      this.#areNew = [isNew];
      return;
    }
    if (value !== null && value.length >= LARGE_BYTES && this.#replaces(key, value)) return;
    this.#keys.push(key);
    this.#values.push(value);
    this.#areNew.push(isNew);
  }

  #replaces(key: Bytes, value: Bytes): boolean {
    const keys = this.#keys;
    const values = this.#values;
    const from = Math.max(keys.length - LOOK_BACK, 0);
    for (let at = keys.length - 1; at >= from; at--) {
      if (keys[at] !== key) continue;
      this.#replaced?.push({ at, value: values[at]! });
      values[at] = value;
      if (at < this.#found) this.#last!.set(key, value);
      return true;
    }
    return false;
  }

  /** Undefined when nothing of the key changed. */
  get(key: Bytes): Bytes | null | undefined {
    return this.size === 0 ? undefined : this.#byKey().get(key);
  }

  #byKey(): Map<Bytes, Bytes | null> {
    const last = (this.#last ??= new Map<Bytes, Bytes | null>());
    for (; this.#found < this.size; this.#found++)
      last.set(this.#keys[this.#found]!, this.#values[this.#found]!);
    return last;
  }

  /** The last change of each key. */
  [Symbol.iterator](): Iterator<readonly [key: Bytes, value: Bytes | null]> {
    return this.#byKey().entries();
  }

  writeTo(batch: WriteBatch): void {
    const keys = this.#keys;
    const values = this.#values;
    for (let i = 0; i < keys.length; i++) {
      const value = values[i]!;
      if (value === null) batch.delete(keys[i]!);
      else batch.put(keys[i]!, value, this.#areNew[i]);
    }
  }

  /** What is written from now on may have to be taken back. */
  mark(): ListMark {
    this.#replaced ??= [];
    return { size: this.size, replaced: this.#replaced.length };
  }

  /** Marks are taken back to in the opposite order. */
  takeBack({ size, replaced }: ListMark): void {
    for (const { at, value } of this.#replaced!.splice(replaced).reverse()) this.#values[at] = value;
    this.#keys.length = this.#values.length = this.#areNew.length = size;
    this.#last = null;
    this.#found = 0;
  }
}
