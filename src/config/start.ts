import { closeSync, openSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseCommandLine, showDirective, type Directive } from "./command-line.ts";
import { applyConfigFile, applyConfigText, reasonOf } from "./conf-file.ts";
import { Config } from "./config.ts";
import { Draft } from "./draft.ts";
import { applyEnvironment } from "./environment.ts";
import { StartError, UnsupportedError, ValueError } from "./option.ts";

/** What a start leads to: a server with this configuration, or a text to print. */
export type Start =
  | { readonly kind: "run"; readonly config: Config }
  | { readonly kind: "help" | "version"; readonly text: string };

/**
 * The configuration of a start. What counts more comes later: defaults, environment, file, standard input,
 * command line. Throws a `StartError`.
 *
 * @param argv what stands behind the name of the program
 */
export function loadConfig(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Start {
  const commandLine = parseCommandLine(argv);
  if (commandLine.kind !== "run") return commandLine;
  const draft = new Draft();
  applyEnvironment(draft, environment);
  draft.beginSource();
  const file = commandLine.file === null ? null : resolve(commandLine.file);
  if (file !== null) applyConfigFile(draft, file);
  if (commandLine.readsStdin) applyConfigText(draft, readStdin(), "standard input");
  for (const directive of commandLine.directives) applyDirective(draft, directive);
  const values = draft.finish();
  if (values.debug) values.loglevel = "debug";
  checkLogFile(values.logfile);
  return { kind: "run", config: new Config(values, file) };
}

function applyDirective(draft: Draft, directive: Directive): void {
  try {
    draft.apply(directive.name, directive.words);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    const fatal = new StartError(`leveldis: bad option '${showDirective(directive)}': ${error.message}`, {
      cause: error,
    });
    if (!(error instanceof UnsupportedError)) throw fatal;
    draft.postpone(directive.name, fatal);
  }
}

function readStdin(): string {
  try {
    return readFileSync(0, "latin1");
  } catch (cause) {
    throw new StartError(`leveldis: can't read the configuration from standard input: ${reasonOf(cause)}`, {
      cause,
    });
  }
}

/** Later nobody could be told. */
function checkLogFile(file: string): void {
  if (file === "") return;
  try {
    closeSync(openSync(file, "a"));
  } catch (cause) {
    throw new StartError(`leveldis: can't open the log file ${file}: ${reasonOf(cause)}`, { cause });
  }
}
