import type { Store } from "../store.ts";
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

/**
 * Makes the changes of a part of the log in the store. To make them again does no harm. `done` is told how many bytes
 * of the log each step has dealt with; `rest` is called between two batches. @throws LogDamageError
 */
export async function applyPart(
  store: Store,
  part: LogPart,
  done: (bytes: number) => void,
  rest: () => Promise<void>,
): Promise<void> {
  const reader = new LogReader(part.path, part.from, part.to);
  try {
    await applyAll(store, reader, part.isFirstTime, done, rest);
    if (!reader.isAtEnd) {
      throw new LogDamageError(`${part.path} is damaged at offset ${reader.position}`);
    }
  } finally {
    reader.close();
  }
}

/** Up to the first record that is not whole. `isFirstTime`: of `LogPart`. */
export async function applyAll(
  store: Store,
  reader: LogReader,
  isFirstTime: boolean,
  done: (bytes: number) => void = () => undefined,
  rest: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  for (let records = reader.next(); records !== null; records = reader.next()) {
    const walk = new ChangeWalk(records);
    let before = 0;
    while (!walk.isAtEnd) {
      const changes = new LastChanges(records, isFirstTime);
      changes.take(walk, MAX_CHANGES);
      const logBytes = walk.position - before;
      before = walk.position;
      if (changes.size === 0) done(logBytes);
      else await make(store, records, changes, (made) => done((made / changes.size) * logBytes), rest);
    }
  }
}

async function make(
  store: Store,
  records: Buffer,
  changes: LastChanges,
  done: (changes: number) => void,
  rest: () => Promise<void>,
): Promise<void> {
  let batch = store.batch();
  let bytes = 0;
  for (const at of changes.positions()) {
    const { key, value } = changeAt(records, at);
    if (value === null) batch.deleteBuffer(key);
    else batch.putBuffers(key, value);
    bytes += key.length + (value?.length ?? 0);
    if (bytes < BATCH_BYTES) continue;
    const { length } = batch;
    await batch.write(false);
    done(length);
    await rest();
    batch = store.batch();
    bytes = 0;
  }
  const { length } = batch;
  await batch.write(false);
  done(length);
}
