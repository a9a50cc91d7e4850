import type { Bytes } from "../support/bytes.ts";

/**
 * `string.format` with integers of 64 bits: `long` has 32 in WebAssembly, where Lua's own would cut them.
 * Formats as C's printf does: https://pubs.opengroup.org/onlinepubs/9699919799/functions/printf.html
 */

/** Whether a format may hold an integer conversion; else Lua's own does. */
export function hasIntegers(format: Bytes): boolean {
  return /%[-+ #0-9.]*[diouxX]/.test(format);
}

/**
 * A format in which each integer conversion is a `%s`, for arguments that `take` has replaced: it gets the argument's number (the format
 * is number 1) and what prints its value, and answers false if there is no such argument. What Lua refuses is left as it is, for Lua to refuse.
 */
export function withoutIntegers(
  format: Bytes,
  replace: (argument: number, print: (value: number) => Bytes) => boolean,
): Bytes {
  let argument = 1;
  return format.replace(
    /%(?:%|([-+ #0]*)(\d*)(?:\.(\d*))?([^]?))/g,
    (all: Bytes, flags: Bytes | undefined, width: Bytes, precision: Bytes | undefined, kind: Bytes) => {
      if (flags === undefined) return all;
      argument++;
      const refused = flags.length > 5 || width.length > 2 || (precision?.length ?? 0) > 2;
      if (refused || kind === "" || !"diouxX".includes(kind)) return all;
      const has = replace(argument, (value) =>
        formatInteger(value, flags, Number(width), precision === undefined ? -1 : Number(precision), kind),
      );
      return has ? "%s" : all;
    },
  );
}

function formatInteger(value: number, flags: Bytes, width: number, precision: number, kind: Bytes): Bytes {
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
