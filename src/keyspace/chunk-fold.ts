import { setImmediate as nextTurn } from "node:timers/promises";
import type { Attempt } from "../storage/attempt.ts";
import type { Bytes } from "../support/bytes.ts";
import type { BigString, NumberedChunk } from "./big-string.ts";
import type { Keyspace } from "./keyspace.ts";

/**
 * What an operation needs of every chunk of long strings, without ever having them all in memory.
 *
 * The chunks stream from snapshots of one moment, those with the same number together; of each only what `combine`
 * makes of them is kept. Chunks that are written after that moment are told by `follow`; for these the operation is done again on what they hold
 * now. So what a command sees is the state at its end, as with any other read.
 */
interface Fold<Result> {
  readonly found: ReadonlyMap<number, Result>;
  readonly written: readonly ReadonlySet<number>[];
}

export interface FoldRange {
  readonly first: number;
  /** Inclusive. */
  readonly last: number;
}

/** The chunks of one number, in the order of the strings; empty for one that is absent. */
export type Combine<Result> = (chunks: readonly Bytes[]) => Result;

/**
 * Faults until all is known, then tells the result for each number; undefined where no string has a chunk. `name`
 * tells operations of one command on the same strings apart.
 */
export function foldChunks<Result>(
  keyspace: Keyspace,
  name: string,
  strings: readonly BigString[],
  { first, last }: FoldRange,
  combine: Combine<Result>,
): (number: number) => Result | undefined {
  const { attempt } = keyspace.reading;
  const now = (number: number): Result => combine(strings.map((string) => string.chunk(number)));
  if (strings.some(({ elementRange }) => !elementRange.isStored)) {
    for (const string of strings)
      string.readyChunks(Array.from({ length: last - first + 1 }, (_, i) => first + i));
    return now;
  }
  // To the very end if it goes to the end: it serves as well when the strings have grown meanwhile.
  const end = strings.every(({ lastChunk }) => lastChunk <= last) ? Infinity : last + 1;
  const id = `${name} ${first} ${end} ${strings.map(({ elementRange }) => elementRange.id).join()}`;
  const { found, written } = attempt.once(strings[0]!.elementRange, id, () =>
    fold(attempt, strings, first, end, combine),
  );
  const isWritten = (number: number): boolean => written.some((numbers) => numbers.has(number));
  const again = new Set<number>();
  for (const numbers of written)
    for (const number of numbers) if (number >= first && number <= last) again.add(number);
  if (again.size > 0) attempt.together(strings, (string) => string.readyChunks([...again]));
  return (number) => (isWritten(number) ? now(number) : found.get(number));
}

/** After so many results others get their turn. */
const RESULTS_PER_TURN = 64;

async function fold<Result>(
  attempt: Attempt,
  strings: readonly BigString[],
  first: number,
  end: number,
  combine: Combine<Result>,
): Promise<Fold<Result>> {
  // All in one turn: one moment for all of them.
  const written = strings.map((string) => string.follow(attempt));
  const cursors = strings.map((string) => new Cursor(string.streamChunks(first, end)));
  const found = new Map<number, Result>();
  try {
    for (;;) {
      for (const cursor of cursors) if (cursor.isUsedUp) await cursor.advance();
      const number = Math.min(...cursors.map((cursor) => cursor.number));
      if (number === Infinity) return { found, written };
      found.set(number, combine(cursors.map((cursor) => cursor.take(number))));
      if (found.size % RESULTS_PER_TURN === 0) await nextTurn();
    }
  } finally {
    for (const cursor of cursors) await cursor.close();
  }
}

/** The chunks of one string, one after the other. */
class Cursor {
  readonly #runs: AsyncIterableIterator<readonly NumberedChunk[]>;
  #run: readonly NumberedChunk[] = [];
  #at = 0;
  #isDone = false;

  constructor(runs: AsyncIterableIterator<readonly NumberedChunk[]>) {
    this.#runs = runs;
  }

  get isUsedUp(): boolean {
    return this.#at === this.#run.length && !this.#isDone;
  }

  async advance(): Promise<void> {
    const { done, value } = await this.#runs.next();
    this.#isDone = done === true;
    this.#run = done === true ? [] : value;
    this.#at = 0;
  }

  /** Of the next chunk; Infinity at the end. */
  get number(): number {
    return this.#run[this.#at]?.[0] ?? Infinity;
  }

  take(number: number): Bytes {
    return this.number === number ? this.#run[this.#at++]![1] : "";
  }

  async close(): Promise<void> {
    await this.#runs.return?.();
  }
}
