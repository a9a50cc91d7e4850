import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Bytes } from "../../src/support/bytes.ts";
import { EVALUATE } from "./evaluate.ts";
import { EXPRESSIONS } from "./expressions.ts";
import { Scripts } from "./host.ts";

/** Named for what they show: the same in Lua 5.1, but not in a script of Redis. */
const OTHERWISE = new Set([
  // A global that does not exist is an error in a script.
  "pcall(function() return undefined_global_function() end)",
  // Redis returns the table's field `err` behind it.
  "pcall(error, {1})",
  // The C library beneath takes it for 0.
  "tonumber('0x')",
  "select(2, loadstring('return 0x'))",
  "(function(...) return arg == nil end)(1)",
  "xpcall(function() return 1, 2 end, print)",
]);

test("expressions mean what they mean to Debian's lua5.1", () => {
  const cases = EXPRESSIONS.filter((expression) => !OTHERWISE.has(expression));
  expect(cases.length).toBeGreaterThan(600);
  const theirs = inLua(cases);
  const scripts = new Scripts();
  const wrong = cases.flatMap((expression, i) => {
    const ours = scripts.run(`${EVALUATE} return evaluate(ARGV[1])`, {}, [], [expression]);
    return ours === theirs[i] ? [] : [`${expression}: ${ours as string} and not ${theirs[i]}`];
  });
  expect(wrong).toEqual([]);
});

function inLua(cases: readonly string[]): Bytes[] {
  const folder = mkdtempSync(join(tmpdir(), "leveldis-test-"));
  try {
    const file = join(folder, "cases.lua");
    const list = cases.map((expression) => `  ${quoted(expression)},\n`).join("");
    writeFileSync(
      file,
      `${EVALUATE}\nfor _, case in ipairs({\n${list}}) do io.write(evaluate(case), '\\1') end`,
      "latin1",
    );
    const output = execFileSync("lua5.1", [file], { encoding: "latin1" });
    return output.split("\x01").slice(0, -1);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A Lua string of bytes. */
function quoted(text: string): string {
  const bytes = Buffer.from(text, "latin1");
  return `"${Array.from(bytes, (byte) => `\\${String(byte).padStart(3, "0")}`).join("")}"`;
}
