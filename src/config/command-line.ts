import yargs, { type Argv, type Options } from "yargs";
import { bytesOfText, textOfBytes, type Bytes } from "../support/bytes.ts";
import { quoteArg, splitArgs } from "../support/split-args.ts";
import { REDIS_VERSION, VERSION } from "../support/version.ts";
import { StartError } from "./option.ts";
import { OPTIONS, TOPICS, findOption, type OptionName } from "./options.ts";
import type { Option } from "./option.ts";

/** A flag and its words, as a line of the config file would have them. */
export interface Directive {
  readonly name: string;
  readonly words: readonly Bytes[];
}

export type CommandLine =
  | { readonly kind: "help" | "version"; readonly text: string }
  | {
      readonly kind: "run";
      readonly file: string | null;
      /** `-`: more configuration comes on standard input. */
      readonly readsStdin: boolean;
      readonly directives: readonly Directive[];
    };

const USAGE = `Usage: leveldis [config-file] [-] [--option value ...]

A server that speaks the Redis protocol and keeps its data on disk, in LevelDB.

The config file is written like redis.conf; '-' reads one from standard input. Every option is a directive
of it too, and an environment variable: LEVELDIS_GC_INTERVAL is --gc-interval. The command line counts more
than the file, the file more than the environment.`;

const EPILOGUE = `Brackets show what a value looks like, and the default. Sizes: 1k is 1000 bytes, 1kb 1024; m, mb, g, gb likewise.
Every other directive of redis.conf ${REDIS_VERSION} is known too: docs/compatibility.md lists them.`;

/** Wide enough for two columns, narrow enough for a terminal. */
const HELP_WIDTH = 110;

/**
 * The arguments behind the program's name. As for redis-server the first may be a config file, an option
 * takes the words up to the next one, and `"--save 900 1"` may be one argument. Throws a `StartError`.
 */
export function parseCommandLine(argv: readonly string[]): CommandLine {
  const [first] = argv;
  const file = first !== undefined && !first.startsWith("-") ? first : null;
  const { args, readsStdin } = withoutDash(file === null ? argv : argv.slice(1));
  const parser = parserOf();
  const parsed = parser.parseSync(separate(args));
  if (parsed["help"] === true) return { kind: "help", text: helpOf(parser) };
  if (parsed["version"] === true) {
    return {
      kind: "version",
      text: `leveldis ${VERSION}, compatible with Redis ${REDIS_VERSION}, Node.js ${process.version}`,
    };
  }
  const [surplus] = parsed._;
  if (surplus !== undefined)
    throw new StartError(`leveldis: unexpected argument '${surplus}': a config file comes first`);
  return { kind: "run", file, readsStdin, directives: directivesOf(parsed) };
}

/** How an error message shows a flag: `port "6379" "6380"`. */
export function showDirective({ name, words }: Directive): string {
  return [name, ...words.map((word) => textOfBytes(`"${quoteArg(word).replace(/^"(.*)"$/s, "$1")}"`))].join(
    " ",
  );
}

/** redis-server takes `-` as its first argument behind the file, or as its last. */
function withoutDash(args: readonly string[]): { args: readonly string[]; readsStdin: boolean } {
  if (args[0] === "-") return { args: args.slice(1), readsStdin: true };
  if (args.at(-1) === "-") return { args: args.slice(0, -1), readsStdin: true };
  return { args, readsStdin: false };
}

/**
 * One argument for each name and each word; a word that looks like an option, but can only be the value of
 * the one before (`--requirepass --secret`), is tied to it.
 */
function separate(args: readonly string[]): string[] {
  const separated: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (!arg.startsWith("--")) {
      separated.push(arg);
      continue;
    }
    const [givenName, ...words] = /^--[^\s=]+\s/.test(arg)
      ? (splitArgs(bytesOfText(arg))?.map(textOfBytes) ?? [arg])
      : [arg];
    const name = givenName!.replace(/^[^=]+/, (flag) => flag.toLowerCase());
    const value = args[i + 1];
    if (words.length === 0 && value !== undefined && isValueInDisguise(name, value)) {
      separated.push(`${name}=${value}`);
      i++;
    } else {
      separated.push(name, ...words);
    }
  }
  return separated;
}

function isValueInDisguise(name: string, value: string): boolean {
  const option = findOption(name.slice(2))?.option;
  if (option === undefined || option.isFlag || !value.startsWith("-")) return false;
  return (
    findOption(/^-*([^\s=]*)/.exec(value)![1]!) === undefined && !/^--?(?:help|version|h|v)$/.test(value)
  );
}

function parserOf(): Argv {
  const parser = yargs([])
    .scriptName("leveldis")
    .usage(USAGE)
    .epilogue(EPILOGUE)
    .wrap(HELP_WIDTH)
    .locale("en")
    .parserConfiguration({
      "boolean-negation": false,
      "camel-case-expansion": false,
      "dot-notation": false,
      "flatten-duplicate-arrays": false,
      "parse-numbers": false,
      "parse-positional-numbers": false,
      "short-option-groups": false,
      "strip-aliased": true,
    })
    .help(false)
    .version(false)
    .exitProcess(false)
    .strictOptions()
    .fail((message, error) => {
      throw error ?? new StartError(`leveldis: ${message.replace(/\s*\n\s*/g, " ")}; see leveldis --help`);
    })
    .option("help", { alias: "h", type: "boolean", describe: "Show this help" })
    .option("version", { alias: "v", type: "boolean", describe: "Show the version" });
  for (const [title, names] of TOPICS) {
    for (const name of names) parser.option(name, yargsOption(OPTIONS[name] as Option, title));
  }
  return parser;
}

function yargsOption(option: Option, title: string): Options {
  const { help, type, initialText } = option;
  const initial = initialText === "" ? "" : `, ${textOfBytes(initialText)}`;
  return {
    alias: [...option.aliases],
    array: true,
    string: true,
    group: `${title}:`,
    hidden: option.isHidden || option.help === "",
    describe: `${help} [${type}${initial}]`,
  };
}

function helpOf(parser: Argv): string {
  let text = "";
  parser.showHelp((help) => {
    // yargs adds the kind of an option, on a line of its own where there is no room; ours is in the text already.
    text = help.replace(/(?:\n *| +)\[(?:array|boolean)\]$/gm, "");
  });
  return text;
}

/** In the order of the table, which does not matter: an option stands once. */
function directivesOf(parsed: Readonly<Record<string, unknown>>): Directive[] {
  const directives: Directive[] = [];
  for (const name of Object.keys(OPTIONS) as OptionName[]) {
    const given = parsed[name] as readonly string[] | readonly (readonly string[])[] | undefined;
    if (given === undefined) continue;
    const occurrences = Array.isArray(given[0])
      ? (given as readonly string[][])
      : [given as readonly string[]];
    for (const words of occurrences) directives.push({ name, words: wordsOf(name, words) });
  }
  return directives;
}

function wordsOf(name: OptionName, words: readonly string[]): readonly Bytes[] {
  if (words.length > 0) return words.map(bytesOfText);
  const option: Option = OPTIONS[name];
  if (option.isFlag) return ["yes"];
  // Scripts that build a command line from an empty list write `--save` alone.
  return name === "save" ? [""] : [];
}
