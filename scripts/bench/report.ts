import type { Measurement } from "./redis-benchmark.ts";

export interface Ratio {
  readonly test: string;
  readonly pipeline: number;
  readonly ratio: number;
}

/** The table of a run: medians of all rounds, and the ratio of their rates. */
export function benchTable(
  measurements: readonly Measurement[],
  tests: readonly string[],
  pipelines: readonly number[],
): { readonly text: string; readonly ratios: readonly Ratio[] } {
  const ratios: Ratio[] = [];
  const lines = [
    "| test | P | leveldis /s | Redis /s | ratio | leveldis p50, p99 ms | Redis p50, p99 ms |",
    "|---|---|---|---|---|---|---|",
  ];
  for (const pipeline of pipelines) {
    for (const test of tests) {
      const [ours, theirs] = (["leveldis", "redis"] as const).map((server) => {
        const runs = measurements.filter(
          (m) => m.server === server && m.test === test && m.pipeline === pipeline,
        );
        return {
          perSecond: median(runs.map((m) => m.perSecond)),
          latency: `${median(runs.map((m) => m.p50Ms)).toFixed(2)}, ${median(runs.map((m) => m.p99Ms)).toFixed(2)}`,
        };
      });
      const ratio = ours!.perSecond / theirs!.perSecond;
      ratios.push({ test, pipeline, ratio });
      lines.push(
        `| ${test} | ${pipeline} | ${thousands(ours!.perSecond)} | ${thousands(theirs!.perSecond)} | ` +
          `**${ratio.toFixed(2)}** | ${ours!.latency} | ${theirs!.latency} |`,
      );
    }
  }
  return { text: `${lines.join("\n")}\n`, ratios };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function thousands(perSecond: number): string {
  return Math.round(perSecond).toLocaleString("en-US");
}
