import { describe, expect, test } from "vitest";
import {
  BigNumber,
  Bool,
  Double,
  ErrorReply,
  MapReply,
  NULL_ARRAY,
  type Reply,
  SetReply,
  Status,
  Verbatim,
} from "../../src/resp/reply.ts";
import { Stop } from "../../src/scripting/engine.ts";
import { hostOf, Scripts, sha1 } from "./host.ts";

const scripts = new Scripts();
const at = (script: string, line = 1): string => ` script: ${sha1(script)}, on @user_script:${line}.`;

describe("a script", () => {
  test("has its keys and arguments, byte for byte", () => {
    let bytes = "";
    for (let i = 0; i < 256; i++) bytes += String.fromCharCode(i);
    const long = bytes.repeat(1000);
    const values = ["", "a", bytes, long];
    const reply = scripts.run(
      "return {KEYS[1], KEYS[2], #KEYS, ARGV[1], ARGV[2], ARGV[3], ARGV[4], #ARGV}",
      {},
      ["k", ""],
      values,
    );
    expect(reply).toEqual(["k", "", 2, ...values, 4]);
  });

  test("gets arguments of commands as bytes, numbers with 17 digits", () => {
    let seen: string[] = [];
    scripts.run(
      "return redis.call('x', 1, 0.1, 1e17, -0.5, 2^53, 1/0, ARGV[1])",
      {
        call: (args) => {
          seen = args;
          return 1;
        },
      },
      [],
      ["\0\xff"],
    );
    expect(seen).toEqual([
      "x",
      "1",
      "0.10000000000000001",
      "1e+17",
      "-0.5",
      "9007199254740992",
      "inf",
      "\0\xff",
    ]);
  });

  test("is compiled once", () => {
    scripts.engine.compile(sha1("return 7"), "return 7");
    // Only a script that is known by its sha1 can run as something else than its text.
    const outcome = scripts.engine.run(sha1("return 7"), "return 8", [], [], hostOf());
    expect(outcome).toMatchObject({ kind: "finished", reply: 7 });
  });

  test("that does not compile tells where", () => {
    expect(scripts.error("return +")).toBe(
      "ERR Error compiling script (new function): user_script:1: unexpected symbol near '+'",
    );
  });
});

describe("replies become Lua values", () => {
  const show = `
    local function show(v)
      if type(v) ~= 'table' then return type(v) .. ':' .. tostring(v) end
      local parts = {}
      for k, x in pairs(v) do parts[#parts + 1] = tostring(k) .. '=' .. show(x) end
      table.sort(parts)
      return '{' .. table.concat(parts, ',') .. '}'
    end `;
  const cases: [Reply, string, string][] = [
    ["a\0b", "string:a\0b", "string:a\0b"],
    [5, "number:5", "number:5"],
    [9007199254740993n, "number:9.007199254741e+15", "number:9.007199254741e+15"],
    [null, "boolean:false", "nil:nil"],
    [NULL_ARRAY, "boolean:false", "nil:nil"],
    [["a", null, 1], "{1=string:a,2=boolean:false,3=number:1}", "{1=string:a,3=number:1}"],
    [new Status("OK"), "{ok=string:OK}", "{ok=string:OK}"],
    [
      [new ErrorReply("ERR x")],
      "{1={err=string:ERR x,ignore_error_stats_update=boolean:true}}",
      "{1={err=string:ERR x,ignore_error_stats_update=boolean:true}}",
    ],
    [new MapReply(["k", "v"]), "{1=string:k,2=string:v}", "{map={k=string:v}}"],
    [new SetReply(["m"]), "{1=string:m}", "{set={m=boolean:true}}"],
    [new Double(1.5), "string:1.5", "{double=number:1.5}"],
    [new Bool(true), "number:1", "boolean:true"],
    [new Bool(false), "number:0", "boolean:false"],
    [new Verbatim("txt", "t"), "string:t", "{verbatim_string={format=string:txt,string=string:t}}"],
    [new BigNumber("123"), "string:123", "{big_number=string:123}"],
  ];
  test.each(cases)("%o", (reply, inResp2, inResp3) => {
    const host = { call: () => reply };
    expect(scripts.run(`${show} return show(redis.call('x'))`, host)).toBe(inResp2);
    expect(scripts.run(`${show} redis.setresp(3) return show(redis.call('x'))`, host)).toBe(inResp3);
  });
});

describe("Lua values become replies", () => {
  const cases: [string, Reply][] = [
    ["return 'a\\0\\255'", "a\0\xff"],
    ["return 3.99", 3],
    ["return -3.99", -3],
    ["return 2^53", 9007199254740992n],
    ["return 2^62", 4611686018427387904n],
    ["return 1e300", -9223372036854775808n],
    ["return 0/0", -9223372036854775808n],
    ["return true", 1],
    ["return false", null],
    ["return nil", null],
    ["return", null],
    ["return print_me_not == 1", "error"],
    ["return function() end", null],
    ["return {1, 'a', {2, {}}, false, nil, 5}", [1, "a", [2, []], null]],
    ["return {ok='fine'}", new Status("fine")],
    ["return {ok='a\\r\\nb\\0c'}", new Status("a  b")],
    ["return {err='A b'}", new ErrorReply("A b")],
    ["return {err='a\\r\\nb'}", new ErrorReply("a  b")],
    ["return {1, {err='X y'}, {ok='Z'}}", [1, new ErrorReply("X y"), new Status("Z")]],
    ["return {double=3.5}", new Double(3.5)],
    ["return {big_number='12\\n3'}", new BigNumber("12 3")],
    ["return {verbatim_string={format='txt', string='a'}}", new Verbatim("txt", "a")],
    ["return {map={k='v'}}", new MapReply(["k", "v"])],
    ["return {set={m=true}}", new SetReply(["m"])],
    ["redis.setresp(3) return true", new Bool(true)],
    ["redis.setresp(3) return {false, 1}", [new Bool(false), 1]],
    ["return _G", []],
    ["return string", []],
    ["return setmetatable({}, {__index = function() return 1 end})", []],
  ];
  test.each(cases)("%s", (script, reply) => {
    const found = scripts.run(script);
    if (reply === "error") expect(found).toBeInstanceOf(ErrorReply);
    else expect(found).toEqual(reply);
  });

  test("tables that hold themselves end", () => {
    let reply = scripts.run("local a = {} a[1] = a return a");
    let depth = 0;
    for (; Array.isArray(reply); depth++) reply = (reply as Reply[])[0]!;
    expect(reply).toEqual(new ErrorReply("ERR reached lua stack limit"));
    expect(depth).toBeGreaterThan(500);
  });

  test("a reply that is larger than memory may be ends the script", () => {
    expect(scripts.error("local t = {} for i = 1, 60 do t = {t, t} end return t")).toContain(
      "not enough memory",
    );
  });
});

describe("errors read as Redis writes them", () => {
  const cases: [string, (script: string) => string][] = [
    ["error('x')", (s) => `ERR user_script:1: x${at(s)}`],
    ["\n\nerror('x')", (s) => `ERR user_script:3: x${at(s, 3)}`],
    ["error('x', 0)", (s) => `ERR x${at(s)}`],
    ["error(nil)", (s) => `ERR nil${at(s)}`],
    ["error({err='MINE x'})", (s) => `MINE x${at(s)}`],
    ["error({})", (s) => `ERR unknown error${at(s)}`],
    ["a = 1", (s) => `ERR user_script:1: Attempt to modify a readonly table${at(s)}`],
    [
      "return a",
      (s) => `ERR user_script:1: Script attempted to access nonexistent global variable 'a'${at(s)}`,
    ],
    ["redis.call()", (s) => `ERR Please specify at least one argument for this redis lib call${at(s)}`],
    ["redis.call({})", (s) => `ERR Lua redis lib command arguments must be strings or integers${at(s)}`],
    ["redis.call('nope')", (s) => `ERR Unknown Redis command called from script${at(s)}`],
    [
      "local function f() redis.call('nope') end\nf()",
      (s) => `ERR Unknown Redis command called from script${at(s)}`,
    ],
    ["pcall(error)\nerror('x')", (s) => `ERR user_script:2: x${at(s, 2)}`],
    [
      "coroutine.resume(1)",
      (s) => `ERR user_script:1: bad argument #1 to 'resume' (coroutine expected)${at(s)}`,
    ],
    ["coroutine.yield()", (s) => `ERR attempt to yield across metamethod/C-call boundary${at(s)}`],
    ["local function f() return f() + 1 end f()", (s) => `ERR user_script:1: stack overflow${at(s)}`],
  ];
  test.each(cases)("%s", (script, message) => {
    expect(scripts.error(script)).toBe(message(script));
  });

  test("those of commands are told apart", () => {
    const outcome = (script: string) => scripts.outcome(script);
    expect(outcome("redis.call('nope')")).toMatchObject({ errorWasCounted: true });
    expect(outcome("error('nope')")).toMatchObject({ errorWasCounted: false });
    expect(outcome("return redis.call('ping')")).toMatchObject({ errorWasCounted: false });
  });

  test("redis.pcall returns them, pcall has their text", () => {
    expect(scripts.run("return redis.pcall('nope')")).toEqual(
      new ErrorReply("ERR Unknown Redis command called from script"),
    );
    expect(scripts.run("local ok, e = pcall(redis.call, 'nope') return {tostring(ok), e}")).toEqual([
      "false",
      "ERR Unknown Redis command called from script",
    ]);
  });
});

describe("the sandbox", () => {
  const READONLY = "Attempt to modify a readonly table";
  test.each([
    "redis = 1",
    "redis.call = 1",
    "string.x = 1",
    "_G.x = 1",
    "KEYS = 1",
    "math.random = nil",
    "cjson.encode = nil",
    "rawset(_G, 'x', 1)",
    "rawset(string, 'len', 1)",
    "table.insert(redis, 1)",
    "setmetatable(_G, {})",
    "setmetatable(string, nil)",
    "getmetatable(_G).__index = nil",
    "getmetatable('').__index = nil",
    "getmetatable('').__index.len = nil",
    "getmetatable(_G).__newindex = function() end",
    "for k, v in pairs(_G) do if k == 'redis' then v.call = 1 end end",
    "local _, t = pairs(string) t.x = 1",
    "local k, v = next(getmetatable('')) v.x = 1",
    "table.foreach(_G, function(k, v) if k == 'string' then v.x = 1 end end)",
    "rawget(_G, 'string').x = 1",
    "getmetatable(setmetatable({}, getmetatable(''))).__index = 1",
  ])("is readonly: %s", (script) => {
    expect(scripts.error(script)).toContain(READONLY);
  });

  test.each([
    "io",
    "os",
    "package",
    "debug",
    "dofile",
    "loadfile",
    "require",
    "module",
    "print",
    "newproxy",
    "setfenv",
    "getfenv",
    "jit",
  ])("has no %s", (name) => {
    expect(scripts.error(`return ${name}`)).toContain(`nonexistent global variable '${name}'`);
    expect(scripts.run(`return rawget(_G, '${name}') == nil`)).toBe(1);
  });

  test("loads no bytecode", () => {
    const dumped = "local code = string.dump(function() return 1 end) ";
    expect(scripts.run(`${dumped} return select(2, loadstring(code, '=x'))`)).toBe(
      "x:1: unexpected symbol near 'char(27)'",
    );
    expect(
      scripts.run(
        `${dumped} local done return select(2, load(function() if not done then done = true return code end end, '=x'))`,
      ),
    ).toBe("x:1: unexpected symbol near 'char(27)'");
    expect(scripts.error("\x1bLua")).toContain("unexpected symbol near 'char(27)'");
  });

  test("what was written into it all the same is gone in the next script", () => {
    // A C function that writes without asking metatables.
    scripts.run("return pcall(table.sort, string)");
    scripts.run("return pcall(table.setn, string, 1)");
    scripts.run("pcall(function() string.evil = 1 end) pcall(function() _G[1] = 1 end)");
    expect(scripts.run("return {rawget(string, 'evil') == nil, rawget(_G, 1) == nil, #_G}")).toEqual([
      1, 1, 0,
    ]);
  });

  test("nothing of a script is left for the next one", () => {
    scripts.run("local t = getmetatable('') KEYS[1] = 'mine' ARGV.x = 1");
    expect(scripts.run("return {#KEYS, rawget(ARGV, 'x') == nil}")).toEqual([0, 1]);
  });
});

describe("what the host throws", () => {
  const fault = new Error("fault");
  const throwing = {
    call: () => {
      throw fault;
    },
  };
  test.each([
    "redis.call('x')",
    "pcall(redis.call, 'x')",
    "redis.pcall('x')",
    "xpcall(function() redis.call('x') end, function() return 1 end)",
    "coroutine.wrap(function() redis.call('x') end)()",
    "coroutine.resume(coroutine.create(function() redis.pcall('x') end))",
    "string.gsub('a', 'a', function() redis.call('x') end)",
    "table.sort({2, 1}, function() redis.call('x') end)",
    "return setmetatable({}, {__index = function() redis.call('x') end}).y",
    "local t = setmetatable({}, {__tostring = function() redis.call('x') end}) tostring(t)",
    "load(function() redis.call('x') end)",
    "pcall(pcall, pcall, pcall, redis.call, 'x')",
    "for i in function() redis.call('x') end do end",
    "while true do pcall(redis.call, 'x') end",
  ])("passes every %s", (script) => {
    expect(() => scripts.run(script, throwing)).toThrow(fault);
    expect(scripts.run("return redis.call('echo', 'still here')")).toBe("still here");
  });

  test("twenty thousand times", () => {
    const before = process.memoryUsage().rss;
    for (let i = 0; i < 20_000; i++) {
      expect(() => scripts.run("pcall(redis.call, 'x')", throwing)).toThrow(fault);
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
  });

  test("random numbers of an attempt are drawn again by the next", () => {
    const draw = "local r = {} for i = 1, 5 do r[i] = math.random(1000000) end redis.call('x') return r";
    let first: string[] = [];
    expect(() =>
      scripts.run("redis.call('seen', math.random(1000000)) redis.call('x')", {
        call: (args) => {
          if (args[0] === "x") throw fault;
          first = args;
          return 1;
        },
      }),
    ).toThrow(fault);
    const second = scripts.run(draw, { call: () => 1 }) as number[];
    expect(`${second[0]}`).toBe(first[1]);
    expect(scripts.run(draw, { call: () => 1 })).not.toEqual(second);
  });
});

describe("a script that runs long", () => {
  const LOOP = "local n = 0 for i = 1, 300000 do n = n + 1 end ";
  const yielding = { interrupt: () => "yield" as const };

  /** Resumes until it is done; how often that was. */
  function finish(script: string): { reply: Reply; yields: number } {
    let outcome = scripts.outcome(script, yielding);
    let yields = 0;
    for (; outcome.kind === "suspended"; yields++) outcome = outcome.resume();
    return { reply: outcome.reply, yields };
  }

  test.each([
    [`${LOOP} return n`, 300000],
    [`return select(2, pcall(function() ${LOOP} return n end))`, 300000],
    [`return select(2, pcall(pcall, function() ${LOOP} return n end)) and 1`, 1],
    [`return select(2, pcall(function() ${LOOP} error('x', 0) end))`, "x"],
    [
      `local co = coroutine.create(function(a) ${LOOP} local b = coroutine.yield(a + n) ${LOOP} return b + n end)
      local _, x = coroutine.resume(co, 1) local _, y = coroutine.resume(co, 2) return {x, y, coroutine.status(co)}`,
      [300001, 300002, "dead"],
    ],
    [
      `return select(2, coroutine.resume(coroutine.create(function() return select(2, pcall(function() ${LOOP} return n end)) end)))`,
      300000,
    ],
  ])("can be left and taken up: %s", (script, expected) => {
    const { reply, yields } = finish(script);
    expect(reply).toEqual(expected);
    expect(yields).toBeGreaterThan(5);
  });

  test("is asked about where it cannot be left", () => {
    const asked: boolean[] = [];
    const interrupt = (canYield: boolean) => {
      asked.push(canYield);
      return canYield ? ("continue" as const) : new Stop("ERR enough");
    };
    const script = `string.gsub('a', 'a', function() ${LOOP} end)`;
    expect(scripts.error(script, { interrupt })).toBe(`ERR enough${at(script)}`);
    expect(asked.at(-1)).toBe(false);
    expect(scripts.run("return 1")).toBe(1);
  });

  test.each([
    "while true do end",
    "while true do pcall(function() while true do end end) end",
    "repeat until false",
  ])("can be stopped: %s", (script) => {
    const outcome = scripts.outcome(script, yielding);
    expect(outcome.kind).toBe("suspended");
    const stopped =
      outcome.kind === "suspended" && outcome.stop(new Stop("ERR Script killed by user with SCRIPT KILL..."));
    expect(stopped).toMatchObject({
      reply: { message: `ERR Script killed by user with SCRIPT KILL...${at(script)}` },
    });
    expect(scripts.run("return 1")).toBe(1);
  });

  test("what the host throws when it is asked passes, too", () => {
    const fault = new Error("enough");
    const interrupt = () => {
      throw fault;
    };
    expect(() => scripts.run("while true do end", { interrupt })).toThrow(fault);
    expect(() => scripts.run("string.find(string.rep('a', 100000), '.-.-b')", { interrupt })).toThrow(fault);
  });
});

test("numbers and logs reach the host", () => {
  const seen: unknown[] = [];
  scripts.run(
    "redis.log(redis.LOG_WARNING, 'a', 'b', 1) redis.setresp(3) redis.set_repl(redis.REPL_ALL) return redis.acl_check_cmd('get', 'k')",
    {
      log: (level, text) => seen.push(level, text),
      setResp: (version) => seen.push(version),
      setReplication: (targets) => seen.push(targets),
      mayRun: (args) => seen.push(...args) > 0,
    },
  );
  expect(seen).toEqual([3, "a b 1", 3, 3, "get", "k"]);
});
