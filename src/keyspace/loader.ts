import type { Bytes } from "../support/bytes.ts";
import type { Elements } from "../storage/elements.ts";

/** What makes the structure in memory of a collection from its elements, one after the other. */
export interface Loader<R> {
  /** Elements as the store has them, in order. */
  add(key: Bytes, value: Bytes): void;
  /** An element was put, or (null) deleted, since. All deletions come first. */
  change(key: Bytes, value: Bytes | null): void;
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
  const changes = new Map<Bytes, Bytes | null>();
  const unfollow = elements.follow((key, value) => {
    if (key >= gte) changes.set(key, value);
  });
  try {
    const runs = elements.stream({ gte }, (key, value) => [key, value] as const);
    for await (const run of runs) for (const [key, value] of run) loader.add(key, value);
    for (const [key, value] of changes) if (value === null) loader.change(key, null);
    for (const [key, value] of changes) if (value !== null) loader.change(key, value);
    loaded();
  } finally {
    unfollow();
  }
}
