import { parseArgs } from "node:util";
import { always } from "./bench/always.ts";
import { cold } from "./bench/cold.ts";
import { collections } from "./bench/collections.ts";
import { compare } from "./bench/compare.ts";
import { deletion } from "./bench/deletion.ts";
import { tableText, verdictText } from "./bench/findings.ts";
import { Options, type Part } from "./bench/part.ts";
import { progress } from "./bench/progress.ts";
import { writePage, writePictures } from "./bench/report.ts";
import { addRun, circumstancesText, observeRun, readResults } from "./bench/results.ts";
import { scale } from "./bench/scale.ts";
import { short } from "./bench/short.ts";
import { start } from "./bench/start.ts";
import { throughput } from "./bench/throughput.ts";
import { writeCost } from "./bench/write-cost.ts";

/** All measurements of leveldis: each part is a file of `scripts/bench/`. */

const PARTS: Readonly<Record<string, Part>> = {
  throughput,
  collections,
  deletion,
  start,
  "write-cost": writeCost,
  always,
  scale,
  cold,
};

/** Not among all of them. */
const OTHERS: Readonly<Record<string, Part>> = { short, compare };

const RESULTS = ".cache/bench/results.json";

const PAGE = ".cache/bench/report.html";

const [command = "all", ...args] = process.argv.slice(2);
const chosen = { ...PARTS, ...OTHERS }[command];

if (command === "all") {
  for (const [name, part] of Object.entries(PARTS)) await runPart(name, part);
  report([]);
} else if (command === "report") report(args);
else if (chosen !== undefined) await runPart(command, chosen);
else process.stdout.write(usage());

async function runPart(name: string, part: Part): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: part === compare,
    options: {
      ...Object.fromEntries(Object.keys(part.options).map((option) => [option, { type: "string" as const }])),
      results: { type: "string", default: RESULTS },
    },
  });
  const circumstances = observeRun(args);
  const findings = await part.run(
    new Options(part, { ...values, ...(positionals.length > 0 && { revisions: positionals.join(",") }) }),
  );
  progress("");
  const run = { part: name, circumstances: circumstances(), findings };
  addRun(values.results, run);
  for (const table of findings.tables) process.stdout.write(`\n${tableText(table)}`);
  process.stdout.write(`\n${circumstancesText(run.circumstances)}\n`);
  const missed = findings.verdicts.filter((verdict) => !verdict.isMet);
  const bars = findings.verdicts.length;
  if (bars > 0) process.stdout.write(`${bars - missed.length} of ${bars} bars are met\n`);
  for (const verdict of missed) process.stdout.write(verdictText(verdict));
}

function report(args: string[]): void {
  const { values } = parseArgs({
    args,
    options: {
      results: { type: "string", default: RESULTS },
      page: { type: "string", default: PAGE },
      pictures: { type: "string" },
    },
  });
  const results = readResults(values.results);
  writePage(results, values.page);
  const written = [
    values.page,
    ...(values.pictures === undefined ? [] : writePictures(results, values.pictures)),
  ];
  process.stdout.write(`${written.join("\n")}\n`);
}

function usage(): string {
  const parts = Object.entries({ ...PARTS, ...OTHERS }).map(([name, { summary, options }]) => {
    const lines = Object.entries(options).map(
      ([option, { default: value, help }]) =>
        `    --${option.padEnd(14)} ${help}${value === "" ? "" : `; default ${value}`}\n`,
    );
    return `\n  ${name}: ${summary}\n${lines.join("")}`;
  });
  return `npm run bench -- [PART [options]]

Without a part: all of them and the report, which takes about an hour (but not short and compare). Each prints its tables and adds to one file of results.
TEST_DIST names another build than dist/.

    --results        the file of results; default ${RESULTS}

  report: one HTML page of what the file of results holds
    --page           the file; default ${PAGE}
    --pictures       a folder for each plot as an SVG file
${parts.join("")}`;
}
