import type { StoreIterator } from "../store.ts";
import { RUN_ENTRIES, type Scan, StringRun } from "./run.ts";

/** On this thread, with an iterator that is opened when the first run is asked for, and closed whatever comes. */
export async function* scanHere(open: () => StoreIterator): Scan {
  const iterator = open();
  try {
    for (;;) {
      const entries = await iterator.next(RUN_ENTRIES);
      if (entries.length === 0) return;
      yield new StringRun(entries);
    }
  } finally {
    await iterator.close();
  }
}
