import type { Bytes } from "../../support/bytes.ts";
import type { StoreEntry } from "../store.ts";

/** Some entries, in order. */
export interface Run {
  /** Keys without their first `from` bytes, cut in two behind the next `headLength`. */
  forEach(from: number, headLength: number, visit: Visit): void;
}

export type Visit = (keyHead: Bytes, keyTail: Bytes, value: Bytes) => void;

/** Entries of a run: what others wait for while it is used. */
export const RUN_ENTRIES = 1000;

/** A range of the store, run by run. Nothing is open before the first; who does not come to the end has to `return`. */
export type Scan = AsyncGenerator<Run, void, undefined>;

/** Entries in one piece of memory, which a thread can hand to another. */
export interface Packed {
  /** Keys and values, one behind the other. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Of a key and its value, in turns. */
  readonly lengths: Uint32Array<ArrayBuffer>;
}

export function pack(entries: readonly (readonly [key: Uint8Array, value: Uint8Array])[]): Packed {
  const lengths = new Uint32Array(entries.length * 2);
  let size = 0;
  entries.forEach(([key, value], i) => {
    lengths[2 * i] = key.length;
    lengths[2 * i + 1] = value.length;
    size += key.length + value.length;
  });
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const [key, value] of entries) {
    bytes.set(key, at);
    bytes.set(value, (at += key.length));
    at += value.length;
  }
  return { bytes, lengths };
}

/**
 * Its strings are made where they are wanted, each in a piece of its own: V8 keeps all of a string in memory as long as
 * there is a slice of it.
 */
export class PackedRun implements Run {
  readonly #buffer: Buffer;
  readonly #lengths: Uint32Array;

  constructor({ bytes, lengths }: Packed) {
    this.#buffer = Buffer.from(bytes.buffer);
    this.#lengths = lengths;
  }

  forEach(from: number, headLength: number, visit: Visit): void {
    const buffer = this.#buffer;
    const lengths = this.#lengths;
    let key = 0;
    for (let i = 0; i < lengths.length; i += 2) {
      const tail = key + from + headLength;
      const value = key + lengths[i]!;
      const next = value + lengths[i + 1]!;
      visit(
        headLength === 0 ? "" : buffer.latin1Slice(key + from, tail),
        buffer.latin1Slice(tail, value),
        value === next ? "" : buffer.latin1Slice(value, next),
      );
      key = next;
    }
  }
}

/** Of entries that are strings already. */
export class StringRun implements Run {
  readonly #entries: readonly StoreEntry[];

  constructor(entries: readonly StoreEntry[]) {
    this.#entries = entries;
  }

  forEach(from: number, headLength: number, visit: Visit): void {
    const tail = from + headLength;
    for (const [key, value] of this.#entries) visit(key.slice(from, tail), key.slice(tail), value);
  }
}
