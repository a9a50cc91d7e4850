import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Option } from "../src/config/option.ts";
import { OPTIONS, TOPICS } from "../src/config/options.ts";

const FILE = fileURLToPath(new URL("../docs/compatibility.md", import.meta.url));
const BEGIN = "<!-- begin: scripts/docs-options -->";
const END = "<!-- end: scripts/docs-options -->";

main();

function main(): void {
  const current = readFileSync(FILE, "utf8");
  const begin = current.indexOf(BEGIN);
  const end = current.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`${FILE}: the markers of the lists are missing`);
  const wanted = `${current.slice(0, begin + BEGIN.length)}\n\n${lists()}${current.slice(end)}`;
  if (wanted === current) return;
  if (process.argv.includes("--check")) {
    console.error("docs/compatibility.md is not what the table of options says: run scripts/docs-options");
    process.exitCode = 1;
  } else {
    writeFileSync(FILE, wanted);
  }
}

function lists(): string {
  return (
    `Accepted, kept, and without effect:\n\n${list("none")}\n` +
    `Accepted only with a value that means what leveldis does anyway; another one is an error:\n\n${list("fixed")}\n`
  );
}

/** One line for each reason. */
function list(effect: Option["effect"]): string {
  const byReason = new Map<string, string[]>();
  for (const [name, option] of rows()) {
    if (option.effect !== effect) continue;
    byReason.set(option.reason, [...(byReason.get(option.reason) ?? []), `\`${name}\``]);
  }
  return [...byReason].map(([reason, names]) => `- ${names.join(", ")}: ${reason}\n`).join("");
}

function rows(): [string, Option][] {
  return TOPICS.flatMap(([, names]) =>
    names.map((name): [string, Option] => [name, OPTIONS[name] as Option]),
  );
}
