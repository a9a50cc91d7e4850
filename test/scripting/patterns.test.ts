import fc from "fast-check";
import { expect, test } from "vitest";
import { Matcher, PatternError, worstSteps } from "../../src/scripting/patterns.ts";
import type { Reply } from "../../src/resp/reply.ts";
import { Scripts } from "./host.ts";

const scripts = new Scripts();
const noTick = (): void => undefined;

/** What `string.find` answers from Lua's own matcher: positions and captures, or its error. */
function inLua(subject: string, pattern: string): Reply {
  return scripts.run(
    `local r = {pcall(string.find, ARGV[1], ARGV[2])}
     if not r[1] then return {(r[2]:gsub('^.-:%d+: ', ''))} end
     if r[2] == nil then return {} end
     table.remove(r, 1) return r`,
    {},
    [],
    [subject, pattern],
  );
}

function ours(subject: string, pattern: string): Reply {
  const matcher = new Matcher(subject, pattern, true, noTick);
  try {
    const found = matcher.search(0);
    if (found === null) return [];
    const { start, end } = found;
    return [start + 1, end, ...matcher.captures(start, end, false)];
  } catch (thrown) {
    if (thrown instanceof PatternError) return [thrown.message];
    throw thrown;
  }
}

const item = fc.constantFrom(
  "a",
  "b",
  ".",
  "%a",
  "%d",
  "%s",
  "%w",
  "%x",
  "%p",
  "%A",
  "%z",
  "%.",
  "[ab]",
  "[^a]",
  "[a-c]",
  "[%d_]",
  "[]a]",
  "[^]]",
  "[a-]",
  "%b()",
  "%f[%a]",
  "%1",
  "%2",
  "(",
  ")",
  "()",
  "$",
  "^",
  "%",
  "[",
  "-",
  "é",
);
const patterns = fc
  .array(fc.tuple(item, fc.constantFrom("", "", "", "*", "+", "-", "?")), { maxLength: 6 })
  .map((items) => items.map(([part, repeat]) => part + repeat).join(""));
const subjects = fc.string({
  unit: fc.constantFrom("a", "b", "c", "1", "_", " ", "(", ")", ".", "\0", "\xe9", "]", "^", "-"),
  maxLength: 12,
});

test("patterns match as in Lua's own matcher", () => {
  fc.assert(
    fc.property(subjects, patterns, (subject, pattern) => {
      // Without anything special it looks for bytes, which is not the matcher's work.
      fc.pre(/[\^$*+?.([%-]/.test(pattern.split("\0")[0]!));
      // Lua takes a pattern that begins its search past the subject's end for no match.
      expect(ours(subject, pattern)).toEqual(inLua(subject, pattern));
    }),
    { numRuns: 3000 },
  );
});

/** Long enough that Lua's own matcher is not used. */
const LONG = "local s = string.rep('ab ', 20000) ";

test.each([
  ["return {s:find('(b) (a)', 5)}", [5, 7, "b", "a"]],
  ["return {s:find('.-.-z', 59900)}", null],
  ["return {s:match('^(%w+) (%w+).-$')}", ["ab", "ab"]],
  ["return {s:match('()b.-.-()$')}", [2, 60001]],
  ["return #s:gsub('(%w+)%s*(%w+)%s*', '%2%1')", 40000],
  ["return select(2, s:gsub('%w+%s*', 'x'))", 20000],
  ["return s:gsub('%w+%s*', 'x', 2):sub(1, 5)", "xxab "],
  ["return s:gsub('^%w+%s*', 'x'):sub(1, 4)", "xab "],
  ["return s:gsub('%w+%s*', function(w) if #w == 3 then return 'y' end end):sub(1, 3)", "yyy"],
  ["return s:gsub('(a)%w*%s*', {a = 'z'}):sub(1, 3)", "zzz"],
  ["return s:gsub('%w+%s*', setmetatable({}, {__index = function(t, k) return 'q' end})):sub(1, 3)", "qqq"],
  ["return s:gsub('%w*', '-'):sub(1, 5)", "-- --"],
  ["local n = 0 for a, b in s:gmatch('(%w+)%s*(%w+)%s*') do n = n + 1 end return n", 10000],
  ["local n = 0 for p in s:gmatch('()%s*') do n = n + 1 end return n", 60001],
  [
    "return select(2, pcall(string.gsub, s, '%w+%s*', function() return {} end))",
    "invalid replacement value (a table)",
  ],
  [
    "return select(2, pcall(string.gsub, s, '%w+%s*'))",
    "bad argument #3 to '?' (string/function/table expected)",
  ],
  ["return select(2, pcall(string.gsub, s, '%w+%s*', '%2'))", "invalid capture index"],
  ["return select(2, pcall(string.find, s, '(%w+%s*'))", "unfinished capture"],
  ["return select(2, pcall(string.match, s, '%w+%s*['))", "malformed pattern (missing ']')"],
])("what is too long for it: %s", (script, expected) => {
  expect(scripts.run(LONG + script)).toEqual(expected === null ? [] : expected);
});

test("a pattern's steps are foreseen", () => {
  expect(worstSteps(100, "abc")).toBeLessThan(1000);
  expect(worstSteps(100, "^%s*(.-)%s*$")).toBeLessThan(1e8);
  expect(worstSteps(1_000_000, ".-b")).toBeGreaterThan(1e8);
  expect(worstSteps(1000, "%b()%b()")).toBeGreaterThan(1e8);
});
