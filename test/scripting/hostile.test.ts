import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { CommandError } from "../../src/errors.ts";
import { ErrorReply } from "../../src/resp/reply.ts";
import { Stop } from "../../src/scripting/engine.ts";
import { type HostParts, MEMORY_LIMIT, Scripts } from "./host.ts";

/** Scripts that want to harm: nothing of them may be left but an error. */

const scripts = new Scripts();
const PATIENCE_MS = 100;

function patient(): HostParts {
  const startedMs = performance.now();
  return {
    interrupt: () =>
      performance.now() - startedMs > PATIENCE_MS ? new Stop("ERR out of patience") : "continue",
  };
}

/** What every script finds: the globals with their types, and working libraries. */
const PROBE = `
  local names = {}
  for name, value in pairs(_G) do
    names[#names + 1] = name .. type(value)
    if type(value) == 'table' and value ~= _G and value ~= KEYS and value ~= ARGV then
      for field, inner in pairs(value) do names[#names + 1] = name .. '.' .. field .. type(inner) end
    end
  end
  table.sort(names)
  return {redis.call('echo', 'fine'), cjson.encode({1}), ('%d'):format(7), #KEYS, table.concat(names, ' ')}`;
const healthy = scripts.run(PROBE);

afterEach(() => {
  expect(scripts.run(PROBE)).toEqual(healthy);
});

/** Runs it to whatever end; only errors of ours may come out. */
function endure(script: string): string {
  try {
    const reply = scripts.run(script, patient(), ["key"], ["argument"]);
    return reply instanceof ErrorReply ? reply.message : "";
  } catch (thrown) {
    if (thrown instanceof CommandError) return thrown.message;
    throw thrown;
  }
}

const SPENT = "out of patience|not enough memory";
const DEEP = "stack overflow|pattern too complex|too many";

test.each([
  // Memory.
  ["return ('x'):rep(1e9)", SPENT],
  ["return ('x'):rep(2^40)", ""],
  ["local s = 'x' while true do s = s .. s end", SPENT],
  ["local t = {} while true do t[#t + 1] = {} end", SPENT],
  ["local t = {} for i = 1, 1e8 do t[i] = i end", SPENT],
  ["local t = {} while true do t = {t} end", SPENT],
  ["local t = {} while true do t[#t + 1] = coroutine.create(function() end) end", SPENT],
  ["local t = {} while true do t[#t + 1] = loadstring('return ' .. #t) end", SPENT],
  ["collectgarbage('stop') while true do local t = {} end", SPENT],
  ["collectgarbage('setpause', 1e9) while true do local t = {} end", SPENT],
  ["local t = {} for i = 1, 60 do t = {t, t} end return t", SPENT],
  ["local t = {} for i = 1, 60 do t = {map = {t, t}} end return t", SPENT],
  ["return ('x'):rep(1e6):gsub('.', ('y'):rep(1e6))", SPENT],
  ["return ('x'):rep(1e5):gsub('.-', ('y'):rep(1e6))", SPENT],
  ["return load(function() return 'x' end)", `${SPENT}|`],
  ["return cjson.encode(('\\1'):rep(3e7))", SPENT],
  ["local t = {} for i = 1, 40 do t = {t, t} end return cjson.encode(t)", SPENT],
  ["local t = {} for i = 1, 15 do t = {t, t, t, t} end return cmsgpack.pack(t)", `${SPENT}|`],
  // Time.
  ["while true do end", SPENT],
  ["while true do pcall(function() while true do end end) end", SPENT],
  ["repeat coroutine.wrap(function() while true do end end)() until false", SPENT],
  ["for i = 1, math.huge do end", SPENT],
  ["setmetatable({}, {__index = function() while true do end end}).x()", SPENT],
  ["table.sort({3, 2, 1}, function() while true do end end)", SPENT],
  ["('x'):gsub('x', function() while true do end end)", SPENT],
  ["return ('a'):rep(1e6):find('.-b')", SPENT],
  ["return ('a'):rep(1000):find(('.-'):rep(20) .. 'b')", SPENT],
  ["return ('a'):rep(30):find(('a?'):rep(30) .. ('a'):rep(30) .. 'b')", `${SPENT}|`],
  ["return ('('):rep(1e6):match('%b()')", `${SPENT}|`],
  ["for m in ('a'):rep(1e6):gmatch('.-b') do end", SPENT],
  ["return (''):rep(1e18)", ""],
  ["table.insert({}, -2^31, 1)", "out of bounds"],
  ["table.insert({}, 2^31, 1)", "out of bounds"],
  ["table.insert({}, 1e308, 1)", ""],
  ["table.insert({}, 0/0, 1)", ""],
  ["return tonumber(('f'):rep(1e7), 16)", ""],
  // Depth.
  ["local function f() return f() + 1 end f()", DEEP],
  ["local function f() return pcall(f) end f()", `${DEEP}|`],
  ["local function f() return xpcall(f, f) end f()", `${DEEP}|`],
  ["local function f() coroutine.wrap(f)() end f()", DEEP],
  ["local function f() return coroutine.resume(coroutine.create(f)) end return {f()}", ""],
  ["local function f() return select(2, ('x'):gsub('x', f)) end f()", DEEP],
  [
    "local t = setmetatable({}, {}) getmetatable(t).__index = function(t, k) return t[k .. 'x'] end return t.x",
    DEEP,
  ],
  ["local t = setmetatable({}, {__tostring = function(t) return tostring(t) end}) return tostring(t)", DEEP],
  ["local t = setmetatable({}, {__concat = function(a, b) return a .. b end}) return t .. t", DEEP],
  [
    "local t = setmetatable({}, {__eq = function(a, b) return a == b end}) return t == setmetatable({}, getmetatable(t))",
    DEEP,
  ],
  ["return loadstring(('('):rep(1e5))", ""],
  ["return loadstring('return ' .. ('{'):rep(1e5))", ""],
  ["return loadstring('return ' .. ('not '):rep(1e6) .. '1')", ""],
  ["return loadstring(('do '):rep(1e5))", ""],
  ["return ('a'):rep(3e5):find(('a?'):rep(3e5) .. 'b')", DEEP],
  ["return ('a'):rep(3e5):find(('(a'):rep(3e5))", DEEP],
  ["return unpack({}, 1, 1e9)", DEEP],
  ["return ('x'):rep(1e6):byte(1, -1)", "too long"],
  ["return cjson.decode(('['):rep(1e6))", "nested"],
  ["local t = {} t[1] = t return cjson.encode(t)", "nest"],
  ["local t = {} t[1] = t return t", ""],
  // What the sandbox is made of.
  ["getmetatable('').__index = nil", "readonly"],
  ["getmetatable(_G).__index = function() end", "readonly"],
  [
    "for _, t in pairs({_G, string, redis, cjson, math}) do pcall(rawset, t, 'x', 1) pcall(setmetatable, t, {}) pcall(table.insert, t, 1) end",
    "",
  ],
  ["__redis__err__handler(setmetatable({}, {__newindex = function() while true do end end}))", `${SPENT}|`],
  ["error(setmetatable({}, {__index = function(t, k) return t[k] end, __tostring = error}))", ""],
  [
    "local code = string.dump(function() return 1 end) loadstring(code:gsub('.', '\\255'))()",
    "attempt to call",
  ],
  ["return redis.call(setmetatable({}, {__tostring = function() return 'echo' end}))", "must be strings"],
  ["redis.call('echo', unpack(ARGV, 1, 7000))", "must be strings"],
])("%s", (script, expected) => {
  expect(endure(script)).toMatch(new RegExp(expected));
});

test("what scripts do has no words of JavaScript in it", () => {
  const words = [
    "constructor",
    "prototype",
    "__proto__",
    "toString",
    "valueOf",
    "process",
    "require",
    "globalThis",
    "global",
    "eval",
    "Function",
    "module",
    "this",
    "window",
    "import",
    "Buffer",
    "console",
  ];
  for (const word of words) {
    expect(endure(`return ${word.replace("import", "import_")}`)).toMatch(
      /nonexistent global|expected|symbol/,
    );
    for (const value of [
      "''",
      "{}",
      "redis",
      "redis.call",
      "function() end",
      "_G",
      "cjson.null",
      "1",
      "nil",
      "KEYS",
      "coroutine.create(function() end)",
    ]) {
      const script = `local v = ${value} local ok, found = pcall(function() return v['${word}'] end) return ok and found ~= nil`;
      expect(scripts.run(script)).toBe(null);
    }
  }
  for (const text of [
    "${process.exit()}",
    "`${1+1}`",
    "'+process.exit()+'",
    "\\u0041",
    "</script>",
    "{{1}}",
    "%{x}",
    "\\x24{1}",
  ]) {
    expect(scripts.run("return ARGV[1] .. KEYS[1]", {}, [text], [text])).toBe(text + text);
  }
  expect(scripts.run('return "${process.exit()}"')).toBe("${process.exit()}");
});

const word = fc.constantFrom(
  "x",
  "y",
  "constructor",
  "__proto__",
  "__index",
  "__newindex",
  "__gc",
  "__mode",
  "__metatable",
  "__call",
  "string",
  "redis",
  "_G",
  "KEYS",
  "ARGV",
  "table",
  "math",
  "coroutine",
  "pcall",
  "error",
  "load",
  "loadstring",
  "getmetatable",
  "setmetatable",
  "rawset",
  "rawget",
  "next",
  "pairs",
  "unpack",
  "select",
  "tostring",
  "cjson",
  "cmsgpack",
  "struct",
  "bit",
  "collectgarbage",
  "xpcall",
  "self",
  "process",
);
const literal = fc.constantFrom(
  "nil",
  "true",
  "1",
  "-1",
  "0/0",
  "1e308",
  "2^53",
  "''",
  "'%s%d%q'",
  "'${process.exit()}'",
  "'\\0\\255'",
  "('x'):rep(1000)",
  "'(.-)*'",
  "'return x'",
  "{}",
  "{1, 2, 3}",
  "{['__proto__'] = 1}",
  "cjson.null",
  "function(...) return ... end",
  "function() error({}) end",
  "setmetatable({}, {__index = _G})",
  "coroutine.create(function() coroutine.yield() end)",
  "string.dump(function() end)",
  "...",
  "[[`]]",
);
const field = fc.constantFrom(
  "string.format",
  "string.rep",
  "string.gsub",
  "string.find",
  "string.byte",
  "string.char",
  "string.dump",
  "table.concat",
  "table.insert",
  "table.sort",
  "table.remove",
  "table.foreach",
  "coroutine.wrap",
  "coroutine.resume",
  "coroutine.yield",
  "coroutine.status",
  "redis.call",
  "redis.pcall",
  "redis.error_reply",
  "redis.status_reply",
  "redis.sha1hex",
  "redis.log",
  "redis.setresp",
  "redis.set_repl",
  "cjson.encode",
  "cjson.decode",
  "cjson.encode_max_depth",
  "cmsgpack.pack",
  "cmsgpack.unpack",
  "struct.pack",
  "struct.unpack",
  "bit.lshift",
  "bit.tohex",
  "math.random",
  "math.randomseed",
  "math.frexp",
  "math.ldexp",
  "rawset",
  "setmetatable",
  "getmetatable",
  "pcall",
  "xpcall",
  "loadstring",
  "load",
  "next",
  "pairs",
  "ipairs",
  "tonumber",
  "collectgarbage",
  "__redis__err__handler",
);
const { expression } = fc.letrec<{ expression: string }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 4 },
    literal,
    word,
    fc
      .tuple(field, fc.array(tie("expression"), { maxLength: 3 }))
      .map(([name, args]) => `${name}(${args.join(", ")})`),
    fc
      .tuple(
        tie("expression"),
        fc.constantFrom("+", "..", "==", "<", "and", "or", "%", "^"),
        tie("expression"),
      )
      .map(([a, op, b]) => `(${a} ${op} ${b})`),
    fc.tuple(tie("expression"), word).map(([a, name]) => `(${a})['${name}']`),
    fc.tuple(tie("expression"), word, tie("expression")).map(([a, name, b]) => `(${a}):${name}(${b})`),
    tie("expression").map((a) => `select(2, pcall(function(...) return ${a} end))`),
    tie("expression").map((a) => `-(${a})`),
    tie("expression").map((a) => `#(${a})`),
    tie("expression").map((a) => `coroutine.wrap(function(...) return ${a} end)()`),
  ),
}));
const statement = fc.oneof(
  fc.tuple(word, expression).map(([name, value]) => `local ${name} = ${value}`),
  fc.tuple(word, word, expression).map(([name, key, value]) => `${name}['${key}'] = ${value}`),
  fc.tuple(word, expression).map(([name, value]) => `${name} = ${value}`),
  expression.map((value) => `local _ = ${value}`),
  expression.map((value) => `pcall(function(...) local _ = ${value} end)`),
  expression.map((value) => `for i = 1, 3 do local _ = ${value} end`),
  expression.map((value) => `for k, v in pairs(${value}) do rawset(v, k, v) end`),
  expression.map((value) => `if ${value} then local _ = 1 end`),
);

test("random scripts leave the next one what it had", () => {
  let runs = 0;
  fc.assert(
    fc.property(fc.array(statement, { minLength: 1, maxLength: 5 }), expression, (statements, value) => {
      endure(`${statements.join("\n")}\nreturn ${value}`);
      if (++runs % 10 === 0) expect(scripts.run(PROBE)).toEqual(healthy);
    }),
    { numRuns: 1000 },
  );
});

test("random bytes do not compile, or do no harm", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "binary-ascii", maxLength: 60 }),
      fc.constantFrom("", "return ", "\x1bLua", "local a = "),
      (text, head) => {
        endure(head + text);
      },
    ),
    { numRuns: 1500 },
  );
});

test("memory comes back", () => {
  const use = (): void => {
    endure("local t = {} for i = 1, 1e7 do t[i] = ('x'):rep(100) .. i end");
  };
  use();
  const before = process.memoryUsage().rss;
  for (let i = 0; i < 12; i++) use();
  expect(process.memoryUsage().rss - before).toBeLessThan(4 * MEMORY_LIMIT);
  expect(scripts.engine.usedMemory).toBeLessThan(1024 * 1024);
});
