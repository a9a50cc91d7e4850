import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { copyFolder } from "../storage/folder-copy.ts";
import { FolderError } from "../storage/open-folder.ts";
import { LogDamageError } from "../storage/redo/applier.ts";
import { replayRedoLog } from "../storage/redo/redo-log.ts";
import { type Store, openLevelStore } from "../storage/store.ts";
import { type CheckedDatabase, Overview } from "./data.ts";
import { checkFiles } from "./files.ts";
import { checkCollections, checkExpiryIndex } from "./orphans.ts";
import { RecordCheck } from "./records.ts";
import type { Report } from "./report.ts";

const CACHE_BYTES = 32 << 20;

/**
 * Checks a data folder, of a running server too, and leaves it as it is: LevelDB changes what it opens, so it is a copy
 * that is opened (hard links, where that can be), in a folder of its own within.
 */
export async function checkFolder(folder: string, report: Report): Promise<void> {
  const copy = await mkdtemp(join(folder, "check-"));
  try {
    if (!(await copyInto(copy, folder, report))) return;
    if (!(await checkFiles(copy, report))) {
      report.facts.push("The keys were not read: LevelDB could end the process over such tables.");
      return;
    }
    let store: Store;
    try {
      store = await openLevelStore(copy, {
        cacheSizeBytes: CACHE_BYTES,
        backendOptions: {},
        createIfMissing: false,
      });
    } catch (error) {
      report.problem("LevelDB cannot open it", reasonOf(error as Error));
      return;
    }
    try {
      await replayRedoLog(copy, store);
      await checkData(store, report);
    } catch (error) {
      if (error instanceof LogDamageError) {
        report.problem("the redo log", error.message);
        return;
      }
      // A block that cannot be unpacked, say.
      if (!/corruption/i.test(reasonOf(error as Error))) throw error;
      report.problem("LevelDB cannot read it", reasonOf(error as Error));
    } finally {
      await store.close();
    }
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

async function copyInto(copy: string, folder: string, report: Report): Promise<boolean> {
  try {
    await copyFolder(folder, copy);
    return true;
  } catch (error) {
    if (!(error instanceof FolderError)) throw error;
    report.problem("LevelDB's files", error.message);
    return false;
  }
}

const reasonOf = (error: Error): string =>
  (error.cause instanceof Error ? error.cause.message : error.message).replace(/\s+/g, " ");

async function checkData(store: Store, report: Report): Promise<void> {
  const overview = await Overview.read(store, report);
  const records = new RecordCheck(store, overview, report);
  await records.run();
  for (const database of [...overview.databases.values()].sort((a, b) => a.index - b.index))
    checkCounts(database, report);
  for (const [type, { keys, ranged, elements }] of [...records.totals].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const large =
      ranged === 0
        ? ""
        : `, ${ranged} of them large, with ${elements} ${type === "string" ? "chunks" : "elements"}`;
    report.facts.push(`${type}: ${keys}${large}`);
  }
  await checkExpiryIndex(store, overview, report);
  await checkCollections(store, records.live, overview, report);
  report.facts.push(`Waiting for the collector: ${overview.deadCount}`);
}

function checkCounts(
  { index, keys, toldKeys, expiries, toldExpiries }: CheckedDatabase,
  report: Report,
): void {
  if (keys > 0) report.facts.push(`Database ${index}: ${keys} keys, ${expiries} of them expire`);
  if (keys !== toldKeys) report.problem("counts", `database ${index} has ${keys} keys, and says ${toldKeys}`);
  if (expiries !== toldExpiries)
    report.problem("counts", `database ${index} has ${expiries} keys that expire, and says ${toldExpiries}`);
}
