import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { getSystemErrorMap } from "node:util";
import { textOfBytes, type Bytes } from "../support/bytes.ts";
import { globMatch } from "../support/glob.ts";
import { splitArgs } from "../support/split-args.ts";
import type { Draft } from "./draft.ts";
import { StartError, UnsupportedError, ValueError } from "./option.ts";

/**
 * redis.conf: a directive and its words on each line, quoted as on the inline protocol, `#` in front of
 * comments (https://redis.io/docs/latest/operate/oss_and_stack/management/config/).
 */

/** Directives that are no options. CONFIG REWRITE leaves their lines alone. */
export const SPECIAL_DIRECTIVES: ReadonlySet<string> = new Set([
  "include",
  "rename-command",
  "user",
  "loadmodule",
  "sentinel",
]);

/** Redis still swallows these three, which mean nothing any more. */
const GONE = new Set(["list-max-ziplist-entries", "list-max-ziplist-value", "lua-replicate-commands"]);

/** Files may include files; a file that includes itself has to end somewhere. */
const MAX_DEPTH = 16;

/** Applies a file and the files that it includes. Throws a `StartError`. */
export function applyConfigFile(draft: Draft, file: string, depth = 0): void {
  applyConfigText(draft, readConfig(file), file, depth);
}

/** `origin` is the name of the text in error messages. */
export function applyConfigText(draft: Draft, text: Bytes, origin: string, depth = 0): void {
  text.split("\n").forEach((untrimmed, i) => {
    const line = untrimmed.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, "");
    if (line === "" || line.startsWith("#")) return;
    try {
      applyLine(draft, line, depth);
    } catch (error) {
      if (!(error instanceof ValueError)) throw error;
      const fatal = new StartError(
        `leveldis: bad configuration, ${origin}, line ${i + 1}, '${textOfBytes(line)}': ${textOfBytes(error.message)}`,
        { cause: error },
      );
      if (!(error instanceof UnsupportedError)) throw fatal;
      draft.postpone(splitArgs(line)![0]!, fatal);
    }
  });
}

function applyLine(draft: Draft, line: Bytes, depth: number): void {
  const [directive, ...words] = splitArgs(line) ?? [];
  if (directive === undefined) {
    if (splitArgs(line) === null) throw new ValueError("Unbalanced quotes in configuration line");
    return;
  }
  const name = directive.toLowerCase();
  if (name === "include" && words.length === 1) include(draft, textOfBytes(words[0]!), depth);
  else if (SPECIAL_DIRECTIVES.has(name)) throw new ValueError(refusal(name));
  else if (!draft.apply(name, words) && !(GONE.has(name) && words.length === 1)) {
    throw new ValueError("Bad directive or wrong number of arguments");
  }
}

function refusal(name: string): string {
  switch (name) {
    case "include":
      return "wrong number of arguments";
    case "sentinel":
      return "sentinel directive while not in sentinel mode";
    case "loadmodule":
      return "modules are not supported";
    case "user":
      return "users are not supported yet: only the default user and requirepass";
    default:
      return `${name} is not supported yet`;
  }
}

function include(draft: Draft, pattern: string, depth: number): void {
  if (depth >= MAX_DEPTH) throw new ValueError("too many files that include one another");
  const files = hasWildcard(pattern) ? matchingFiles(pattern) : [pattern];
  for (const file of files) applyConfigFile(draft, file, depth + 1);
}

function readConfig(file: string): Bytes {
  try {
    return readFileSync(file, "latin1");
  } catch (cause) {
    throw new StartError(`Fatal error, can't open config file '${file}': ${reasonOf(cause)}`, { cause });
  }
}

/** What the system says, in its words: `Permission denied`. */
export function reasonOf(error: unknown): string {
  const { code = "", errno, message } = error as NodeJS.ErrnoException;
  const text = WORDS_OF_SYSTEM[code] ?? getSystemErrorMap().get(errno ?? 0)?.[1] ?? message;
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Where Node's map has other words than the C library, which Redis asks. */
const WORDS_OF_SYSTEM: Readonly<Record<string, string>> = {
  EBUSY: "Device or resource busy",
  EIO: "Input/output error",
  EISDIR: "Is a directory",
  ELOOP: "Too many levels of symbolic links",
  ENAMETOOLONG: "File name too long",
};

function hasWildcard(text: string): boolean {
  return /[*?[]/.test(text);
}

/** The files that a path with wildcards stands for, in order; none is no error. */
function matchingFiles(pattern: string): string[] {
  const [first, ...segments] = pattern.split("/");
  let paths = [first === "" ? "/" : "."];
  for (const segment of first === "" ? segments : [first!, ...segments]) {
    paths = paths.flatMap((folder) =>
      hasWildcard(segment) ? matchesIn(folder, segment) : [join(folder, segment)],
    );
  }
  return paths;
}

function matchesIn(folder: string, pattern: string): string[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names
    .filter((name) => name.startsWith(".") === pattern.startsWith(".") && globMatch(pattern, name, false))
    .toSorted()
    .map((name) => join(folder, name));
}
