import type { Bytes } from "../support/bytes.ts";

/** What is read from. */
export interface ReadObject {
  /** The batch of its last change. */
  readonly newest: number;
}

export interface RepeatedReadsOptions {
  /** Of so many objects answers are kept at the most. */
  readonly limit: () => number;
  /** Each answer is kept from the first time on, for tests. */
  readonly isEager: () => boolean;
  /** The number of the batch that takes changes now. */
  readonly gathering: () => number;
}

/** What was last asked of an object. */
interface Asked {
  args: readonly Bytes[];
  resp: 2 | 3;
  /** How often in a row, while the object did not change. */
  times: number;
  /** The object changed before this batch, if at all. */
  since: number;
  answer: unknown;
}

/**
 * Answers to what is asked again and again of something that does not change: configuration in a hash, the first page of a
 * timeline, a leaderboard. Whoever asks gets the very array that was given before.
 *
 * A change shows by its batch: an answer counts while the object's last one is older than the batch that gathered when the
 * answer was read. In the batch of a change itself nothing counts, so that a transaction reads what it has written.
 */
export class RepeatedReads {
  readonly #options: RepeatedReadsOptions;
  /** An object that is gone takes its answer with it. */
  #asked = new WeakMap<ReadObject, Asked>();
  #count = 0;
  #unnoted = 0;

  constructor(options: RepeatedReadsOptions) {
    this.#options = options;
  }

  /**
   * What `read` gives, now or before, to a request and in a version of the protocol. `keep` makes of an answer what is given
   * again, null when it is not worth it.
   */
  answer<Answer>(
    object: ReadObject,
    args: readonly Bytes[],
    resp: 2 | 3,
    read: () => Answer,
    keep: (answer: Answer) => Answer | null,
  ): Answer {
    if (this.#options.limit() === 0) return read();
    const asked = this.#asked.get(object) ?? this.#noted(object);
    if (asked === null) return read();
    if (object.newest >= asked.since || !isSame(asked, args, resp)) this.#begin(asked, args, resp);
    else if (asked.answer !== null) return asked.answer as Answer;
    const answer = read();
    asked.times++;
    if (asked.times < OFTEN && !this.#options.isEager()) return answer;
    asked.answer = keep(answer);
    if (asked.answer === null) asked.times = -Infinity;
    return answer;
  }

  /** To note each of millions that are asked once would cost more than it brings: what is asked often is soon met. */
  #noted(object: ReadObject): Asked | null {
    if (++this.#unnoted % NOTED_OF !== 0 && !this.#options.isEager()) return null;
    if (this.#count++ >= this.#options.limit()) {
      // What is asked often comes back at once.
      this.#asked = new WeakMap();
      this.#count = 1;
    }
    const asked: Asked = { args: [], resp: 2, times: 0, since: NEVER, answer: null };
    this.#asked.set(object, asked);
    return asked;
  }

  #begin(asked: Asked, args: readonly Bytes[], resp: 2 | 3): void {
    asked.args = args;
    asked.resp = resp;
    asked.times = 0;
    asked.since = this.#options.gathering();
    asked.answer = null;
  }
}

function isSame(asked: Asked, args: readonly Bytes[], resp: 2 | 3): boolean {
  if (asked.resp !== resp || asked.args.length !== args.length) return false;
  for (let i = 0; i < args.length; i++) if (asked.args[i] !== args[i]) return false;
  return true;
}

const NEVER = -Infinity;
/** Answers are kept from this time on. */
const OFTEN = 3;
/** One of so many objects that nothing is known of is noted. */
const NOTED_OF = 32;
