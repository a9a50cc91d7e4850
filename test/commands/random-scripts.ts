import fc from "fast-check";

/** Random Lua: mostly wrong in its types, with what scripts have at hand, so that every check of every function is met. */

const FUNCTIONS = [
  ..."tostring tonumber type pairs next select unpack rawget rawset rawequal pcall xpcall error assert".split(
    " ",
  ),
  ..."setmetatable getmetatable loadstring load setfenv getfenv newproxy gcinfo".split(" "),
  ..."string.rep string.format string.find string.match string.gmatch string.gsub string.byte string.char".split(
    " ",
  ),
  ..."string.sub string.reverse string.upper string.len string.dump ('x'):rep table.insert table.remove".split(
    " ",
  ),
  ..."table.concat table.sort table.maxn table.getn math.floor math.random math.randomseed math.fmod".split(
    " ",
  ),
  ..."cjson.encode cjson.decode cjson.new cmsgpack.pack cmsgpack.unpack".split(" "),
  ..."cmsgpack.unpack_one cmsgpack.unpack_limit struct.pack struct.unpack struct.size".split(" "),
  ..."bit.band bit.tohex bit.lshift redis.call redis.sha1hex redis.log redis.error_reply".split(" "),
  ..."redis.status_reply redis.acl_check_cmd redis.setresp redis.set_repl coroutine.wrap coroutine.status".split(
    " ",
  ),
] as const;

const COMMANDS = [
  "GET",
  "SET",
  "INCR",
  "HSET",
  "HGETALL",
  "LPUSH",
  "ZADD",
  "ZRANGE",
  "EVAL",
  "PING",
  "x",
] as const;

const { program } = fc.letrec<{ expression: string; statement: string; block: string; program: string }>(
  (tie) => ({
    expression: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      fc.constantFrom(
        ..."nil true false 0 1 -1 0.5 1e308 2^53 1/0 0/0 'x' '' '\\0\\255' '10' x y {} {1,2,3} {x=1,y={}} KEYS ARGV _G redis string cjson".split(
          " ",
        ),
      ),
      fc.constantFrom("function(...) return ... end", "function() error({err='e'}) end", "...", "#KEYS"),
      fc
        .tuple(
          fc.constantFrom(..."+ - * / % ^ .. == ~= < > <= >= and or".split(" ")),
          tie("expression"),
          tie("expression"),
        )
        .map(([operator, a, b]) => `(${a} ${operator} ${b})`),
      fc
        .tuple(fc.constantFrom("-", "#", "not "), tie("expression"))
        .map(([operator, a]) => `(${operator}${a})`),
      fc.tuple(tie("expression"), tie("expression")).map(([table, key]) => `(${table})[${key}]`),
      fc
        .tuple(fc.constantFrom(...FUNCTIONS), fc.array(tie("expression"), { maxLength: 4 }))
        .map(([name, args]) => `${name}(${args.join(", ")})`),
      fc
        .tuple(
          fc.constantFrom("redis.call", "redis.pcall"),
          fc.constantFrom(...COMMANDS),
          fc.array(tie("expression"), { maxLength: 3 }),
        )
        .map(([name, command, args]) => `${name}(${[`'${command}'`, ...args].join(", ")})`),
    ),
    statement: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      tie("expression").map((value) => `local x = ${value}`),
      tie("expression").map((value) => `y = ${value}`),
      tie("expression").map((value) => `local y = pcall(function(...) return ${value} end, x)`),
      fc
        .tuple(tie("expression"), tie("expression"))
        .map(([key, value]) => `local t = {} t[${key}] = ${value}`),
      fc.tuple(tie("expression"), tie("block")).map(([test, block]) => `if ${test} then ${block} end`),
      fc
        .tuple(fc.integer({ min: 0, max: 50 }), tie("block"))
        .map(([n, block]) => `for i = 1, ${n} do ${block} end`),
      fc
        .tuple(tie("expression"), tie("block"))
        .map(([list, block]) => `for k, v in pairs(${list}) do ${block} end`),
      tie("block").map((block) => `coroutine.resume(coroutine.create(function() ${block} end))`),
      fc.constantFrom("coroutine.yield(x)", "redis.setresp(3)", "collectgarbage()"),
    ),
    block: fc.array(tie("statement"), { maxLength: 3 }).map((statements) => statements.join(" ")),
    program: fc
      .tuple(fc.array(tie("statement"), { maxLength: 6 }), tie("expression"))
      .map(([statements, value]) => `local x ${statements.join(" ")} return ${value}`),
  }),
);

export const randomScripts = program;
