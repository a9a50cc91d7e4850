import type { Bytes } from "../support/bytes.ts";

/**
 * `string.format` with integers of 64 bits: `long` has 32 in WebAssembly, where Lua's own would cut them.
 * Formats as C's printf does: https://pubs.opengroup.org/onlinepubs/9699919799/functions/printf.html
 */

/** One integer conversion: which argument it takes (the format is number 1), and how it is printed. */
export interface IntegerConversion {
  readonly argument: number;
  readonly flags: Bytes;
  readonly width: number;
  /** -1 if there is none. */
  readonly precision: number;
  readonly kind: Bytes;
}

/** A format in which each integer conversion is a `%s`. */
export interface SplitFormat {
  readonly plain: Bytes;
  readonly integers: readonly IntegerConversion[];
}

/** A script formats with the same few formats again and again. */
const KNOWN_FORMATS = 256;
const known = new Map<Bytes, SplitFormat>();

/** What Lua refuses is left as it is, for Lua to refuse. */
export function splitFormat(format: Bytes): SplitFormat {
  let split = known.get(format);
  if (split === undefined) {
    split = parseFormat(format);
    if (known.size >= KNOWN_FORMATS) known.clear();
    if (format.length < KNOWN_FORMATS) known.set(format, split);
  }
  return split;
}

function parseFormat(format: Bytes): SplitFormat {
  let argument = 1;
  const integers: IntegerConversion[] = [];
  const plain = format.replace(
    /%(?:%|([-+ #0]*)(\d*)(?:\.(\d*))?([^]?))/g,
    (all: Bytes, flags: Bytes | undefined, width: Bytes, digits: Bytes | undefined, kind: Bytes) => {
      if (flags === undefined) return all;
      argument++;
      const refused = flags.length > 5 || width.length > 2 || (digits?.length ?? 0) > 2;
      if (refused || kind === "" || !"diouxX".includes(kind)) return all;
      const precision = digits === undefined ? -1 : Number(digits);
      integers.push({ argument, flags, width: Number(width), precision, kind });
      return "%s";
    },
  );
  return { plain, integers };
}

export function formatInteger(value: number, { flags, width, precision, kind }: IntegerConversion): Bytes {
  const whole = Math.trunc(value);
  if (width === 0 && precision < 0 && flags === "" && kind === "d" && Number.isSafeInteger(whole)) {
    return String(whole);
  }
  const isSigned = kind === "d" || kind === "i";
  const number = isSigned ? toInt64(value) : toUint64(value);
  let digits = (number < 0n ? -number : number).toString(
    kind === "o" ? 8 : isSigned || kind === "u" ? 10 : 16,
  );
  if (precision === 0 && number === 0n) digits = "";
  digits = digits.padStart(precision, "0");
  let prefix = "";
  if (isSigned) prefix = number < 0n ? "-" : flags.includes("+") ? "+" : flags.includes(" ") ? " " : "";
  else if (flags.includes("#")) {
    if (kind === "o" && !digits.startsWith("0")) digits = `0${digits}`;
    if ((kind === "x" || kind === "X") && number !== 0n) prefix = "0x";
  }
  if (flags.includes("-")) digits = (prefix + digits).padEnd(width, " ");
  else if (flags.includes("0") && precision < 0)
    digits = prefix + digits.padStart(width - prefix.length, "0");
  else digits = (prefix + digits).padStart(width, " ");
  return kind === "X" ? digits.toUpperCase() : digits;
}

const INT64_MIN = -(2n ** 63n);

/** As the processor that Redis runs on converts doubles: what does not fit is the least integer. */
function toInt64(value: number): bigint {
  if (!(value >= -(2 ** 63) && value < 2 ** 63)) return INT64_MIN;
  return BigInt(Math.trunc(value));
}

function toUint64(value: number): bigint {
  const bits = value >= 2 ** 63 ? toInt64(value - 2 ** 63) ^ INT64_MIN : toInt64(value);
  return BigInt.asUintN(64, bits);
}
