import type { Store } from "../store.ts";
import type { Collector, CollectorOptions } from "./collector.ts";
import { LocalCollector } from "./local.ts";
import { CollectorThread } from "./thread.ts";

/**
 * `folder`: of the open LevelDB, spelled as it was opened; a thread of its own does the work. Null: the store is
 * in memory, where only this thread can reach it.
 */
export async function startCollector(
  store: Store,
  folder: string | null,
  options: CollectorOptions,
): Promise<Collector> {
  return folder === null ? new LocalCollector(store, options) : CollectorThread.start(folder, options);
}
