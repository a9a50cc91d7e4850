import type { StoreIterator } from "../store.ts";
import { type Run, type Scan, StringRun } from "./run.ts";

/** Entries of a run: what others wait for. */
export const RUN_ENTRIES = 1000;

/** On this thread. */
export function scanHere(iterator: StoreIterator): Scan {
  const end = async (): Promise<IteratorResult<Run>> => {
    await iterator.close();
    return { done: true, value: undefined };
  };
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      const entries = await iterator.next(RUN_ENTRIES);
      return entries.length === 0 ? end() : { done: false, value: new StringRun(entries) };
    },
    return: end,
  };
}
