import { digits, encode, load, scattered, value } from "./loader.ts";

/** Strings under the names that redis-benchmark asks for: `key:000000000042`. */

export interface KeyRange {
  readonly from?: number;
  readonly to: number;
  readonly valueBytes?: number;
}

/** Sets the keys of a range, in no order. Seconds. */
export function loadKeys(port: number, { from = 0, to, valueBytes = 100 }: KeyRange): Promise<number> {
  const size = to - from;
  return load(port, size, (i) =>
    encode("SET", `key:${digits(from + scattered(i, size))}`, value(from + i, valueBytes)),
  );
}
