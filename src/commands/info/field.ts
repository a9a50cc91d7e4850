import type { Context } from "../command.ts";

/** One line of INFO: `name:value`. */
export type Field = readonly [name: string, value: string | number];

/** The lines of one section, as of now. */
export type Section = (context: Context) => Iterable<Field>;

const UNITS = ["B", "K", "M", "G", "T", "P"] as const;

/** 943.26K: as Redis writes sizes for people. */
export function human(bytes: number): string {
  if (bytes < 1024) return `${bytes}B`;
  let unit = 0;
  let value = bytes;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return value.toFixed(2) + UNITS[unit]!;
}

/** Seconds with microseconds, as getrusage gives them: 4336 ⇒ `0.004336`. */
export function seconds(microseconds: number): string {
  return (microseconds / 1e6).toFixed(6);
}

/** Names from outside must not break the lines. */
export function safe(name: string): string {
  return name.replace(/[#:\n\r]/g, "_");
}
