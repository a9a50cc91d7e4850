import { readRecordHeader } from "../keyspace/record.ts";
import { EXPIRY_RANGE, collectionPrefix, readExpiryKey, recordKey } from "../storage/layout.ts";
import { readU64 } from "../storage/numbers.ts";
import type { Store } from "../storage/store.ts";
import { type Overview, runsOf } from "./data.ts";
import type { IdSet } from "./id-set.ts";
import { shown } from "./records.ts";
import type { Report } from "./report.ts";

/** Every entry of the expiry index has a key that expires then, or is of a database that was dropped. */
export async function checkExpiryIndex(store: Store, overview: Overview, report: Report): Promise<void> {
  let seen = 0;
  for await (const run of runsOf(store, { ...EXPIRY_RANGE, keysOnly: true })) {
    const entries = run.map(([indexKey]) => readExpiryKey(indexKey));
    const records = await store.getMany(entries.map(({ generation, key }) => recordKey(generation, key)));
    entries.forEach(({ expiresAtMs, generation, key }, i) => {
      if (overview.deadGenerations.has(generation)) return;
      if (expiryOf(records[i]) !== expiresAtMs)
        report.problem(
          "expiry index",
          `${shown(key)} of generation ${generation} does not expire at ${expiresAtMs}`,
        );
    });
    seen += run.length;
    report.progress(`expiry index: ${seen}`);
  }
}

/** Null: there is no such key, or none that can be read. */
function expiryOf(record: string | undefined): number | null {
  if (record === undefined) return null;
  try {
    return readRecordHeader(record).expiresAtMs;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** A seek takes about as long as reading so many entries. */
const STEP = 64;

/** Every collection that has elements belongs to a key, or waits for the collector. */
export async function checkCollections(
  store: Store,
  live: IdSet,
  overview: Overview,
  report: Report,
): Promise<void> {
  let gte = "c";
  let orphans = 0;
  for (;;) {
    const iterator = store.iterate({ gte, lt: "d", keysOnly: true });
    let last = -1;
    try {
      const run = await iterator.next(STEP);
      if (run.length === 0) break;
      for (const [key] of run) {
        const id = readU64(key, 1);
        if (id === last) continue;
        last = id;
        if (live.has(id) || overview.deadCollections.has(id)) continue;
        orphans++;
        report.problem("orphan", `collection ${id}, which no key has`);
      }
    } finally {
      await iterator.close();
    }
    gte = collectionPrefix(last + 1);
    report.progress(
      `collections: up to ${last} of ${overview.nextId}${orphans === 0 ? "" : `, ${orphans} orphans`}`,
    );
  }
}
