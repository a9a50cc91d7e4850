import { barText, type Verdict } from "./bars.ts";

/** What one part of the benchmark found: everything that is printed, kept in the file of results and drawn. */
export interface Findings {
  readonly tables: readonly Table[];
  readonly plots: readonly Plot[];
  readonly verdicts: readonly Verdict[];
}

export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface Plot {
  /** The name of the picture's file. */
  readonly name: string;
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** Names instead of numbers, for 0, 1, 2, …: bars instead of lines. */
  readonly xTicks?: readonly string[];
  /** Sizes that grow by factors. */
  readonly isXLogarithmic: boolean;
  readonly lines: readonly Line[];
}

export interface Line {
  readonly label: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export function tableText({ title, columns, rows }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |\n`;
  return `${title}\n\n${line(columns)}${line(columns.map(() => "---"))}${rows.map(line).join("")}`;
}

export function verdictText({ what, value, unit, bar, isMet }: Verdict): string {
  const rounded = value.toLocaleString("en-US", { maximumFractionDigits: 2 });
  return `${isMet ? "met" : "missed"}: ${what}: ${rounded}${unit} (bar ${barText(bar)}${unit})\n`;
}

/** For a table's last column. */
export function barCells(verdict: Verdict | undefined): readonly [bar: string, outcome: string] {
  if (verdict === undefined) return ["–", ""];
  return [barText(verdict.bar), verdict.isMet ? "met" : "**missed**"];
}
