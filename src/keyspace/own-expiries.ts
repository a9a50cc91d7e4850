import type { Bytes } from "../support/bytes.ts";

/** Keys that one look goes through. */
const STEP = 200;

/** A key, in the contents that a database had then. */
export interface OwnKey {
  readonly generation: number;
  readonly key: Bytes;
}

/**
 * Keys that the clients of a replica have given a time to live, where it takes writes: its master knows nothing of them,
 * and will not say when they go. In memory only, as in Redis: after a restart such a key stays until it is written again.
 */
export class OwnExpiries {
  /** What is written now comes from such a client. */
  isOn = false;
  readonly #times = new Map<number, Map<Bytes, number>>();
  size = 0;

  remember(generation: number, key: Bytes, expiresAtMs: number): void {
    let times = this.#times.get(generation);
    if (times === undefined) this.#times.set(generation, (times = new Map<Bytes, number>()));
    if (!times.has(key)) this.size++;
    times.set(key, expiresAtMs);
  }

  /** Those of the next few whose time is over; they are forgotten. Contents that are gone are, too. */
  takeDue(nowMs: number, generations: ReadonlySet<number>): readonly OwnKey[] {
    const due: OwnKey[] = [];
    for (const [generation, times] of this.#times) {
      if (!generations.has(generation)) {
        this.size -= times.size;
        this.#times.delete(generation);
        continue;
      }
      for (const [key, expiresAtMs] of [...take(times, STEP)]) {
        times.delete(key);
        // The others come next time.
        if (expiresAtMs >= nowMs) times.set(key, expiresAtMs);
        else {
          this.size--;
          due.push({ generation, key });
        }
      }
    }
    return due;
  }

  /** This server is a master: it removes all of them by itself. */
  clear(): void {
    this.#times.clear();
    this.size = 0;
  }
}

function* take<Value>(values: Iterable<Value>, count: number): Iterable<Value> {
  let left = count;
  for (const value of values) {
    if (left-- === 0) return;
    yield value;
  }
}
