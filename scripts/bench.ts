import { parseArgs } from "node:util";
import { always } from "./bench/always.ts";
import { collections } from "./bench/collections.ts";
import { deletion } from "./bench/deletion.ts";
import { tableText, verdictText } from "./bench/findings.ts";
import { Options, type Part } from "./bench/part.ts";
import { progress } from "./bench/progress.ts";
import { addRun, circumstancesText, observeRun } from "./bench/results.ts";
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
};

const RESULTS = ".cache/bench/results.json";

const [command = "all", ...args] = process.argv.slice(2);

if (command === "all") for (const [name, part] of Object.entries(PARTS)) await runPart(name, part);
else if (Object.hasOwn(PARTS, command)) await runPart(command, PARTS[command]!);
else process.stdout.write(usage());

async function runPart(name: string, part: Part): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      ...Object.fromEntries(Object.keys(part.options).map((option) => [option, { type: "string" as const }])),
      results: { type: "string", default: RESULTS },
    },
  });
  const circumstances = observeRun(args);
  const findings = await part.run(new Options(part, values));
  progress("");
  const run = { part: name, circumstances: circumstances(), findings };
  addRun(values.results, run);
  for (const table of findings.tables) process.stdout.write(`\n${tableText(table)}`);
  process.stdout.write(`\n${circumstancesText(run.circumstances)}\n`);
  for (const verdict of findings.verdicts) process.stdout.write(verdictText(verdict));
}

function usage(): string {
  const parts = Object.entries(PARTS).map(([name, { summary, options }]) => {
    const lines = Object.entries(options).map(
      ([option, { default: value, help }]) =>
        `    --${option.padEnd(14)} ${help}${value === "" ? "" : `; default ${value}`}\n`,
    );
    return `\n  ${name}: ${summary}\n${lines.join("")}`;
  });
  return `npm run bench -- [PART [options]]

Without a part: all of them, which takes more than an hour. Each prints its tables and adds to one file of results.
TEST_DIST names another build than dist/.

    --results        the file of results; default ${RESULTS}
${parts.join("")}`;
}
