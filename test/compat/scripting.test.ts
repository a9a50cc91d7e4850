import { describe, expect, test } from "vitest";
import { variant } from "../support/variant.ts";
import { useCompat } from "./compat.ts";
import { compareRandomScripts } from "./random.ts";

const faulting = variant === "unpacked" ? ["--debug-fault-every-read", "yes"] : [];
const compat = useCompat([], faulting);

const lua = (...lines: string[]): string => `"${lines.join("\\n").replaceAll('"', '\\"')}"`;
const sha = "e0e1f9fabfc9d4800c877a703b823ac0578ff8db";

describe("scripts", () => {
  compat("replies", [
    `EVAL ${lua("return {1,2.9,'a',true,false,nil,4}")} 0`,
    `EVAL ${lua("return {KEYS[1],KEYS[2],ARGV[1],ARGV[2],#KEYS,#ARGV}")} 2 a b c d`,
    `EVAL ${lua("return redis.call('set',KEYS[1],ARGV[1])")} 1 k v`,
    `EVAL ${lua("return redis.call('get',KEYS[1])")} 1 k`,
    `EVAL ${lua("return redis.call('get',KEYS[1])")} 1 none`,
    `EVAL ${lua("return {redis.call('rpush','l','a','b'),redis.call('lrange','l',0,-1)}")} 0`,
    `EVAL ${lua("return redis.call('hset','h','f',1)")} 0`,
    `EVAL ${lua("return redis.call('hgetall','h')")} 0`,
    `EVAL ${lua("redis.setresp(3) return redis.call('hgetall','h')")} 0`,
    `EVAL ${lua("redis.call('zadd','z',1.5,'m') return redis.call('zscore','z','m')")} 0`,
    `EVAL ${lua("redis.setresp(3) return redis.call('zscore','z','m')")} 0`,
    `EVAL ${lua("return redis.status_reply('FINE')")} 0`,
    `EVAL ${lua("return redis.error_reply('MY own')")} 0`,
    `EVAL ${lua("return {1,redis.error_reply('MY own'),redis.pcall('incr','l')}")} 0`,
    `EVAL ${lua("return redis.call('ping')")} 0`,
    `EVAL ${lua("return redis.call('echo','x')")} 0`,
    `EVAL ${lua("return redis.sha1hex('x')")} 0`,
    `EVAL ${lua("return redis.call('sort','l','by','nosort','get','#')")} 0`,
  ]);

  compat("arguments", [
    "EVAL",
    "EVAL x",
    `EVAL ${lua("return 1")} x`,
    `EVAL ${lua("return 1")} 1`,
    `EVAL ${lua("return 1")} -1`,
    `EVAL ${lua("return 1")} 1.5`,
    `EVAL ${lua("return 1")} 9223372036854775808`,
    "EVALSHA abc 0",
    `EVALSHA ${sha} 0`,
    `SCRIPT LOAD ${lua("return 1")}`,
    `EVALSHA ${sha} 0`,
    `EVALSHA ${sha.toUpperCase()} 0`,
    `EVALSHA_RO ${sha} 0`,
    `SCRIPT EXISTS ${sha} ${sha.toUpperCase()} abc`,
    "SCRIPT FLUSH",
    `SCRIPT EXISTS ${sha}`,
    "SCRIPT FLUSH ASYNC",
    "SCRIPT FLUSH SYNC",
    "SCRIPT FLUSH NOW",
    "SCRIPT FLUSH SYNC SYNC",
    "SCRIPT KILL",
    "SCRIPT NOSUCH",
    "SCRIPT HELP",
    "SCRIPT DEBUG NO",
    "SCRIPT DEBUG MAYBE",
    "SCRIPT LOAD",
    `SCRIPT LOAD ${lua("return (")}`,
    `EVAL ${lua("return (")} 0`,
    `COMMAND GETKEYS EVAL ${lua("return 1")} 2 a b c`,
    `COMMAND GETKEYS FCALL f 1 a b`,
  ]);

  compat("errors", [
    "SET s v",
    `EVAL ${lua("redis.call('set','a',1)", "redis.call('lpush','s','x')", "redis.call('set','b',1)")} 0`,
    "GET a",
    "GET b",
    `EVAL ${lua("return redis.pcall('lpush','s','x')")} 0`,
    `EVAL ${lua("return redis.pcall('lpush','s','x').err")} 0`,
    `EVAL ${lua("return redis.call('nosuch')")} 0`,
    `EVAL ${lua("return redis.call('get')")} 0`,
    `EVAL ${lua("return redis.call('object','nosuch','x')")} 0`,
    `EVAL ${lua("return redis.call()")} 0`,
    `EVAL ${lua("return redis.call({})")} 0`,
    `EVAL ${lua("error('mine')")} 0`,
    `EVAL ${lua("error({err='MY table'})")} 0`,
    `EVAL ${lua("local t = nil", "return t.x")} 0`,
    `EVAL ${lua("x = 1")} 0`,
    `EVAL ${lua("return x")} 0`,
    ...["multi", "exec", "watch", "blpop", "subscribe", "eval", "config", "auth", "script", "wait"].map(
      (name) => `EVAL ${lua(`return redis.call('${name}','a','b')`)} 0`,
    ),
    `EVAL ${lua("return redis.call('xread','block','0','streams','s2','0')")} 0`,
  ]);

  compat("databases", [
    `EVAL ${lua("redis.call('select',3)", "redis.call('set','there',1)", "return redis.call('dbsize')")} 0`,
    "GET there",
    "SELECT 3",
    "GET there",
    `EVAL ${lua("redis.call('select',99)")} 0`,
    `EVAL ${lua("redis.call('flushall')", "redis.call('set','x',1)", "return redis.call('dbsize')")} 0`,
    "DBSIZE",
  ]);

  compat("read-only scripts and flags", [
    `EVAL_RO ${lua("return redis.call('set','x',1)")} 0`,
    `EVAL_RO ${lua("return redis.call('publish','x',1)")} 0`,
    `EVAL_RO ${lua("return redis.call('get','x')")} 0`,
    `EVAL ${lua("#!lua flags=no-writes", "return redis.call('set','x',1)")} 0`,
    `EVAL ${lua("#!lua flags=no-writes", "return redis.pcall('get','x')")} 0`,
    `EVAL_RO ${lua("#!lua", "return 1")} 0`,
    `EVAL ${lua("#!lua", "return redis.call('set','x',1)")} 0`,
    `EVAL ${lua("#!lua flags=allow-oom,allow-stale,no-cluster,allow-cross-slot-keys", "return 1")} 0`,
    `EVAL ${lua("#!lua flags=bad", "return 1")} 0`,
    `EVAL ${lua("#!lua flags=", "return 1")} 0`,
    `EVAL ${lua("#!lua flags=no-writes,", "return 1")} 0`,
    `EVAL ${lua("#!lua name=x", "return 1")} 0`,
    `EVAL ${lua("#!js", "return 1")} 0`,
    `EVAL ${lua("#!", "return 1")} 0`,
    `EVAL "#!lua" 0`,
    `EVAL ${lua("#!lua 'open", "return 1")} 0`,
    `EVAL ${lua("#!lua", "", "error('here')")} 0`,
  ]);

  compat("inside MULTI", [
    "MULTI",
    `EVAL ${lua("redis.call('select',5)", "return redis.call('set','q',1)")} 0`,
    `EVAL ${lua("return redis.call('get','q')")} 0`,
    `EVAL ${lua("redis.call('nosuch')")} 0`,
    "EVALSHA 00 0",
    `SCRIPT LOAD ${lua("return 1")}`,
    `EVALSHA ${sha} 0`,
    "EXEC",
    "MULTI",
    "EVAL x",
    "EXEC",
  ]);
});

describe("functions", () => {
  const library = (name: string, ...lines: string[]): string => lua(`#!lua name=${name}`, ...lines);
  const one = library("one", "redis.register_function('f', function(keys, args) return {keys, args} end)");
  compat("libraries", [
    "FUNCTION FLUSH",
    `FUNCTION LOAD ${one}`,
    `FUNCTION LOAD ${one}`,
    `FUNCTION LOAD REPLACE ${one}`,
    `FUNCTION LOAD NOSUCH ${one}`,
    `FUNCTION LOAD ${library("two", "redis.register_function('F', function() end)")}`,
    `FUNCTION LOAD REPLACE ${library("one", "syntax error")}`,
    `FUNCTION LOAD REPLACE ${library("one", "error('mine')")}`,
    `FUNCTION LOAD REPLACE ${library("one", "return 1")}`,
    `FUNCTION LOAD ${library("a-b", "return 1")}`,
    `FUNCTION LOAD ${lua("#!lua", "return 1")}`,
    `FUNCTION LOAD ${lua("#!js name=x", "return 1")}`,
    `FUNCTION LOAD ${lua("#!lua name=x name=y", "return 1")}`,
    `FUNCTION LOAD ${lua("#!lua name=x other", "return 1")}`,
    `FUNCTION LOAD ${lua("return 1")}`,
    "FUNCTION LOAD",
    "FCALL f 2 a b c",
    "FCALL F 0",
    "FCALL f x",
    "FCALL f 3 a",
    "FCALL f -1 a",
    "FCALL nosuch 0",
    "FCALL_RO f 0",
    "FUNCTION LIST",
    "FUNCTION LIST WITHCODE",
    "FUNCTION LIST LIBRARYNAME O*",
    "FUNCTION LIST LIBRARYNAME x",
    "FUNCTION LIST LIBRARYNAME",
    "FUNCTION LIST NOSUCH",
    "FUNCTION LIST WITHCODE WITHCODE",
    "FUNCTION STATS",
    "FUNCTION KILL",
    "FUNCTION DUMP",
    "FLUSHALL",
    "FUNCTION STATS",
    "FUNCTION DELETE nosuch",
    "FUNCTION DELETE one",
    "FUNCTION DELETE one",
    "FUNCTION DUMP",
    "FUNCTION RESTORE abc",
    "FUNCTION RESTORE abc NOSUCH",
    "FUNCTION RESTORE abc FLUSH x",
    "FUNCTION FLUSH NOW",
    "FUNCTION FLUSH SYNC SYNC",
    "FUNCTION FLUSH ASYNC",
    "FUNCTION HELP",
    "FUNCTION NOSUCH",
  ]);

  compat("flags", [
    "FUNCTION FLUSH",
    `FUNCTION LOAD ${library(
      "reads",
      "redis.register_function{function_name='r', callback=function(keys) return redis.call('get', keys[1]) end, flags={'no-writes'}}",
    )}`,
    `FUNCTION LOAD ${library(
      "lies",
      "redis.register_function{function_name='l', callback=function(keys) return redis.call('set', keys[1], 1) end, flags={'no-writes'}, description='says it reads'}",
    )}`,
    `FUNCTION LOAD ${library("writes", "redis.register_function('w', function(keys) return redis.call('set', keys[1], 1) end)")}`,
    "FCALL w 1 k",
    "FCALL r 1 k",
    "FCALL_RO r 1 k",
    "FCALL l 1 k",
    "FCALL_RO w 1 k",
    "FUNCTION LIST LIBRARYNAME lies",
    "FUNCTION FLUSH",
  ]);

  test("what Redis dumps is restored, and the other way round", async () => {
    for (const resp of [2, 3] as const) {
      const pair = compat.pair(resp);
      await pair.run(["FUNCTION", "FLUSH"]);
      const code =
        "#!lua name=packed\nredis.register_function('p', function() return 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' end)";
      expect(await pair.run(["FUNCTION", "LOAD", code])).toBe(undefined);
      expect(await pair.run(["FUNCTION", "DUMP"])).toBe(undefined);
      for (const policy of ["APPEND", "REPLACE", "FLUSH"]) {
        expect(
          await pair.handOver(["FUNCTION", "DUMP"], (dump) => ["FUNCTION", "RESTORE", dump, policy]),
        ).toBe(undefined);
        expect(await pair.run(["FCALL", "p", "0"])).toBe(undefined);
      }
    }
  });
});

const seed = Number(process.env["COMPAT_SEED"] ?? Math.floor(Math.random() * 0x7fffffff));
const runs = Number(process.env["COMPAT_RUNS"] ?? 30);
const length = Number(process.env["COMPAT_LENGTH"] ?? 12);

console.log(`random scripts: COMPAT_SEED=${seed} COMPAT_RUNS=${runs} COMPAT_LENGTH=${length}`);

test.each([2, 3] as const)("random scripts, RESP%i", { timeout: 3_600_000 }, async (resp) => {
  await compareRandomScripts(compat.pair(resp), { seed, runs, length });
});
