import type { Store, StoreBatch } from "../store.ts";
import { ChangeWalk, changeAt } from "./format.ts";
import { LastChanges } from "./last-changes.ts";
import { type LogPart, LogReader } from "./reader.ts";

/** LevelDB is asleep for other writers while it takes one batch. */
const BATCH_BYTES = 256 << 10;
/** Of several changes of a key among so many only the last is made. */
const MAX_CHANGES = 1_000_000;

/** A log that is not what was written, in its middle. */
export class LogDamageError extends Error {
  override readonly name = "LogDamageError";
}

export interface ApplierOptions {
  /** Told how many bytes of the log each step has dealt with. */
  readonly done?: (bytes: number) => void;
  /** Called between two batches. */
  readonly rest?: () => Promise<void>;
}

/** Some changes of the log that are not made yet. */
interface Piece {
  readonly records: Buffer;
  readonly changes: LastChanges;
  readonly logBytes: number;
}

/**
 * Makes the changes of the log in the store: of a piece of it when what comes behind that is known, and then only what
 * has not changed there again. To make changes twice does no harm.
 */
export class Applier {
  readonly #store: Store;
  readonly #done: (bytes: number) => void;
  readonly #rest: () => Promise<void>;
  /** The last piece that was taken. */
  #held: Piece | null = null;

  constructor(store: Store, { done = () => undefined, rest = () => Promise.resolve() }: ApplierOptions = {}) {
    this.#store = store;
    this.#done = done;
    this.#rest = rest;
  }

  /** All of it has to be whole. @throws LogDamageError */
  async take(part: LogPart): Promise<void> {
    const reader = new LogReader(part.path, part.from, part.to);
    try {
      await this.takeWhole(reader, part.isFirstTime);
      if (!reader.isAtEnd) throw new LogDamageError(`${part.path} is damaged at offset ${reader.position}`);
    } finally {
      reader.close();
    }
  }

  /** Up to the first record that is not whole. `isFirstTime`: of `LogPart`. */
  async takeWhole(reader: LogReader, isFirstTime: boolean): Promise<void> {
    for (let records = reader.next(); records !== null; records = reader.next()) {
      const walk = new ChangeWalk(records);
      while (!walk.isAtEnd) await this.#takePiece(records, walk, isFirstTime);
    }
  }

  async #takePiece(records: Buffer, walk: ChangeWalk, isFirstTime: boolean): Promise<void> {
    const before = walk.position;
    const changes = new LastChanges(records, isFirstTime);
    changes.take(walk, MAX_CHANGES, this.#held?.changes);
    await this.flush();
    this.#held = { records, changes, logBytes: walk.position - before };
  }

  /** Makes what is held. */
  async flush(): Promise<void> {
    const piece = this.#held;
    if (piece === null) return;
    // What could not be made is taken again, from the log.
    this.#held = null;
    await this.#make(piece);
  }

  /** What is held will be taken again, from the log. */
  forget(): void {
    this.#held = null;
  }

  /** While the store takes one batch the next one is put together. */
  async #make({ records, changes, logBytes }: Piece): Promise<void> {
    if (changes.size === 0) return this.#done(logBytes);
    const bytesPerChange = logBytes / changes.size;
    let batch = this.#store.batch();
    let bytes = 0;
    let writing: Promise<void> | null = null;
    for (const at of changes.positions()) {
      if (bytes >= BATCH_BYTES) {
        if (writing !== null) await this.#restBehind(writing);
        writing = this.#write(batch, bytesPerChange);
        batch = this.#store.batch();
        bytes = 0;
      }
      const { key, value } = changeAt(records, at);
      if (value === null) batch.deleteBuffer(key);
      else batch.putBuffers(key, value);
      bytes += key.length + (value?.length ?? 0);
    }
    if (writing !== null) await this.#restBehind(writing);
    await this.#write(batch, bytesPerChange);
  }

  async #restBehind(writing: Promise<void>): Promise<void> {
    await writing;
    await this.#rest();
  }

  async #write(batch: StoreBatch, bytesPerChange: number): Promise<void> {
    const { length } = batch;
    await batch.write(false);
    this.#done(length * bytesPerChange);
  }
}
