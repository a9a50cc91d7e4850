import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lcsLength, lcsTableBytes, longestCommonSubsequence } from "../../src/support/lcs.ts";

const text = fc.oneof(
  fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 70, size: "max" }),
  fc.string({ unit: fc.constantFrom("A", "C", "G", "T"), maxLength: 100, size: "max" }),
  fc.string({ unit: fc.constantFrom("a", "\0", "\xff"), maxLength: 10 }),
);

describe("longest common subsequence", () => {
  // Answers of 7.0.15: LCS IDX WITHMATCHLEN.
  it("finds Redis' string and ranges", () => {
    expect(longestCommonSubsequence("ohmytext", "mynewtext")).toEqual({
      text: "mytext",
      matches: [
        { aStart: 4, aEnd: 7, bStart: 5, bEnd: 8, length: 4 },
        { aStart: 2, aEnd: 3, bStart: 0, bEnd: 1, length: 2 },
      ],
    });
    expect(longestCommonSubsequence("abcbdab", "bdcaba")).toEqual({
      text: "bdab",
      matches: [
        { aStart: 5, aEnd: 6, bStart: 3, bEnd: 4, length: 2 },
        { aStart: 3, aEnd: 4, bStart: 0, bEnd: 1, length: 2 },
      ],
    });
  });

  it("has nothing of nothing", () => {
    for (const [a, b] of [
      ["", ""],
      ["", "a"],
      ["a", ""],
      ["a", "b"],
    ] as const) {
      expect(longestCommonSubsequence(a, b)).toEqual({ text: "", matches: [] });
      expect(lcsLength(a, b)).toBe(0);
    }
  });

  it("equals the walk over the whole table", () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        const expected = walkWholeTable(a, b);
        const found = longestCommonSubsequence(a, b);
        expect(found.text).toBe(expected);
        expect(lcsLength(a, b)).toBe(expected.length);
        const spelled = [...found.matches].reverse();
        expect(spelled.map((m) => a.slice(m.aStart, m.aEnd + 1)).join("")).toBe(expected);
        expect(spelled.map((m) => b.slice(m.bStart, m.bEnd + 1)).join("")).toBe(expected);
        for (const m of spelled) expect(m.aEnd - m.aStart + 1).toBe(m.length);
        // Runs are whole: none goes on where the next one begins.
        spelled.forEach((m, i) => {
          const next = spelled[i + 1];
          if (next) expect(m.aEnd + 1 === next.aStart && m.bEnd + 1 === next.bStart).toBe(false);
        });
      }),
    );
  });

  it("tells the size of Redis' table", () => {
    expect(lcsTableBytes(0, 0)).toBe(4);
    expect(lcsTableBytes(11585, 11585) > 512 * 1024 ** 2).toBe(true);
    expect(lcsTableBytes(11584, 11584) > 512 * 1024 ** 2).toBe(false);
  });
});

function walkWholeTable(a: string, b: string): string {
  const table = Array.from({ length: a.length + 1 }, () => Array.from({ length: b.length + 1 }, () => 0));
  const at = (i: number, j: number): number => table[i]![j]!;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      table[i]![j] = a[i - 1] === b[j - 1] ? at(i - 1, j - 1) + 1 : Math.max(at(i - 1, j), at(i, j - 1));
    }
  }
  let found = "";
  let i = a.length;
  let j = b.length;
  while (i > 0 && j > 0) {
    if (a[i - 1] === b[j - 1]) {
      found = a[i - 1]! + found;
      i--;
      j--;
    } else if (at(i - 1, j) > at(i, j - 1)) i--;
    else j--;
  }
  return found;
}
