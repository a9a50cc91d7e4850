import type { Random } from "../support/random.ts";

/** Heights of an eighth of a character each: U+2581 to U+2588. */
const BLOCKS = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"] as const;
const EIGHTHS = 8;

/** One star for so many characters of sky. */
const SKY_PER_STAR = 40;

/** Towers before a sky with stars, as lines of text: a picture of `columns` by `rows` characters. */
export function skyline(columns: number, rows: number, random: Random): string[] {
  const heights: number[] = [];
  while (heights.length < columns) {
    const height = 1 + random.below(Math.max(1, Math.floor((rows * EIGHTHS * 3) / 4)));
    const width = 2 + random.below(5);
    for (let i = 0; i < width; i++) heights.push(height);
  }
  return Array.from({ length: rows }, (_, row) => {
    const floor = (rows - 1 - row) * EIGHTHS;
    return heights
      .slice(0, columns)
      .map((height) => block(height - floor, random))
      .join("");
  });
}

function block(eighths: number, random: Random): string {
  if (eighths > 0) return BLOCKS[Math.min(eighths, EIGHTHS)]!;
  return random.below(SKY_PER_STAR) === 0 ? "·" : " ";
}
