import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { FileDamage } from "../storage/files/damage.ts";
import { readLog } from "../storage/files/log-file.ts";
import { type LiveFiles, readManifest } from "../storage/files/manifest.ts";
import { checkTable } from "../storage/files/table-file.ts";
import { showBytes } from "../support/show-bytes.ts";
import type { Report } from "./report.ts";

/**
 * LevelDB's own files: which there have to be, and all their checksums. LevelDB itself looks at none of these, and ends
 * the process when a compaction meets keys that are out of order. False: it must not be given these tables.
 */
export async function checkFiles(folder: string, report: Report): Promise<boolean> {
  const names = await readdir(folder);
  const manifest = names.find((name) => name.startsWith("MANIFEST-"));
  if (manifest === undefined) {
    report.problem("manifest", "there is none");
    return true;
  }
  const live = await guarded(report, manifest, () => readManifest(join(folder, manifest)));
  if (live === null) return true;
  const before = report.problems;
  await checkTables(folder, names, live, report);
  const areTablesSound = report.problems === before;
  await checkLogs(folder, names, live, report);
  return areTablesSound;
}

async function checkTables(
  folder: string,
  names: readonly string[],
  { tables }: LiveFiles,
  report: Report,
): Promise<void> {
  const byNumber = new Map(
    names.filter((name) => /\.(?:ldb|sst)$/.test(name)).map((name) => [Number.parseInt(name, 10), name]),
  );
  let total = 0;
  for (const bytes of tables.values()) total += bytes;
  let read = 0;
  for (const [number, bytes] of tables) {
    const name = byNumber.get(number);
    if (name === undefined) {
      report.problem("missing file", `table ${String(number).padStart(6, "0")}.ldb`);
      continue;
    }
    const size = await guarded(report, name, () =>
      checkTable(join(folder, name), (block) => {
        read += block;
        report.progress(`tables: ${showBytes(read)} of ${showBytes(total)}`);
      }),
    );
    if (size !== null && size !== bytes)
      report.problem("damaged file", `${name}: ${size} bytes instead of ${bytes}`);
  }
  report.facts.push(`LevelDB: ${tables.size} tables, ${showBytes(total)}`);
}

async function checkLogs(
  folder: string,
  names: readonly string[],
  { logNumber }: LiveFiles,
  report: Report,
): Promise<void> {
  for (const name of names.filter((file) => /^\d+\.log$/.test(file))) {
    if (Number.parseInt(name, 10) < logNumber) continue;
    await guarded(report, name, async () => {
      for await (const records of readLog(join(folder, name))) report.progress(`${name}: ${records.length}`);
    });
  }
}

/** Null when it is damaged, which is reported. */
async function guarded<T>(report: Report, name: string, read: () => Promise<T>): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof FileDamage)) throw error;
    report.problem("damaged file", `${name}: ${error.message}`);
    return null;
  }
}
