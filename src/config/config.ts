import { globMatch } from "../support/glob.ts";
import type { Bytes } from "../support/bytes.ts";
import { ValueError } from "./option.ts";
import {
  allOptions,
  findOption,
  setValue,
  type NamedOption,
  type ValueName,
  type Values,
} from "./options.ts";
import { rewriteConfigFile } from "./rewrite.ts";

/** Told when a value has changed. A `ValueError` refuses the change: everything goes back to what it was. */
export type ChangeListener<Name extends ValueName = ValueName> = (
  value: Values[Name],
  previous: Values[Name],
) => void;

/** CONFIG SET failed; the message is what follows `ERR`. */
export class ConfigSetError extends Error {
  override readonly name = "ConfigSetError";
}

/** The values of all options, while the server runs. */
export class Config {
  /** Always current, always the same object: read from it where the value is needed, do not copy. */
  readonly values: Readonly<Values>;
  /** The absolute path of the config file; `null` where there is none. */
  readonly file: string | null;
  readonly #values: Values;
  readonly #listeners = new Map<ValueName, Set<ChangeListener>>();

  constructor(values: Values, file: string | null = null) {
    // A copy: V8 makes a slow object of one that gets many properties one by one, and each command reads some of these.
    this.values = this.#values = { ...values };
    this.file = file;
  }

  /**
   * Names and values that match any of the patterns, each once. A name without `*`, `?` or `[` is answered
   * in the spelling of the question, also when it is hidden.
   */
  get(patterns: readonly Bytes[]): [name: Bytes, value: Bytes][] {
    const found = new Map<Bytes, Bytes>();
    for (const pattern of patterns) {
      if (!/[*?[]/.test(pattern)) {
        const named = findOption(pattern);
        if (named !== undefined) found.set(pattern, this.#format(named));
        continue;
      }
      for (const named of allOptions()) {
        if (!named.option.isHidden && globMatch(pattern, named.name, true))
          found.set(named.name, this.#format(named));
      }
    }
    return [...found];
  }

  #format({ valueName, option }: NamedOption): Bytes {
    return option.format(this.#values[valueName]);
  }

  /**
   * Sets all of the pairs, or none and throws a `ConfigSetError`.
   * @param mayTouchProtected whether the client satisfies `enable-protected-configs`
   */
  setAll(pairs: readonly (readonly [name: Bytes, value: Bytes])[], mayTouchProtected: boolean): void {
    const chosen = this.#choose(pairs, mayTouchProtected);
    const before: Values = { ...this.#values };
    let changed: Map<ValueName, NamedOption>;
    try {
      changed = this.#assignAll(chosen, pairs);
    } catch (error) {
      Object.assign(this.#values, before);
      throw error;
    }
    const told: NamedOption[] = [];
    for (const named of changed.values()) {
      told.push(named);
      try {
        this.#tell(named, before);
      } catch (error) {
        this.#rollBack(told, before);
        throw failure(named.name, error);
      }
    }
  }

  /** What the values would be after `setAll`. @throws ConfigSetError */
  preview(
    pairs: readonly (readonly [name: Bytes, value: Bytes])[],
    mayTouchProtected: boolean,
  ): Readonly<Values> {
    const chosen = this.#choose(pairs, mayTouchProtected);
    const before: Values = { ...this.#values };
    try {
      this.#assignAll(chosen, pairs);
      return { ...this.#values };
    } finally {
      Object.assign(this.#values, before);
    }
  }

  /** Those of the options whose value is another one now; an error leaves some of them with it. */
  #assignAll(
    chosen: readonly NamedOption[],
    pairs: readonly (readonly [Bytes, Bytes])[],
  ): Map<ValueName, NamedOption> {
    const changed = new Map<ValueName, NamedOption>();
    chosen.forEach((named, i) => {
      try {
        if (this.#assign(named, pairs[i]![1])) changed.set(named.valueName, named);
      } catch (error) {
        throw failure(named.name, error);
      }
    });
    return changed;
  }

  /** The options that the pairs name. All names are looked at before any value is. */
  #choose(pairs: readonly (readonly [Bytes, Bytes])[], mayTouchProtected: boolean): NamedOption[] {
    const chosen: NamedOption[] = [];
    for (const [name] of pairs) {
      const named = findOption(name);
      if (named === undefined) {
        throw new ConfigSetError(`Unknown option or number of arguments for CONFIG SET - '${name}'`);
      }
      const { option } = named;
      if (option.changes === "start") throw failure(name, new ValueError("can't set immutable config"));
      if (option.isProtected && !mayTouchProtected) {
        throw failure(name, new ValueError("can't set protected config"));
      }
      if (chosen.includes(named)) throw failure(name, new ValueError("duplicate parameter"));
      chosen.push(named);
    }
    return chosen;
  }

  /** Whether the value is another one now. */
  #assign({ valueName, option }: NamedOption, text: Bytes): boolean {
    const previous: unknown = this.#values[valueName];
    const words = !option.takesWords ? [text] : text === "" ? [] : text.split(" ");
    const value = option.parse(words, option.addsTo === "value" ? previous : null);
    if (option.format(value) === option.format(previous)) return false;
    if (option.changes === "listener" && !this.#listeners.has(valueName)) {
      throw new ValueError("it cannot change while the server runs");
    }
    setValue(this.#values, valueName, value);
    return true;
  }

  #tell({ valueName }: NamedOption, before: Values): void {
    for (const listener of this.#listeners.get(valueName) ?? []) {
      listener(this.#values[valueName], before[valueName]);
    }
  }

  /** The last of `told` is the one that refused: some of its listeners may have acted already. */
  #rollBack(told: readonly NamedOption[], before: Values): void {
    const refused: Values = { ...this.#values };
    Object.assign(this.#values, before);
    for (const named of told.toReversed()) {
      try {
        this.#tell(named, refused);
      } catch (error) {
        if (!(error instanceof ValueError)) throw error;
      }
    }
  }

  /** What a command of its own changes, and CONFIG SET does not: REPLICAOF. */
  assign<Name extends ValueName>(name: Name, value: Values[Name]): void {
    this.#values[name] = value;
  }

  /** Returns the function that ends it. */
  onChange<Name extends ValueName>(name: Name, listener: ChangeListener<Name>): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    listeners.add(listener as ChangeListener);
    return () => {
      listeners.delete(listener as ChangeListener);
      if (listeners.size === 0) this.#listeners.delete(name);
    };
  }

  /**
   * Writes the values to the config file, which keeps its comments and its order. Throws what the file
   * system says. There has to be a file.
   */
  rewrite(): void {
    if (this.file === null) throw new Error("there is no config file");
    rewriteConfigFile(this.file, this.#values);
  }
}

/** The pairs of CONFIG SET whose values must not be logged, as positions in `args`: `[3]`. */
export function sensitiveConfigArgs(args: readonly Bytes[]): number[] {
  const positions: number[] = [];
  for (let i = 2; i + 1 < args.length; i += 2) {
    if (findOption(args[i]!)?.option.isSensitive === true) positions.push(i + 1);
  }
  return positions;
}

function failure(name: Bytes, error: unknown): unknown {
  if (!(error instanceof ValueError)) return error;
  return new ConfigSetError(`CONFIG SET failed (possibly related to argument '${name}') - ${error.message}`);
}
