import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Bytes } from "../../src/support/bytes.ts";
import { EXPRESSIONS } from "./expressions.ts";
import { Scripts } from "./host.ts";

/** All results of an expression, or its error, as text that both Luas write the same way. */
const SHOW = `
local function show(v, depth)
  if type(v) == 'string' then return string.format('%q', v) end
  if type(v) == 'table' and (depth or 0) < 4 then
    local parts = {}
    for k, x in pairs(v) do parts[#parts + 1] = '[' .. show(k, 9) .. ']=' .. show(x, (depth or 0) + 1) end
    table.sort(parts)
    return '{' .. table.concat(parts, ',') .. '}'
  end
  if type(v) == 'number' or v == nil or type(v) == 'boolean' then return tostring(v) end
  return type(v)
end
local function results(...)
  local parts = {}
  for i = 1, select('#', ...) do parts[i] = show((select(i, ...))) end
  return table.concat(parts, ' ')
end
local function evaluate(expression)
  local run, message = loadstring('return ' .. expression, '=case')
  if not run then return 'does not compile: ' .. message end
  return results(pcall(run))
end
`;

/** Named for what they show: the same in Lua 5.1, but not in a script of Redis. */
const OTHERWISE = new Set([
  // A global that does not exist is an error in a script.
  "pcall(function() return undefined_global_function() end)",
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
    const ours = scripts.run(`${SHOW} return evaluate(ARGV[1])`, {}, [], [expression]);
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
      `${SHOW}\nfor _, case in ipairs({\n${list}}) do io.write(evaluate(case), '\\1') end`,
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
