import type { Bytes } from "./bytes.ts";

/**
 * printf's `%.<precision>g` for finite numbers and up to 14 digits: 0.1 ⇒ `0.1`, 1e15 ⇒ `1e+15`, -0 ⇒ `-0`.
 * Exact halves go to the even digit, as in C; JavaScript takes the greater one.
 */
export function formatGeneral(value: number, precision: number): Bytes {
  if (value === 0) return 1 / value < 0 ? "-0" : "0";
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 10 ** precision) return String(value);
  const shortest = String(value);
  // The shortest spelling of few digits is what rounding gives: a double tells 15 digits apart.
  if (shortest.length <= precision + 1 && size >= 1e-4 && size < 1) return shortest;
  if (shortest.length <= precision + 1 && size >= 1 && size < 10 ** precision) return shortest;
  return layOut(value < 0, ...roundToEven(size, precision));
}

/** Significant digits and the power of ten of the first. */
function roundToEven(size: number, precision: number): [digits: string, exponent: number] {
  const [longer, power] = split(size.toExponential(precision));
  const isEven = (longer.charCodeAt(precision - 1) & 1) === 0;
  if (isEven && longer.endsWith("5") && isExact(size, longer, precision - power)) {
    return [longer.slice(0, precision), power];
  }
  return split(size.toExponential(precision - 1));
}

/** Whether `size` is `digits` with the point before the last `places` of them, to the last bit. */
function isExact(size: number, digits: string, places: number): boolean {
  if (places <= 0) return Number.isInteger(size) && BigInt(size) === BigInt(digits) * 10n ** BigInt(-places);
  // 5^22 has more digits.
  if (places >= 22) return false;
  const scaled = size * 2 ** places;
  return Number.isInteger(scaled) && BigInt(scaled) * 5n ** BigInt(places) === BigInt(digits);
}

function split(text: string): [digits: string, exponent: number] {
  const [mantissa, exponent] = text.split("e") as [string, string];
  return [mantissa.replace(".", ""), Number(exponent)];
}

function layOut(negative: boolean, padded: string, exponent: number): Bytes {
  const sign = negative ? "-" : "";
  const digits = padded.replace(/0+$/, "");
  if (exponent < -4 || exponent >= padded.length) {
    const power = Math.abs(exponent);
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : "";
    return `${sign}${digits[0]}${fraction}e${exponent < 0 ? "-" : "+"}${power < 10 ? "0" : ""}${power}`;
  }
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  return digits.length > exponent + 1 ? `${sign}${whole}.${digits.slice(exponent + 1)}` : sign + whole;
}
