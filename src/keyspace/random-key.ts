import type { Bytes } from "../support/bytes.ts";
import { Random } from "../support/random.ts";
import type { Database } from "./database.ts";
import type { Keyspace } from "./keyspace.ts";

/** The keys of a database are cut into so many stretches at the most. */
const MAX_STRETCHES = 4096;
const MIN_STRETCH_KEYS = 64;

/** When fewer draws than one in so many would give a key, the stretches are cut anew. */
const MIN_YIELD = 1 / 8;

/** Among so many keys one that is alive is looked for where there is no draw: some may have expired. */
const FEW_KEYS = 100;

/** Draws of one command. */
const MAX_DRAWS = 32;

/**
 * RANDOMKEY over keys that are sorted by name on disk, where a seek to random bytes would nearly always hit the
 * keys behind the widest gaps.
 *
 * A survey walks over all keys once and cuts them into stretches of equal length. A draw then picks a stretch
 * and one of `places` in it, twice as many as the survey put there; an empty place means to draw again. So
 * every key has the same odds however the stretches have grown or shrunk since: only the number of draws
 * depends on that. A stretch that outgrew its places, and too many empty places, call for a new survey, which
 * gives a fair key by itself.
 */
export class RandomKey {
  readonly #db: Database;
  readonly #keyspace: Keyspace;
  /** Where the stretches but the first begin, in order. */
  #bounds: readonly Bytes[] = [];
  /** Of a stretch; 0 before the first survey. */
  #places = 0;

  constructor(db: Database, keyspace: Keyspace) {
    this.#db = db;
    this.#keyspace = keyspace;
  }

  /** All keys are gone. */
  forget(): void {
    this.#bounds = [];
    this.#places = 0;
  }

  /** A live key, each with the same odds; null when there is none. May fault. */
  draw(random: Random): Bytes | null {
    const { keyCount, pages } = this.#db;
    if (keyCount === 0) return null;
    if (this.#db.isFresh) {
      const keys = pages.between("", null, Infinity)!;
      return keys.length === 0 ? null : keys[random.below(keys.length)]!.key;
    }
    const stretches = this.#bounds.length + 1;
    if (this.#places > 0 && keyCount >= MIN_YIELD * stretches * this.#places) {
      for (let draws = 0; draws < MAX_DRAWS; draws++) {
        const stretch = random.below(stretches);
        const from = stretch === 0 ? "" : this.#bounds[stretch - 1]!;
        const keys = pages.between(from, this.#bounds[stretch] ?? null, this.#places);
        if (keys === null) break;
        const drawn = keys[random.below(this.#places)];
        if (drawn !== undefined) return drawn.key;
      }
    }
    const seed = random.next32();
    const { reading, committer } = this.#keyspace;
    const survey = reading.attempt.once(this, "survey", () => this.#survey(new Random(seed)));
    this.#bounds = survey.bounds;
    this.#places = survey.places;
    reading.attempt.batch = Math.max(reading.attempt.batch, committer.newest);
    if (survey.drawn !== null && this.#db.peek(survey.drawn) !== null) return survey.drawn;
    // It is gone since; or this transaction has made the first keys, which the survey does not see.
    return pages.from("", "", FEW_KEYS).keys[0]?.key ?? null;
  }

  async #survey(random: Random): Promise<Survey> {
    const stretchKeys = Math.max(MIN_STRETCH_KEYS, Math.ceil(this.#db.keyCount / MAX_STRETCHES));
    const bounds: Bytes[] = [];
    let drawn: Bytes | null = null;
    let seen = 0;
    let last = "";
    const snapshot = this.#db.pages.snapshot("", this.#keyspace.nowMs);
    try {
      for await (const run of snapshot.keys()) {
        for (const key of run) {
          if (seen > 0 && seen % stretchKeys === 0) bounds.push(separator(last, key));
          if (random.below(++seen) === 0) drawn = key;
          last = key;
        }
      }
    } finally {
      await snapshot.close();
    }
    return { drawn, bounds, places: 2 * stretchKeys };
  }
}

interface Survey {
  /** A fair draw among all keys. */
  readonly drawn: Bytes | null;
  readonly bounds: readonly Bytes[];
  readonly places: number;
}

/** The shortest that is greater than `before` and not greater than `key`: `user:17`, `user:20` ⇒ `user:2`. */
function separator(before: Bytes, key: Bytes): Bytes {
  let common = 0;
  while (common < before.length && before.charCodeAt(common) === key.charCodeAt(common)) common++;
  return key.slice(0, common + 1);
}
