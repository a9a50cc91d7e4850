import type { Bytes } from "../support/bytes.ts";

/**
 * Who may have which key in a cache of its own: the ids of clients by key, whatever the database. Clients that left stay
 * in it until the key changes: ids are never used again, and to look for them would cost more than they do.
 */
export class ReadKeys {
  /** Most keys are read by one client: that is a number, not a set. */
  readonly #readers = new Map<Bytes, number | Set<number>>();
  #oldest: IterableIterator<Bytes> | null = null;
  /** Pairs of a key and a client. */
  items = 0;

  get size(): number {
    return this.#readers.size;
  }

  add(key: Bytes, id: number): void {
    const readers = this.#readers.get(key);
    if (readers === undefined) this.#readers.set(key, id);
    else if (typeof readers === "number") {
      if (readers === id) return;
      this.#readers.set(key, new Set([readers, id]));
    } else {
      if (readers.has(id)) return;
      readers.add(id);
    }
    this.items++;
  }

  /** Forgets a key; who has read it. */
  take(key: Bytes): Iterable<number> {
    const readers = this.#readers.get(key);
    if (readers === undefined) return NOBODY;
    this.#readers.delete(key);
    const ids = typeof readers === "number" ? [readers] : readers;
    this.items -= typeof readers === "number" ? 1 : readers.size;
    return ids;
  }

  /** A key that has been here for long; undefined when there is none. */
  oldest(): Bytes | undefined {
    // One iterator for all calls: a new one would step over everything that was removed before it.
    for (let tries = 0; tries < 2; tries++) {
      this.#oldest ??= this.#readers.keys();
      const { value, done } = this.#oldest.next();
      if (done !== true) return value;
      this.#oldest = null;
    }
    return undefined;
  }

  clear(): void {
    this.#readers.clear();
    this.#oldest = null;
    this.items = 0;
  }
}

const NOBODY: readonly number[] = [];
