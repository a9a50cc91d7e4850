import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Argument } from "../src/commands/doc.ts";
import { COMMAND_GROUPS } from "../src/commands/groups.ts";
import type { Command } from "../src/commands/registered-command.ts";
import { CommandTable } from "../src/commands/table.ts";

const FILE = fileURLToPath(new URL("../docs/commands.md", import.meta.url));
const BEGIN = "<!-- begin: scripts/docs-commands -->";
const END = "<!-- end: scripts/docs-commands -->";

main();

function main(): void {
  const current = readFileSync(FILE, "utf8");
  const begin = current.indexOf(BEGIN);
  const end = current.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`${FILE}: the markers of the list are missing`);
  const head = current.slice(0, begin + BEGIN.length);
  const wanted = `${head}\n${commandLists(new CommandTable(COMMAND_GROUPS))}${current.slice(end)}`;
  if (wanted === current) return;
  if (process.argv.includes("--check")) {
    console.error("docs/commands.md is not what the command table says: run scripts/docs-commands");
    process.exitCode = 1;
  } else {
    writeFileSync(FILE, wanted);
  }
}

function commandLists(table: CommandTable): string {
  const callable = [...table.withSubcommands()].filter(({ run }) => run !== undefined);
  const groups = new Map<string, Command[]>();
  for (const command of callable) {
    groups.set(command.group, [...(groups.get(command.group) ?? []), command]);
  }
  let text = `\n${table.size} commands, ${callable.length} with their subcommands.\n`;
  for (const [group, commands] of [...groups].sort(([a], [b]) => (a < b ? -1 : 1))) {
    text += `\n## ${group}\n\n| | |\n|---|---|\n`;
    commands.sort((a, b) => (a.fullName < b.fullName ? -1 : 1));
    for (const command of commands)
      text += `| \`${cell(usage(command))}\` | ${cell(command.row.doc.summary)} |\n`;
  }
  return `${text}\n`;
}

function usage(command: Command): string {
  return [command.fullName.toUpperCase().replace("|", " "), ...command.arguments.map(usageOf)].join(" ");
}

/** As Redis' documentation writes it: `[LIMIT offset count]`, `member [member ...]`, `<LEFT | RIGHT>`. */
function usageOf(argument: Argument): string {
  const { name, type, token, parts, isOptional, isRepeated, isTokenRepeated } = argument;
  const spelledToken = token === "" ? '""' : token;
  if (type === "pure-token") return isOptional ? `[${spelledToken}]` : spelledToken!;
  let text = name;
  if (type === "block") text = parts.map(usageOf).join(" ");
  if (type === "oneof") text = parts.map(usageOf).join(" | ");
  if (type === "oneof" && (!isOptional || token !== undefined || isRepeated)) text = `<${text}>`;
  if (isRepeated && !isTokenRepeated) text += ` [${text} ...]`;
  if (token !== undefined) text = `${spelledToken} ${text}`;
  if (isTokenRepeated) text += ` [${text} ...]`;
  return isOptional ? `[${text}]` : text;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
