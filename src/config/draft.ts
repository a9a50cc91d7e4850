import type { Bytes } from "../support/bytes.ts";
import { splitArgs } from "../support/split-args.ts";
import { ValueError, type StartError } from "./option.ts";
import { findOption, initialValues, setValue, type Values } from "./options.ts";

/**
 * The values that the sources of a start add up to: environment, file, standard input, command line.
 *
 * A file written for Redis may ask for what leveldis does not do (`daemonize yes`), and the command line take
 * it back, as service managers do it for Redis: so such values are refused when all sources were heard.
 */
export class Draft {
  readonly values: Values = initialValues();
  readonly #seen = new Set<string>();
  readonly #unsupported = new Map<string, StartError>();

  /** What follows replaces lists of before instead of adding to them. */
  beginSource(): void {
    this.#seen.clear();
  }

  /** Whether there is such an option. Throws a `ValueError` where it does not take the words. */
  apply(name: Bytes, words: readonly Bytes[]): boolean {
    const named = findOption(name);
    if (named === undefined) return false;
    const { option, valueName, primaryName } = named;
    const isContinued = option.addsTo === "value" || this.#seen.has(primaryName);
    const previous = isContinued ? this.values[valueName] : null;
    setValue(this.values, valueName, option.parse(splitSingle(words, option.takesWords), previous));
    this.#seen.add(primaryName);
    this.#unsupported.delete(primaryName);
    return true;
  }

  /** The name has a value that is not supported. It counts only if no later source gives it another. */
  postpone(name: Bytes, error: StartError): void {
    this.#unsupported.set(findOption(name)!.primaryName, error);
  }

  /** The values that all sources together give. Throws a `StartError`. */
  finish(): Values {
    for (const error of this.#unsupported.values()) throw error;
    return this.values;
  }
}

/** `--save "900 1"` is `--save 900 1`. */
function splitSingle(words: readonly Bytes[], takesWords: boolean): readonly Bytes[] {
  if (!takesWords || words.length !== 1 || words[0] === "") return words;
  const split = splitArgs(words[0]!);
  if (split === null) throw new ValueError("Unbalanced quotes in configuration line");
  return split;
}
