import { resolve } from "node:path";
import { bytesOfText, textOfBytes, type Bytes } from "../support/bytes.ts";
import { formatMemorySize, parseMemorySize } from "../support/memory-size.ts";
import { quoteArg } from "../support/split-args.ts";
import { UnsupportedError, ValueError, type Option } from "./option.ts";

/** What a row of the table says beside the type of its value. */
export interface Traits<T> {
  readonly help?: string;
  readonly aliases?: readonly string[];
  /** Why no value of it changes anything. */
  readonly none?: string;
  /** The only values that hold, and what to tell someone who wants another. */
  readonly fixed?: { readonly to: readonly T[]; readonly why: string };
  readonly changes?: Option["changes"];
  readonly isProtected?: boolean;
  readonly isSensitive?: boolean;
  readonly isHidden?: boolean;
  readonly isForThisStart?: boolean;
  readonly isAlwaysWritten?: boolean;
}

interface Kind<T> {
  readonly type: string;
  readonly isFlag?: boolean;
  readonly takesWords?: boolean;
  readonly addsTo?: Option["addsTo"];
  readonly parse: (words: readonly Bytes[], previous: T | null) => T;
  readonly format: (value: T) => Bytes;
  readonly lines?: (value: T) => readonly Bytes[];
}

export function option<T>(initial: T, kind: Kind<T>, traits: Traits<T>): Option<T> {
  const { format, lines = (value) => [format(value)] } = kind;
  const allowed = traits.fixed?.to.map(format);
  return {
    type: kind.type,
    initial,
    initialText: format(initial) === "" ? "" : lines(initial).join(", "),
    help: traits.help ?? "",
    aliases: traits.aliases ?? [],
    effect: traits.fixed !== undefined ? "fixed" : traits.none !== undefined ? "none" : "real",
    reason: traits.fixed?.why ?? traits.none ?? "",
    changes: traits.changes ?? "anytime",
    isProtected: traits.isProtected ?? false,
    isSensitive: traits.isSensitive ?? false,
    isHidden: traits.isHidden ?? false,
    isForThisStart: traits.isForThisStart ?? false,
    isAlwaysWritten: traits.isAlwaysWritten ?? false,
    isFlag: kind.isFlag ?? false,
    takesWords: kind.takesWords ?? false,
    addsTo: kind.addsTo ?? "nothing",
    parse(words, previous) {
      if (words.length !== 1 && kind.takesWords !== true) throw new ValueError("wrong number of arguments");
      const value = kind.parse(words, previous);
      if (allowed !== undefined && !allowed.includes(format(value)))
        throw new UnsupportedError(traits.fixed!.why);
      return value;
    },
    format,
    lines,
  };
}

export function yesNo(initial: boolean, traits: Traits<boolean>): Option<boolean> {
  return option(
    initial,
    {
      type: "yes|no",
      isFlag: true,
      parse([word]) {
        const answer = word!.toLowerCase();
        if (answer !== "yes" && answer !== "no") throw new ValueError("argument must be 'yes' or 'no'");
        return answer === "yes";
      },
      format: (value) => (value ? "yes" : "no"),
    },
    traits,
  );
}

/** One of several names. */
export function choice<const Name extends string>(
  names: readonly Name[],
  initial: NoInfer<Name>,
  traits: Traits<NoInfer<Name>>,
): Option<Name> {
  return option<Name>(
    initial,
    {
      type: names.join("|"),
      parse: ([word]) => oneOf(names, word!),
      format: (value) => value,
    },
    traits,
  );
}

/** Any of several names, together; `none` of them has a name too. */
export function choices<const Name extends string>(
  none: string,
  names: readonly Name[],
  traits: Traits<readonly Name[]>,
): Option<readonly Name[]> {
  return option<readonly Name[]>(
    [],
    {
      type: `${none}|${names.join("|")}`,
      takesWords: true,
      parse(words) {
        const all = [none, ...names];
        if (words.length === 0) oneOf(all, "");
        const chosen = words.map((word) => oneOf(all, word));
        return names.filter((name) => chosen.includes(name));
      },
      format: (value) => (value.length === 0 ? none : value.join(" ")),
    },
    traits,
  );
}

function oneOf<Name extends string>(names: readonly Name[], word: Bytes): Name {
  const found = names.find((name) => name === word.toLowerCase());
  if (found === undefined)
    throw new ValueError(`argument(s) must be one of the following: ${names.join(", ")}`);
  return found;
}

export const INT_MAX = 2147483647n;
export const UINT_MAX = 4294967295n;
export const LONG_MAX = 9223372036854775807n;
const LONG_MIN = -LONG_MAX - 1n;

interface Range {
  readonly min: bigint;
  readonly max: bigint;
}

/** Values beyond 2^53 are rounded: they mean "no limit". */
export function integer(initial: number, range: Range, traits: Traits<number>): Option<number> {
  return option(
    initial,
    {
      type: "integer",
      parse: ([word]) => within(range, integerOf(word!)),
      format: formatInteger,
    },
    traits,
  );
}

export function integerOf(word: Bytes): bigint {
  const value = /^(?:0|-?[1-9][0-9]{0,18})$/.test(word) ? BigInt(word) : null;
  if (value === null || value > LONG_MAX || value < LONG_MIN) {
    throw new ValueError("argument couldn't be parsed into an integer");
  }
  return value;
}

function within({ min, max }: Range, value: bigint, radix = 10): number {
  if (value < min || value > max) {
    throw new ValueError(
      `argument must be between ${min.toString(radix)} and ${max.toString(radix)} inclusive`,
    );
  }
  return Number(value);
}

function formatInteger(value: number): Bytes {
  const whole = BigInt(value);
  return String(whole > LONG_MAX ? LONG_MAX : whole);
}

/** A number of bytes: `64mb`, `1g`, `1048576`. */
export function memory(initial: number, range: Range, traits: Traits<number>): Option<number> {
  return option(
    initial,
    {
      type: "bytes",
      parse([word]) {
        const bytes = parseMemorySize(word!);
        if (bytes === null) throw new ValueError("argument must be a memory value");
        return within(range, BigInt(bytes));
      },
      format: formatInteger,
      lines: (value) => [shortMemorySize(value)],
    },
    traits,
  );
}

/** A number of bytes, or a percentage, which is kept as a negative number: `-5` for `5%`. */
export function memoryOrPercent(initial: number, traits: Traits<number>): Option<number> {
  const format = (value: number): Bytes => (value < 0 ? `${-value}%` : formatInteger(value));
  return option(
    initial,
    {
      type: "bytes or percent",
      parse([word]) {
        const percent = /^([0-9]+)%$/.exec(word!);
        if (percent !== null) {
          if (Number(percent[1]) > 100)
            throw new ValueError("percentage argument must be less or equal to 100");
          return -Number(percent[1]);
        }
        const bytes = parseMemorySize(word!);
        if (bytes === null) throw new ValueError("argument must be a memory or percent value");
        return Number(bytes);
      },
      format,
      lines: (value) => [value < 0 ? format(value) : shortMemorySize(value)],
    },
    traits,
  );
}

/** 67108864 ⇒ `64mb`; what was rounded stays in bytes, so that it stays in its range. */
function shortMemorySize(bytes: number): Bytes {
  return Number.isSafeInteger(bytes) ? formatMemorySize(bytes) : formatInteger(bytes);
}

/** File permissions, written in base 8. */
export function octal(initial: number, range: Range, traits: Traits<number>): Option<number> {
  return option(
    initial,
    {
      type: "octal",
      parse([word]) {
        if (!/^[0-7]+$/.test(word!)) throw new ValueError("argument couldn't be parsed as an octal number");
        return within(range, BigInt(`0o${word}`), 8);
      },
      format: (value) => value.toString(8),
    },
    traits,
  );
}

type Check = (value: string) => void;

/** Bytes as they come. */
export function string(initial: Bytes, traits: Traits<Bytes>, check?: Check): Option<Bytes> {
  return option(
    initial,
    {
      type: "string",
      parse([word]) {
        check?.(word!);
        return word!;
      },
      format: (value) => value,
      lines: (value) => [quoteArg(value)],
    },
    traits,
  );
}

/** A path as the file system wants it: text, not bytes. */
export function path(initial: string, traits: Traits<string>): Option<string> {
  return option(
    initial,
    {
      type: "path",
      parse: ([word]) => textOfBytes(word!),
      format: bytesOfText,
      lines: (value) => [quoteArg(bytesOfText(value))],
    },
    traits,
  );
}

/** A path that stays what it is when the process changes its folder. */
export function folder(initial: string, traits: Traits<string>): Option<string> {
  const relative = path(initial, traits);
  return {
    ...relative,
    initial: resolve(initial),
    parse: (given, previous) => resolve(relative.parse(given, previous)),
  };
}

/** Any number of words, each of which `check` accepts; a single empty one stands for none. */
export function words(
  initial: readonly Bytes[],
  traits: Traits<readonly Bytes[]>,
  check?: (words: readonly Bytes[]) => void,
): Option<readonly Bytes[]> {
  return option<readonly Bytes[]>(
    initial,
    {
      type: "words",
      takesWords: true,
      parse(given) {
        const all = given.length === 1 && given[0] === "" ? [] : given;
        check?.(all);
        return [...all];
      },
      format: (value) => value.join(" "),
      lines: (value) => [value.length === 0 ? '""' : value.map(quoteArg).join(" ")],
    },
    traits,
  );
}
