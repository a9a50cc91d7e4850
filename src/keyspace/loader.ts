import type { Bytes } from "../support/bytes.ts";
import type { Elements } from "../storage/elements.ts";
import { COLLECTION_PREFIX_LENGTH } from "../storage/layout.ts";

/** What makes the structure in memory of a collection from its elements, one after the other. */
export interface Loader<R> {
  /** So much of an element's key is handed over apart from the rest, which is kept. */
  readonly headLength: number;
  /** Elements as the store has them, in order. */
  add(keyHead: Bytes, keyTail: Bytes, value: Bytes): void;
  /** An element was put, or (null) deleted, since. All deletions come first. */
  change(keyHead: Bytes, keyTail: Bytes, value: Bytes | null): void;
  /** The structure, when it has been told of all of them. */
  finish(): R;
}

/** One collection is loaded at a time: what is not finished yet is in memory without being counted. */
export class LoadQueue {
  #last: Promise<void> = Promise.resolve();

  add(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work);
    // Whoever waits for it meets the error.
    this.#last = done.catch(() => undefined);
    return done;
  }
}

/**
 * Reads the elements from `gte` on in parts, beside everything else. `loaded` is called when the loader knows what the
 * elements are at that moment.
 */
export async function load<R>(
  elements: Elements,
  gte: Bytes,
  loader: Loader<R>,
  loaded: () => void,
): Promise<void> {
  await elements.complete();
  const changes = new Map<Bytes, Bytes | null>(elements.unstored(gte));
  const unfollow = elements.follow((key, value) => {
    if (key >= gte) changes.set(key, value);
  });
  try {
    const { headLength } = loader;
    const all = loader.add.bind(loader);
    // What changes together comes into the store bit by bit: of what the scan meets, that may be there by halves.
    const unchanged = (head: Bytes, tail: Bytes, value: Bytes): void => {
      if (!changes.has(head + tail)) all(head, tail, value);
    };
    for await (const run of elements.scan(gte)) {
      run.forEach(COLLECTION_PREFIX_LENGTH, headLength, changes.size === 0 ? all : unchanged);
    }
    const change = (key: Bytes, value: Bytes | null): void =>
      loader.change(key.slice(0, headLength), key.slice(headLength), value);
    for (const [key, value] of changes) if (value === null) change(key, null);
    for (const [key, value] of changes) if (value !== null) change(key, value);
    loaded();
  } finally {
    unfollow();
  }
}
