import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { checkFolder } from "../check/folder.ts";
import { checkRdb } from "../check/rdb-file.ts";
import { Report } from "../check/report.ts";
import { reasonOf } from "../config/conf-file.ts";
import { StartError } from "../config/option.ts";
import { ProgressLine } from "./progress-line.ts";

const USAGE = `Usage: leveldis check RDB-FILE-OR-DATA-FOLDER

Reads all of an RDB file, or of a data folder of leveldis, and tells what there is and what is wrong with it: the
checksums of all files, every key with its elements, the expiry index, what nothing points to. Changes nothing; a data
folder may be in use meanwhile. Exit code 0: no damage; 1: damage, or it cannot be read.
`;

/** `leveldis check PATH`; the exit code. @throws StartError */
export async function check(argv: readonly string[]): Promise<number> {
  const [path, surplus] = argv;
  if (path === "--help" || path === "-h") {
    process.stdout.write(USAGE);
    return 0;
  }
  if (path === undefined || path.startsWith("-"))
    throw new StartError("leveldis check: which file or folder? See leveldis check --help");
  if (surplus !== undefined) throw new StartError(`leveldis check: unexpected argument '${surplus}'`);
  const line = new ProgressLine();
  const report = new Report((text) => line.show(text));
  try {
    if (isFolder(path)) await checkFolder(resolve(path), report);
    else await checkRdb(path, report);
  } finally {
    line.clear();
  }
  process.stdout.write(`${report.lines().join("\n")}\n`);
  return report.problems === 0 ? 0 : 1;
}

function isFolder(path: string): boolean {
  try {
    if (!statSync(path).isDirectory()) return false;
  } catch (cause) {
    throw new StartError(`leveldis check: cannot read ${path}: ${reasonOf(cause)}`, { cause });
  }
  if (!existsSync(join(path, "CURRENT")))
    throw new StartError(`leveldis check: ${path} holds no data of leveldis`);
  return true;
}
