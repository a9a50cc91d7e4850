/**
 * Runs vitest. What failed in company is run again alone: on a machine that is busy with other things a test can miss
 * its time, and that should not decide over a change. Such tests are named at the end, since each of them is to be
 * mended; what fails twice has failed.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import yargs from "yargs";
import { hideBin } from "yargs/helpers";

/** More than so many files fail for a reason. */
const MAX_FILES_AGAIN = 5;

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: "passed" | "failed";
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

const argv = await yargs(hideBin(process.argv))
  .scriptName("scripts/run-tests")
  .usage("$0 [file...]\n\nRuns the tests, and what failed once more, alone.")
  .strictOptions()
  .version(false)
  .parse();

const root = resolve(import.meta.dirname, "..");
const work = mkdtempSync(join(tmpdir(), "run-tests-"));
try {
  process.exitCode = (await main(argv._.map(String))) ? 0 : 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}

async function main(files: readonly string[]): Promise<boolean> {
  const first = await run("first", files);
  if (first === null) return false;
  const failing = failingFiles(first);
  let failed = first.numFailedTests;
  let isWell = failing.length === 0;
  if (!isWell && failing.length <= MAX_FILES_AGAIN) {
    console.log(`\nOnce more, alone: ${failing.join(" ")}`);
    const second = await run("second", [...failing, "--no-file-parallelism"]);
    if (second === null) return false;
    isWell = failingFiles(second).length === 0;
    failed = second.numFailedTests;
    for (const name of failedTests(first)) console.log(`failed beside others: ${name}`);
  }
  console.log(`\ntests: ${first.numPassedTests + first.numFailedTests - failed} passed, ${failed} failed`);
  return isWell;
}

/** Null: vitest itself came to no end. */
async function run(name: string, args: readonly string[]): Promise<Report | null> {
  const file = join(work, `${name}.json`);
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
  const child = spawn(join(root, "node_modules/.bin/vitest"), ["run", ...reporters, ...args], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
  });
  const code = await new Promise<number | null>((done) => child.once("close", done));
  let report: Report;
  try {
    report = JSON.parse(readFileSync(file, "utf8")) as Report;
  } catch {
    return null;
  }
  // An error outside of any test: nobody can say which file is to be run again.
  if (code !== 0 && failingFiles(report).length === 0) return null;
  return report;
}

function failingFiles({ testResults }: Report): string[] {
  const names = testResults
    .filter(({ status }) => status !== "passed")
    .map(({ name }) => relative(root, name));
  return [...new Set(names)];
}

function failedTests({ testResults }: Report): string[] {
  return testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === "failed")
      .map(({ fullName }) => `${relative(root, name)}: ${fullName}`),
  );
}
