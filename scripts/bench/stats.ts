export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** `0.99` of `[1, 2, …, 100]` ⇒ `99`. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** `"10m"` ⇒ `10000000`; `k` and `m` are decimal. */
export function parseCount(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([km]?)$/i.exec(text.trim());
  if (match === null) throw new Error(`not a number: ${text} (100000, 100k, 10m)`);
  const unit = { "": 1, k: 1000, m: 1_000_000 }[match[2]!.toLowerCase()]!;
  return Number(match[1]) * unit;
}

/** `10000000` ⇒ `"10m"`. */
export function shortCount(count: number): string {
  if (count >= 1_000_000) return `${count / 1_000_000}m`;
  return count >= 1000 ? `${count / 1000}k` : String(count);
}

/** `123456.7` ⇒ `"123,457"`. */
export function thousands(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

export function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(bytes < 10e6 ? 1 : 0);
}
