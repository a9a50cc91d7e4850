import type { Line, Plot } from "./findings.ts";

/** A picture of a plot as SVG, readable on white and on dark pages alike. */

const WIDTH = 760;
const HEIGHT = 400;
const MARGIN = { left: 80, right: 170, top: 40, bottom: 60 };
/** Under the axis names take more room than numbers. */
const NAMES_HEIGHT = 60;
const COLOURS = [
  ...["#3366cc", "#dc3912", "#109618", "#ff9900", "#990099", "#0099c6"],
  ...["#dd4477", "#66aa00", "#b82e2e", "#316395", "#994499", "#22aa99"],
];
const TICKS = 5;
/** Of the room that a name has. */
const BARS_SHARE = 0.75;

interface Axis {
  readonly place: (value: number) => number;
  readonly ticks: readonly number[];
}

export function plotSvg(plot: Plot): string {
  const bottom = MARGIN.bottom + (plot.xTicks === undefined ? 0 : NAMES_HEIGHT);
  const points = plot.lines.flatMap((line) => line.points);
  const xs = points.map(([x]) => x);
  const ends: Range = [MARGIN.left, WIDTH - MARGIN.right];
  const most = plot.xTicks?.length ?? Math.max(...xs);
  const x = plot.isXLogarithmic ? logarithmicAxis(xs, ends) : linearAxis(most, ends);
  const y = linearAxis(Math.max(...points.map(([, y]) => y)), [HEIGHT - bottom, MARGIN.top]);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>`,
    text(MARGIN.left, 22, plot.title, 'font-size="15" font-weight="bold"'),
    ...y.ticks.flatMap((tick) => [
      `<path d="M${MARGIN.left} ${at(y.place(tick))}H${WIDTH - MARGIN.right}" stroke="#ddd"/>`,
      text(MARGIN.left - 8, y.place(tick) + 4, numberText(tick), 'text-anchor="end"'),
    ]),
    ...xTickTexts(plot, x, HEIGHT - bottom),
    text((MARGIN.left + WIDTH - MARGIN.right) / 2, HEIGHT - 12, plot.xLabel, 'text-anchor="middle"'),
    text(16, 200, plot.yLabel, 'text-anchor="middle" transform="rotate(-90 16 200)"'),
    ...plot.lines.flatMap((line, index) => [
      ...(plot.xTicks === undefined ? lineParts(line, index, x, y) : barParts(plot, index, x, y)),
      ...legend(line, index),
    ]),
    "</svg>\n",
  ].join("\n");
}

type Range = readonly [from: number, to: number];

function lineParts({ points }: Line, index: number, x: Axis, y: Axis): string[] {
  const colour = colourOf(index);
  const path = points.map(([px, py]) => `${at(x.place(px))} ${at(y.place(py))}`);
  return [
    `<path d="M${path.join("L")}" fill="none" stroke="${colour}" stroke-width="2"/>`,
    ...points.map(
      ([px, py]) => `<circle cx="${at(x.place(px))}" cy="${at(y.place(py))}" r="3" fill="${colour}"/>`,
    ),
  ];
}

/** Those of all lines stand side by side above each name. */
function barParts({ lines }: Plot, index: number, x: Axis, y: Axis): string[] {
  const width = BARS_SHARE / lines.length;
  return lines[index]!.points.map(([px, py]) => {
    const left = x.place(px + (1 - BARS_SHARE) / 2 + index * width);
    const right = x.place(px + (1 - BARS_SHARE) / 2 + (index + 1) * width);
    const height = y.place(0) - y.place(py);
    return `<rect x="${at(left)}" y="${at(y.place(py))}" width="${at(right - left)}" height="${at(height)}" fill="${colourOf(index)}"/>`;
  });
}

function legend({ label }: Line, index: number): string[] {
  const y = MARGIN.top + 10 + index * 18;
  return [
    `<path d="M${WIDTH - MARGIN.right + 12} ${y - 4}h18" stroke="${colourOf(index)}" stroke-width="3"/>`,
    text(WIDTH - MARGIN.right + 36, y, label),
  ];
}

function colourOf(index: number): string {
  return COLOURS[index % COLOURS.length]!;
}

function xTickTexts(plot: Plot, x: Axis, bottom: number): string[] {
  if (plot.xTicks === undefined) {
    return x.ticks.map((tick) => text(x.place(tick), bottom + 18, numberText(tick), 'text-anchor="middle"'));
  }
  return plot.xTicks.map((name, index) => {
    const [px, py] = [at(x.place(index + 0.5)), bottom + 14];
    return text(Number(px), py, name, `text-anchor="end" transform="rotate(-50 ${px} ${py})"`);
  });
}

/** From 0. */
function linearAxis(most: number, [from, to]: Range): Axis {
  const end = most > 0 ? most : 1;
  const rough = end / TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough)!;
  const ticks = Array.from({ length: Math.floor(end / step) + 1 }, (_, i) => i * step);
  return { place: (value) => from + (value / end) * (to - from), ticks };
}

/** From the smallest to the largest, a tick at each value. */
function logarithmicAxis(values: readonly number[], [from, to]: Range): Axis {
  const ticks = [...new Set(values)].toSorted((a, b) => a - b);
  const [least, most] = [Math.log(ticks[0] ?? 1), Math.log(ticks.at(-1) ?? 1)];
  const span = most - least || 1;
  return { place: (value) => from + ((Math.log(value) - least) / span) * (to - from), ticks };
}

function numberText(value: number): string {
  if (value >= 1_000_000) return `${Number((value / 1_000_000).toPrecision(3))}m`;
  if (value >= 1000) return `${Number((value / 1000).toPrecision(3))}k`;
  return String(Number(value.toPrecision(3)));
}

function at(coordinate: number): string {
  return coordinate.toFixed(1);
}

function text(x: number, y: number, content: string, attributes = ""): string {
  return `<text x="${at(x)}" y="${at(y)}" fill="#222" ${attributes}>${escapeXml(content)}</text>`;
}

export function escapeXml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
