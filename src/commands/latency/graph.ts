import type { LatencySample, LatencySeries } from "../../metrics/latency-monitor.ts";

const COLUMNS = 80;
const ROWS = 4;
/** Heights within a row, from low to high; what is below the top of a column is filled. */
const HEIGHTS = "_o#";
const FILLED = "|";

/** The samples as columns of characters, their age below them from top to bottom. */
export function latencyGraph({ event, samples, worstMs }: LatencySeries, nowMs: number): string {
  const values = samples.map(({ ms }) => ms);
  const high = Math.max(...values);
  const low = Math.min(...values);
  let graph = `${event} - high ${high} ms, low ${low} ms (all time high ${worstMs} ms)\n`;
  graph += `${"-".repeat(COLUMNS)}\n`;
  for (let from = 0; from < samples.length; from += COLUMNS) {
    if (from > 0) graph += "\n";
    graph += block(samples.slice(from, from + COLUMNS), low, high, Math.floor(nowMs / 1000));
  }
  return graph;
}

function block(samples: readonly LatencySample[], low: number, high: number, nowS: number): string {
  const steps = HEIGHTS.length * ROWS;
  const tops = samples.map(({ ms }) => {
    return Math.min(Math.floor(((ms - low) * steps) / (high - low || 1)), steps - 1);
  });
  const ages = samples.map(({ timeS }) => ageOf(nowS - timeS));
  const lines: string[] = [];
  for (let row = ROWS - 1; row >= 0; row--) {
    lines.push(tops.map((top) => characterAt(top - row * HEIGHTS.length)).join(""));
  }
  lines.push(" ".repeat(samples.length));
  const longest = Math.max(...ages.map((age) => age.length));
  for (let at = 0; at < longest; at++) lines.push(ages.map((age) => age[at] ?? " ").join(""));
  return lines.map((line) => `${line}\n`).join("");
}

function characterAt(height: number): string {
  if (height >= HEIGHTS.length) return FILLED;
  return HEIGHTS[height] ?? " ";
}

/** In the largest unit of which there is one. */
function ageOf(seconds: number): string {
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 24 * 3600) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / (24 * 3600))}d`;
}
