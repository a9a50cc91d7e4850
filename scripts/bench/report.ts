import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { barText, type Verdict } from "./bars.ts";
import type { Table } from "./findings.ts";
import { escapeXml, plotSvg } from "./plot.ts";
import { circumstancesText, type Results, type Run } from "./results.ts";

/** All results on one page that needs nothing else. */
export function writePage(results: Results, file: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, page(Object.values(results)));
}

/** Each plot as a file of its own. Their names. */
export function writePictures(results: Results, folder: string): readonly string[] {
  mkdirSync(folder, { recursive: true });
  return Object.values(results).flatMap((run) =>
    run.findings.plots.map((plot) => {
      const file = join(folder, `${plot.name}.svg`);
      writeFileSync(file, plotSvg(plot));
      return file;
    }),
  );
}

const STYLE = `
body { font: 15px/1.4 sans-serif; max-width: 70em; margin: 2em auto; padding: 0 1em; color: #222; background: #fff }
table { border-collapse: collapse; margin: 1em 0 } td, th { padding: .15em .7em; border-bottom: 1px solid #ddd; text-align: right }
td:first-child, th:first-child { text-align: left } .met { color: #107618 } .missed { color: #c11; font-weight: bold } .small { color: #666; font-size: 13px }`;

function page(runs: readonly Run[]): string {
  const verdicts = runs.flatMap((run) => run.findings.verdicts);
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>leveldis: benchmark</title><style>${STYLE}</style>
<h1>leveldis: benchmark</h1>
<p>${verdicts.filter((verdict) => verdict.isMet).length} of ${verdicts.length} bars are met.</p>
${runs.map(section).join("\n")}</html>
`;
}

function section({ part, circumstances, findings }: Run): string {
  return `<h2>${escapeXml(part)}</h2>
<p class="small">${escapeXml(circumstancesText(circumstances))}</p>
${findings.tables.map(tableHtml).join("\n")}
${findings.plots.map(plotSvg).join("\n")}
${verdictsHtml(findings.verdicts)}`;
}

function tableHtml({ title, columns, rows }: Table): string {
  const cells = (tag: string, texts: readonly string[]): string =>
    `<tr>${texts.map((text) => `<${tag}>${cellHtml(text)}</${tag}>`).join("")}</tr>`;
  return `<h3>${escapeXml(title)}</h3><table>${cells("th", columns)}${rows.map((row) => cells("td", row)).join("")}</table>`;
}

function cellHtml(text: string): string {
  if (text === "met") return '<span class="met">met</span>';
  if (text === "**missed**") return '<span class="missed">missed</span>';
  return escapeXml(text).replaceAll(/\*\*(.*?)\*\*/g, "<b>$1</b>");
}

function verdictsHtml(verdicts: readonly Verdict[]): string {
  if (verdicts.length === 0) return "";
  const rows = verdicts.map(({ what, value, unit, bar, isMet }) => {
    const rounded = value.toLocaleString("en-US", { maximumFractionDigits: 2 });
    const outcome = isMet ? "met" : "missed";
    return `<tr><td>${escapeXml(what)}</td><td>${rounded}${unit}</td><td>${escapeXml(barText(bar))}${unit}</td><td class="${outcome}">${outcome}</td></tr>`;
  });
  return `<details><summary>bars</summary><table>${rows.join("")}</table></details>`;
}
