import { CATEGORIES, COMMAND_FLAGS } from "./command.ts";
import type { CommandRow } from "./command.ts";
import { parseSyntax } from "./doc.ts";
import type { Argument } from "./doc.ts";
import { KEY_FLAGS } from "./key-spec.ts";

/** Throws an `Error` naming the command and what is wrong with its row, subcommands included. */
export function checkRow(fullName: string, row: CommandRow): void {
  const reason =
    badName(fullName) ?? badFlags(row) ?? badHandler(row) ?? badArity(fullName, row) ?? badKeys(row);
  if (reason !== undefined) throw new Error(`command table: ${fullName}: ${reason}`);
  for (const [name, subcommand] of Object.entries(row.subcommands ?? {}))
    checkRow(`${fullName}|${name}`, subcommand);
}

function badName(fullName: string): string | undefined {
  if (!/^[a-z][a-z0-9_-]*(\|[a-z][a-z0-9_-]*)?$/.test(fullName))
    return "a name is lower case, one level of subcommands";
  return undefined;
}

function badFlags({ flags, categories = [] }: CommandRow): string | undefined {
  const unknown = flags.find((flag) => !COMMAND_FLAGS.includes(flag));
  if (unknown !== undefined) return `unknown flag ${unknown}`;
  if (new Set(flags).size < flags.length) return "a flag twice";
  if (flags.includes("write") && flags.includes("readonly")) return "write and readonly";
  const category = categories.find((name) => !CATEGORIES.includes(name));
  return category === undefined ? undefined : `unknown category ${category}`;
}

function badHandler({ run, subcommands, arity }: CommandRow): string | undefined {
  if (subcommands === undefined) return run === undefined ? "no handler" : undefined;
  if (Object.keys(subcommands).length === 0) return "a container without subcommands";
  return run === undefined && arity !== -2 ? "the arity of a container is -2" : undefined;
}

function badArity(fullName: string, { arity, doc, subcommands }: CommandRow): string | undefined {
  if (!Number.isInteger(arity) || arity === 0) return `arity ${arity}`;
  if (subcommands !== undefined) return undefined;
  let least = fullName.includes("|") ? 2 : 1;
  let most = least;
  try {
    for (const argument of parseSyntax(doc.syntax ?? "")) {
      const [fewest, greatest] = width(argument);
      least += fewest;
      most += greatest;
    }
  } catch (cause) {
    return (cause as Error).message;
  }
  if (arity > 0) {
    return least === arity && most === arity
      ? undefined
      : `arity ${arity}, but the syntax has ${least} to ${most}`;
  }
  // By one less or more than the syntax in some of Redis' own rows: GEOHASH, PFMERGE, CLIENT KILL.
  const isNear = Math.abs(-arity - least) <= 1 && most >= -arity;
  return isNear || doc.syntax === undefined
    ? undefined
    : `arity ${arity}, but the syntax has ${least} to ${most}`;
}

/** How many arguments the fewest and the most are. */
function width(argument: Argument): [least: number, most: number] {
  const parts = argument.parts.map(width);
  let least = argument.type === "pure-token" ? 0 : 1;
  let most = least;
  if (argument.type === "oneof") {
    least = Math.min(...parts.map((part) => part[0]));
    most = Math.max(...parts.map((part) => part[1]));
  } else if (argument.type === "block") {
    least = parts.reduce((sum, part) => sum + part[0], 0);
    most = parts.reduce((sum, part) => sum + part[1], 0);
  }
  if (argument.token !== undefined) {
    least += 1;
    most += 1;
  }
  return [argument.isOptional ? 0 : least, argument.isRepeated ? Infinity : most];
}

function badKeys({ keys = [], arity, doc }: CommandRow): string | undefined {
  for (const { flags, begin } of keys) {
    const unknown = flags.find((flag) => !KEY_FLAGS.includes(flag));
    if (unknown !== undefined) return `unknown flag ${unknown} of a key`;
    if (begin === "unknown" || !("index" in begin)) continue;
    if (begin.index < 1 || (arity > 0 ? begin.index >= arity : begin.index > -arity)) {
      return `no argument at ${begin.index}, where a key should be`;
    }
  }
  const beyond = keySpecsOf(parseSyntax(doc.syntax ?? "")).find((index) => index >= keys.length);
  return beyond === undefined
    ? undefined
    : `the syntax names key specification ${beyond}, there are ${keys.length}`;
}

function keySpecsOf(syntax: readonly Argument[]): number[] {
  return syntax.flatMap(({ keySpec, parts }) => [
    ...(keySpec === undefined ? [] : [keySpec]),
    ...keySpecsOf(parts),
  ]);
}
