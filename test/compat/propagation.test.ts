import { describe, expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import { type BothTold, commandsIn, differenceOf, usePropagation } from "./propagation.ts";

/** What replicas are told: the same as a redis-server tells its own, command for command. */
const { servers, clients, askers, feeds, told, toldSoFar, reset } = usePropagation([
  "--stream-node-max-entries",
  "3",
]);

/** Each line is a sequence on empty servers. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  strings: [
    "SET a 1; SET a 2 NX; SET b 2 NX; SET a 3 XX; SET c 3 XX; SET a 1",
    "SET a 1 EX 1000; SET a 1 PX 100000; set a 1 exat 9999999999; SET a 1 PXAT 9999999999999; SET a 2 KEEPTTL; SET a 1 EXAT 1; GET a",
    "SET a 1 GET; SET a 2 get XX GET; SET a 3 NX GET; SET a get KEEPTTL GET; SET a 1 GET EX 1000; SET b 2 NX GET",
    "SETEX a 1000 x; PSETEX a 100000 y; setex a 1000 z; SETEX a 0 x; SETNX a 1; SETNX b 1",
    "GETSET a 1; getset a 2; GETDEL a; GETDEL a; SET a 1; getdel a; SADD s a; GETDEL s; GETSET s 1",
    "SET a 1; GETEX a; GETEX a EX 1000; GETEX a PX 100000; GETEX a EXAT 9999999999; GETEX a PXAT 9999999999999; GETEX a PERSIST; GETEX a PERSIST; GETEX a EXAT 1; GETEX a EX 10",
    "SET a 1; GETEX a PX 1000000; GETEX a PXAT 1; EXISTS a",
    "INCR a; DECR a; INCRBY a 5; DECRBY a 2; INCR a; SET a x; INCR a; INCRBY a 0",
    "INCRBYFLOAT a 1.5; INCRBYFLOAT a 0; EXPIRE a 1000; INCRBYFLOAT a 0.1; incrbyfloat a 3e2; INCRBYFLOAT a x",
    "APPEND a x; APPEND a ''; APPEND b ''; SETRANGE a 0 y; SETRANGE a 5 z; SETRANGE a 0 ''; SETRANGE c 0 ''; SETRANGE c 3 x",
    "MSET a 1 b 2; MSETNX a 1 c 2; MSETNX c 1 d 2; MSET a 1 a 2",
    "GET a; MGET a b; STRLEN a; GETRANGE a 0 1; LCS a b",
    "CONFIG SET lazyfree-lazy-user-del yes; SET a 1; GETDEL a; SET a 1; DEL a; CONFIG SET lazyfree-lazy-user-del no; SET a 1; GETDEL a",
    "CONFIG SET lazyfree-lazy-expire yes; SET a 1; EXPIRE a -1; SET a 1; GETEX a EXAT 1; CONFIG SET lazyfree-lazy-expire no; SET a 1; EXPIRE a -1",
  ],
  bitmaps: [
    "SETBIT a 7 1; SETBIT a 7 1; SETBIT a 100 0; GETBIT a 1; SETBIT a x 1",
    "SET a abc; SET b xyz; BITOP AND c a b; BITOP NOT c none; BITOP OR c none none; BITOP XOR d none",
    "BITFIELD a SET u8 0 5; BITFIELD a SET u8 0 5; BITFIELD a GET u8 0; BITFIELD a INCRBY u8 0 0; BITFIELD a OVERFLOW SAT INCRBY u8 0 300; BITFIELD_RO a GET u8 0",
    "SET a ab; BITFIELD a OVERFLOW FAIL INCRBY u8 0 300; BITFIELD a OVERFLOW FAIL INCRBY u8 0 300 SET u8 0 1; BITFIELD a GET u8 0 SET u8 100 0; BITFIELD a",
    "BITCOUNT a; BITPOS a 1; SETBIT a 0 0; BITOP OR a a; BITOP NOT a a",
  ],
  generic: [
    "SET a 1; DEL a b; DEL a; SET a 1; UNLINK a b; unlink a; SET a 1; SET b 1; DEL a b a",
    "SET a 1; EXPIRE a 1000; PEXPIRE a 1000000; EXPIREAT a 9999999999; PEXPIREAT a 9999999999999; pexpireat a 9999999999998; PERSIST a; PERSIST a",
    "SET a 1; EXPIRE a 1000 NX; EXPIRE a 1000 NX; EXPIRE a 2000 XX gt; EXPIRE a 10 GT; EXPIRE a 100 lt; EXPIREAT a 9999999999 GT; PEXPIREAT a 1 gt; PEXPIREAT a 9999999999999 gt; EXPIRE b 10",
    "SET a 1; EXPIRE a 0; SET a 1; PEXPIRE a -1; SET a 1; EXPIREAT a 5; SET a 1; PEXPIREAT a 5; SET a 1; EXPIRE a -5 LT; EXPIRE a 5",
    "SET a 1; RENAME a b; RENAME b b; RENAME none b; SET a 1; RENAMENX a b; RENAMENX a c; RENAMENX c c",
    "SET a 1; COPY a b; COPY a b; COPY a b REPLACE; COPY a a DB 1; COPY a a DB 1; COPY a a DB 1 REPLACE; COPY none x",
    "SET a 1; MOVE a 1; MOVE a 1; SET a 2; MOVE a 1; SELECT 1; MOVE a 2; SELECT 2; GET a; SET a 3; SELECT 0; SET a 1",
    "SET a 1 EX 1000; MOVE a 1; COPY a b; SET a 1 EX 1000; COPY a b; RENAME b c",
    "SELECT 1; SET a 1; SELECT 0; SET a 1; SET b 1; SELECT 1; SET b 1; SWAPDB 0 1; SWAPDB 1 1; SET c 1; SWAPDB 0 99; SELECT 0; SET a 5",
    "FLUSHDB; SET a 1; FLUSHDB; FLUSHDB ASYNC; flushall; FLUSHALL SYNC; FLUSHALL x; SELECT 3; FLUSHDB",
    "TOUCH a; TYPE a; OBJECT ENCODING a; RANDOMKEY; DBSIZE; SCAN 0; KEYS *; TTL a; SET a 1; TOUCH a; RANDOMKEY; SCAN 0; OBJECT ENCODING a; DUMP a",
    "RESTORE a 0 '\\x00\\x01x\\n\\x00z\\xeb\\x84L\\x06\\x8dz\\xa7'; RESTORE a 0 x; RESTORE a x x",
    "SADD s 3 1 2; SORT s; SORT s STORE l; SORT none STORE l; SORT none STORE l; SORT s LIMIT 0 0 STORE l; SORT s BY nosort STORE l",
    "PUBLISH c m; SPUBLISH c m; SELECT 1; PUBLISH c m; publish c m; SUBSCRIBE; PUBLISH c",
    "DEBUG SET-ACTIVE-EXPIRE 1; DEBUG POPULATE 3; DEBUG POPULATE 3 p 10; DBSIZE; DEBUG RELOAD; DEBUG JMAP",
    "ECHO x; PING; INFO; CONFIG SET hz 20; CLIENT SETNAME x; TIME; COMMAND COUNT; WAIT 0 1; SWAPDB 2 3; ACL SETUSER u on",
  ],
  hashes: [
    "HSET h a 1 b 2; HSET h a 1; hset h a 2; HMSET h c 3; HSETNX h a 1; HSETNX h d 1; HDEL h x; HDEL h a x; HDEL h b c d; HDEL h a",
    "HINCRBY h a 5; HINCRBY h a 0; HINCRBYFLOAT h b 1.5; HINCRBYFLOAT h b 0; hincrbyfloat h b 0.1; HSET h c x; HINCRBY h c 1; HINCRBYFLOAT h c 1; HINCRBYFLOAT g x y",
    "HGET h a; HRANDFIELD h; HSCAN h 0; HGETALL h; HSET h a 1; HRANDFIELD h 5; HSTRLEN h a",
  ],
  lists: [
    "RPUSH l a b c; LPUSH l x; LPUSHX l y; RPUSHX none y; LPUSHX none y; RPUSHX l z; LSET l 0 q; LSET l 0 q; LSET l 99 q; LINSERT l BEFORE a n; LINSERT l AFTER none n; LREM l 0 a; LREM l 0 none",
    "RPUSH l a b c d e; LTRIM l 0 -1; LTRIM l 1 2; LTRIM l 5 1; LTRIM l 0 0; RPUSH l a; LTRIM l 0 -1",
    "RPUSH l a b c d e f; LPOP l; RPOP l 2; lpop l 0; LPOP l 100; LPOP l; LPOP l 2; RPOP none 0",
    "RPUSH l a b c d; LMPOP 2 none l LEFT; lmpop 1 l right COUNT 2; LMPOP 1 l LEFT COUNT 10; LMPOP 1 l LEFT",
    "RPUSH l a b c d; RPOPLPUSH l m; rpoplpush l l; LMOVE l m LEFT right; LMOVE none m LEFT LEFT; LMOVE m m LEFT RIGHT; RPUSH o a; LMOVE o o LEFT LEFT; LMOVE o p LEFT LEFT",
    "RPUSH l a b c d e f g; BLPOP none l 0; brpop l 0; BLMPOP 0 2 none l LEFT; BLMPOP 0 1 l RIGHT COUNT 2; BLMOVE l m left RIGHT 0; BLMOVE l m LEFT right 0; BRPOPLPUSH m m 0; blpop m 0",
    "BLPOP none 0.001; BLMOVE none none LEFT LEFT 0.001; BLMPOP 0.001 1 none LEFT; RPUSH l a; SET s x; BLMOVE l s LEFT LEFT 0; BLPOP s 0",
  ],
  sets: [
    "SADD s a b c; SADD s a; SADD s a d; SREM s x; SREM s a x; SREM s b c d; SREM s a; SMOVE s t a",
    "SADD s a b; SMOVE s t a; SMOVE s t x; SMOVE s s b; SMOVE s t b; SADD s a; SMOVE s t a",
    "SADD s a; SPOP s; SPOP s; SADD s a b; SPOP s 2; SPOP s 2; SADD s a b c; SPOP s 100; SADD s a; SPOP s 0; spop s 1",
    "SADD s a b; SADD t b c; SINTERSTORE d s t; SINTERSTORE d s none; SINTERSTORE d s none; SUNIONSTORE d s t; SDIFFSTORE d s t; SDIFFSTORE d s s; SUNIONSTORE d none",
    "SRANDMEMBER s; SADD s a; SRANDMEMBER s; SRANDMEMBER s 3; SMEMBERS s; SINTERCARD 1 s; SSCAN s 0",
  ],
  zsets: [
    "ZADD z 1 a; ZADD z 1 a; ZADD z 2 a; ZADD z NX 3 a; ZADD z XX 3 b; ZADD z GT 1 a; ZADD z LT CH 1 a; ZADD z INCR 1 a; ZADD z NX INCR 1 a; ZADD z INCR 0 a; ZINCRBY z 1 a; ZINCRBY z 0 a; ZADD z 1 a 2 b x c",
    "ZADD z 1 a 2 b 3 c 4 d; ZREM z x; ZREM z a x; ZREMRANGEBYRANK z 0 0; ZREMRANGEBYRANK z 5 9; ZREMRANGEBYSCORE z 3 3; ZREMRANGEBYSCORE z 99 99; ZREMRANGEBYLEX z - +; ZREM z a",
    "ZADD z 1 a 2 b 3 c 4 d 5 e; ZPOPMIN z; ZPOPMAX z 2; zpopmin z 0; ZPOPMIN z 10; ZPOPMIN z; ZPOPMAX z 2",
    "ZADD z 1 a 2 b 3 c 4 d 5 e; ZMPOP 2 none z MIN; zmpop 1 z max COUNT 2; ZMPOP 1 z MIN COUNT 10; ZMPOP 1 z MIN",
    "ZADD z 1 a 2 b 3 c 4 d 5 e; BZPOPMIN none z 0; bzpopmax z 0; BZMPOP 0 2 none z MIN; BZMPOP 0 1 z MAX COUNT 7; BZPOPMIN z 0.001; BZMPOP 0.001 1 z MIN",
    "ZADD z 1 a; ZADD y 2 a 3 b; ZUNIONSTORE d 2 z y; ZINTERSTORE d 2 z none; ZINTERSTORE d 2 z none; ZDIFFSTORE d 1 y; ZDIFFSTORE d 2 y y; ZRANGESTORE d y 0 -1; ZRANGESTORE d none 0 -1; ZRANGESTORE d none 0 -1",
    "ZRANGE z 0 -1; ZRANDMEMBER z; ZADD z 1 a; ZRANDMEMBER z 2; ZSCAN z 0; ZADD lex 0 a 0 b; ZRANGESTORE d lex [a [b BYLEX LIMIT 0 1]",
  ],
  geo: [
    "GEOADD g 13.361389 38.115556 a 15.087269 37.502669 b; geoadd g NX CH 13 38 a; GEOADD g xx 14 38 a; GEOADD g 500 38 a; GEOADD g XX 1 1 new",
    "GEOADD g 13.361389 38.115556 a; GEOSEARCHSTORE d g FROMMEMBER a BYRADIUS 1 km; GEOSEARCHSTORE d g FROMLONLAT 0 0 BYRADIUS 1 km; GEOSEARCHSTORE d none FROMLONLAT 0 0 BYRADIUS 1 km",
    "GEOADD g 13.361389 38.115556 a; GEORADIUS g 13 38 200 km STORE d; GEORADIUS g 0 0 1 km STOREDIST d; GEORADIUS g 13 38 200 km; GEORADIUSBYMEMBER g a 1 km STOREDIST d; GEORADIUS none 1 1 1 km STORE d",
  ],
  hyperloglog: [
    // SCAN reads from disk, so that what stands before it is run twice.
    "PFADD p a; MULTI; PFCOUNT p; SCAN 0; EXEC; PFADD p b; EVAL \"redis.call('PFCOUNT', 'p') return redis.call('SCAN', 0)\" 0",
    "PFADD p a b; PFADD p a; PFADD p c; PFADD q; PFADD q; PFCOUNT p; PFCOUNT p; PFADD p zzz; PFCOUNT p q; PFCOUNT p",
    "PFADD p a; PFADD q b; PFMERGE d p q; PFMERGE d p q; PFMERGE d; PFMERGE e; PFCOUNT d; SET s x; PFMERGE d s; PFADD s a",
    "PFADD p a; PFDEBUG ENCODING p; PFDEBUG GETREG p; PFDEBUG TODENSE p; PFDEBUG TODENSE p; PFCOUNT none; PFDEBUG DECODE p",
  ],
  streams: [
    "XADD x * f v; XADD x 99999999999999-1 f v; XADD x 99999999999999-* f v; xadd x 5-5 f v; XADD y NOMKSTREAM * f v; XADD y NOMKSTREAM 1-1 f v; XADD y 1-* f v; XADD y 1-* f v; XADD y 2 f v",
    "XADD x 1-1 f v; XADD x 2-1 f v; XADD x 3-1 f v; XADD x 4-1 f v; XADD x MAXLEN 2 5-1 f v; XADD x MAXLEN = 2 6-1 f v; XADD x MAXLEN ~ 2 7-1 f v; XADD x MAXLEN ~ 1 LIMIT 1 8-1 f v; XADD x MAXLEN ~ 1 LIMIT 10 * f v",
    "XADD x 1-1 f v; XADD x 2-1 f v; XADD x 3-1 f v; XADD x 4-1 f v; XADD x 5-1 f v; XADD x minid 2 6-1 f v; XADD x MINID ~ 5 7-1 f v; XADD x MINID ~ 99 LIMIT 0 8-1 f v; XADD x MINID ~ 0 9-1 f v",
    "XADD x 1-1 f v; XADD x 2-1 f v; XADD x 3-1 f v; XADD x 4-1 f v; XTRIM x MAXLEN ~ 1 LIMIT 1; XTRIM x MAXLEN ~ 2; XTRIM x MAXLEN 10; XTRIM x MAXLEN = 1; XTRIM x MINID ~ 99; XTRIM x MINID 99; XTRIM x MAXLEN ~ 0; XTRIM none MAXLEN 1",
    "XADD x 1-1 f v; XADD x 2-1 f v; XADD x 3-1 f v; XADD x 4-1 f v; XDEL x 1-1; XDEL x 4-1; XTRIM x MINID ~ 4-1; XADD x MAXLEN ~ 0 9-1 f v; XTRIM x MAXLEN ~ 0",
    "XADD x 1-1 f v; XDEL x 1-1; XDEL x 1-1; XDEL none 1; XSETID x 5-0; XSETID x 5-0 ENTRIESADDED 10 MAXDELETEDID 1-1; XSETID x 1-0; XSETID none 1-0; XTRIM x MAXLEN ~ 0; XTRIM x MINID ~ 5",
    "XGROUP CREATE x g $ MKSTREAM; XGROUP CREATE x g $; XGROUP CREATE x h 0 ENTRIESREAD 0; XGROUP SETID x g $; XGROUP SETID x g 0 ENTRIESREAD 5; XGROUP CREATECONSUMER x g c; XGROUP CREATECONSUMER x g c; XGROUP DELCONSUMER x g none; XGROUP DELCONSUMER x g c; XGROUP DESTROY x g; XGROUP DESTROY x g",
    "XADD x 1-1 f v; XADD x 2-1 f v; XGROUP CREATE x g 0; XREADGROUP GROUP g c COUNT 1 STREAMS x >; XREADGROUP GROUP g c STREAMS x >; XREADGROUP GROUP g c STREAMS x >; XREADGROUP GROUP g c STREAMS x 0; XREADGROUP GROUP g d STREAMS x 0; XREADGROUP GROUP g d BLOCK 1 STREAMS x >; XACK x g 1-1; XACK x g 1-1",
    "XADD x 1-1 f v; XADD x 2-1 f v; XGROUP CREATE x g 0; XREADGROUP GROUP g c NOACK COUNT 1 STREAMS x >; XREADGROUP GROUP g d NOACK STREAMS x 0; XREADGROUP GROUP g d NOACK STREAMS x >; XREADGROUP GROUP g e NOACK STREAMS x >; XREADGROUP GROUP none c STREAMS x >",
    "XADD x 1-1 f v; XADD y 1-1 f v; XGROUP CREATE x g 0; XGROUP CREATE y g 0 ENTRIESREAD 7; XREADGROUP GROUP g c NOACK STREAMS x y > >; XADD x 2-1 f v; XADD y 2-1 f v; XREADGROUP GROUP g c STREAMS x y > >; XREADGROUP GROUP g c STREAMS x y 0 >; XGROUP SETID x g 0; XREADGROUP GROUP g d STREAMS x >",
    "XADD x 1-1 f v; XADD x 2-1 f v; XADD x 3-1 f v; XGROUP CREATE x g 0; XREADGROUP GROUP g c STREAMS x >; XCLAIM x g d 0 1-1; XCLAIM x g d 0 2 2-1 JUSTID; XCLAIM x g d 999999 1-1; XCLAIM x g d 0 9-9; XCLAIM x g d 0 9-9 LASTID 7-7; XDEL x 2-1; XCLAIM x g e 0 2-1 1-1; XCLAIM x g e 0 3-1 TIME 1000000000000 RETRYCOUNT 5 LASTID 99-1",
    "XADD x 1-1 f v; XADD x 2-1 f v; XADD x 3-1 f v; XGROUP CREATE x g 0; XCLAIM x g c 0 1-1; XCLAIM x g c 0 1 1-1 FORCE IDLE 5; xclaim x g c 0 3-1 force; XREADGROUP GROUP g c STREAMS x >; XDEL x 2-1 3-1; XAUTOCLAIM x g d 0 0 COUNT 2; XAUTOCLAIM x g d 0 0 JUSTID; XAUTOCLAIM x g d 999999 0; XAUTOCLAIM x g none 0 0; XAUTOCLAIM x none d 0 0",
    "XREAD STREAMS x 0; XADD x 1-1 f v; XREAD STREAMS x 0; XREAD BLOCK 1 STREAMS x $; XINFO STREAM x; XRANGE x - +; XPENDING x g",
  ],
  transactions: [
    "MULTI; SET a 1; EXEC; MULTI; SET a 1; INCR a; EXEC; MULTI; EXEC; MULTI; GET a; EXEC; MULTI; GET a; SET b 1; EXEC; MULTI; SET a 1; DISCARD",
    "MULTI; SET a 1; SELECT 1; SET a 1; SELECT 2; EXEC; SET a 1; MULTI; SELECT 3; SET a 1; SET b 1; EXEC; SELECT 0; MULTI; SET a 1; SELECT 1; GET a; EXEC",
    "SET s x; MULTI; INCR s; LPUSH s 1; EXEC; MULTI; INCR s; SET b 1; EXEC; MULTI; SET a 1; NOSUCH; EXEC; WATCH a; MULTI; SET a 1; EXEC",
    "MULTI; SET a 1 EX 1000; GETDEL a; PUBLISH c m; FLUSHDB; BLPOP none 0; XADD x * f v; SADD s a; SPOP s; EXEC",
    "MULTI; SELECT 5; PUBLISH c m; EXEC; MULTI; PUBLISH c m; PUBLISH c m; EXEC; SELECT 0",
    "MULTI; EVAL \"redis.call('SET', 'a', 1) redis.call('SET', 'b', 1)\" 0; SET c 1; EXEC; MULTI; EVAL 'return 1' 0; EXEC",
    "RPUSH l a b; MULTI; BLPOP l 0; BRPOPLPUSH l m 0; EXEC; MULTI; SWAPDB 0 1; SET a 1; SWAPDB 0 1; EXEC; MULTI; MOVE a 1; COPY m n DB 2; EXEC",
  ],
  scripting: [
    "CONFIG SET busy-reply-threshold 1; EVAL \"redis.call('SET', 'a', 1) for i = 1, 2000000 do end redis.call('SET', 'b', 1)\" 0; MULTI; SET c 1; EVAL \"redis.call('SET', 'a', 1) for i = 1, 2000000 do end\" 0; SET d 1; EXEC; CONFIG SET busy-reply-threshold 5000",
    "EVAL \"return redis.call('SET', 'a', 1)\" 0; EVAL \"redis.call('SET', 'a', 1) redis.call('INCR', 'a')\" 0; EVAL 'return 1' 0; EVAL \"return redis.call('GET', 'a')\" 0; EVAL_RO \"return redis.call('GET', 'a')\" 0",
    "EVAL \"redis.call('SET', 'a', 1) return redis.error_reply('x')\" 0; EVAL \"redis.call('SET', 'a', 1) error('x')\" 0; EVAL \"redis.pcall('INCR', 'none', 1) redis.call('SET', 'a', 'x') redis.pcall('INCR', 'a')\" 0",
    "EVAL \"redis.call('SET', 'a', 1, 'EX', 1000) redis.call('PUBLISH', 'c', 'm') redis.call('XADD', 'x', '*', 'f', 'v') redis.call('EXPIRE', 'a', -1)\" 0; EVAL \"redis.call('PUBLISH', 'c', 'm')\" 0",
    "EVAL \"redis.call('SELECT', 1) redis.call('SET', 'a', 1) redis.call('SELECT', 2) redis.call('SET', 'a', 1)\" 0; SET a 1; EVAL \"redis.call('SELECT', 1) redis.call('SET', 'a', 1)\" 0",
    "EVAL \"redis.set_repl(redis.REPL_NONE) redis.call('SET', 'a', 1) redis.set_repl(redis.REPL_ALL) redis.call('SET', 'b', 1)\" 0; EVAL \"redis.set_repl(redis.REPL_AOF) redis.call('SET', 'a', 1) redis.set_repl(redis.REPL_REPLICA) redis.call('SET', 'b', 1)\" 0; SET c 1",
    "EVAL \"redis.set_repl(redis.REPL_NONE) redis.call('SET', 'a', 1)\" 0; SET c 1; MULTI; EVAL \"redis.set_repl(redis.REPL_NONE) redis.call('SET', 'a', 1)\" 0; SET a 2; EXEC",
    "XADD x 1-1 f v; XGROUP CREATE x g 0; EVAL \"redis.set_repl(redis.REPL_NONE) redis.call('XREADGROUP', 'GROUP', 'g', 'c', 'STREAMS', 'x', '>') redis.call('SADD', 's', 'a', 'b')\" 0",
    "SCRIPT LOAD 'return 1'; SCRIPT FLUSH; SCRIPT EXISTS x; EVALSHA e0e1f9fabfc9d4800c877a703b823ac0578ff8db 0; EVAL \"redis.replicate_commands() return redis.call('SET', 'a', redis.call('TIME')[1] * 0)\" 0",
    "FUNCTION LOAD \"#!lua name=l\\nredis.register_function('f', function(k) redis.call('SET', k[1], 1) return redis.call('INCR', k[1]) end)\"; FCALL f 1 a; FCALL f 1 a; FUNCTION DELETE l; FUNCTION DELETE l; FUNCTION FLUSH; FUNCTION FLUSH ASYNC; FUNCTION LIST",
    "FUNCTION LOAD \"#!lua name=l\\nredis.register_function('f', function() return 1 end)\"; FUNCTION LOAD \"#!lua name=l\\nredis.register_function('f', function() return 2 end)\"; function load replace \"#!lua name=l\\nredis.register_function('f', function() return 2 end)\"; FUNCTION DUMP; FUNCTION RESTORE x; FCALL f 0; FCALL_RO f 0",
  ],
};

describe.each(Object.keys(GROUPS))("%s", (group) => {
  test.each(GROUPS[group]!)("%s", async (line) => {
    await reset();
    for (const command of commandsIn(line)) expectSame(await told([command]), command.join(" "));
  });
});

function expectSame(both: BothTold, what = ""): void {
  const difference = differenceOf(both);
  expect(difference, `${what}\n${difference}`).toBeUndefined();
}

/** Clients wait, then another writes: what serves those who waited is told behind what served them. */
const WAITING: readonly (readonly [waiting: readonly string[], line: string])[] = [
  [["BLPOP q 0"], "LPUSH q a"],
  [["BLPOP q 0", "BRPOP q 0"], "RPUSH q a b c"],
  [["BRPOP q r 0", "BLPOP r 0"], "MULTI; LPUSH r a; LPUSH q a b; EXEC"],
  [["blmove q r left right 0"], "LPUSH q a"],
  [["BLMOVE q r LEFT RIGHT 0", "BLPOP r 0"], "LPUSH q a"],
  [["BRPOPLPUSH q q 0"], "LPUSH q a"],
  [["BRPOPLPUSH q s 0", "BLPOP q 0"], "SADD s x; LPUSH q a"],
  [["BLMPOP 0 2 q r LEFT COUNT 3", "BLMPOP 0 1 r RIGHT COUNT 1"], "RPUSH r a b; RPUSH r c"],
  [["BZPOPMIN z 0", "BZPOPMAX z 0"], "ZADD z 1 a 2 b 3 c"],
  [["BZMPOP 0 1 z MIN COUNT 2", "BZMPOP 0 2 y z MAX"], "ZADD z 1 a 2 b 3 c; ZADD y 1 a"],
  [["XREAD BLOCK 0 STREAMS x $"], "XADD x 1-1 f v"],
  [["XREADGROUP GROUP g c BLOCK 0 STREAMS x >"], "XADD x 1-1 f v; XADD x 2-1 f v"],
  [
    [
      "XREADGROUP GROUP g c BLOCK 0 NOACK STREAMS x >",
      "XREADGROUP GROUP g d BLOCK 0 COUNT 1 STREAMS x >",
      "XREADGROUP GROUP g c BLOCK 0 STREAMS w x > >",
    ],
    "MULTI; XADD x 1-1 f v; XADD x 2-1 f v; EXEC; XADD x 3-1 f v; DEL x",
  ],
  [["BLPOP q 0"], "SADD s a; RENAME s q; DEL q; SADD t 1 2; SORT t STORE q"],
  [["BLPOP q 0", "BLPOP q 0"], "EVAL \"redis.call('RPUSH', 'q', 'a', 'b') redis.call('SET', 'k', 1)\" 0"],
  [["BLPOP q 0"], "SELECT 1; RPUSH q a; MOVE q 0; SET k 1"],
  [["BLPOP q 0"], "SELECT 1; RPUSH q a; SWAPDB 0 1"],
  [["BLPOP q 0"], "RPUSH o a b; COPY o q; RESTORE q 0 x"],
  // What comes too late is removed by who met it, as active expiry is off.
  [["BLPOP q 0"], "MULTI; RPUSH q a; PEXPIRE q 1; DEBUG SLEEP 0.01; EXEC; SET k 1"],
  [["BRPOP q 0"], "SELECT 1; RPUSH q a; PEXPIRE q 1; DEBUG SLEEP 0.01; SWAPDB 0 1; SET k 1"],
];

describe("clients that waited", () => {
  test.each(WAITING)("%j, then %s", async (waiting, line) => {
    await reset();
    await told([
      ["XGROUP", "CREATE", "x", "g", "0", "MKSTREAM"],
      ["XGROUP", "CREATE", "w", "g", "0", "MKSTREAM"],
    ]);
    const waiters: Client[] = [];
    for (const [i, server] of servers.entries()) {
      for (const command of waiting) {
        const waiter = await server.connect();
        waiters.push(waiter);
        waiter.sendRaw(...commandsIn(command)[0]!).catch(() => {});
        await areWaiting(askers[i]!, waiters.length - i * waiting.length);
      }
    }
    try {
      for (const command of commandsIn(line)) expectSame(await told([command]), command.join(" "));
    } finally {
      for (const waiter of waiters) await waiter.close();
      for (const asker of askers) await areWaiting(asker, 0);
    }
  });
});

/** Waits until so many clients of a server wait. */
async function areWaiting(asker: Client, count: number): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const info = (await asker.send("INFO", "clients")) as string;
    if (info.includes(`blocked_clients:${count}\r`)) return;
    if (Date.now() > deadline) throw new Error(`not ${count} clients wait:\n${info}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** Reads and writes of keys whose time is over, before anything else removes them: `k` and `l`, `q` in database 1. */
const AFTER_EXPIRY = [
  ...[
    "GET k",
    "SET k 2",
    "SET k 2 NX",
    "SET k 2 XX",
    "SET k 2 GET",
    "INCR k",
    "SADD k a",
    "DEL k",
    "DEL k l",
  ],
  ...["EXISTS k", "TYPE k", "TTL k", "EXPIRE k 10", "RENAME k l", "RENAME a k", "COPY k l", "COPY a k"],
  ...["MSET k 1 l 2", "MGET k k l", "GETDEL k", "PERSIST k", "OBJECT ENCODING k", "TOUCH k", "UNLINK k"],
  ...["APPEND k x", "MSETNX k 1 b 2", "GETEX k", "SETRANGE k 0 x", "BITOP AND d k l", "PFCOUNT k l"],
  ...["MOVE k 2", "MOVE a 1", "SUNIONSTORE d k l", "SMOVE k l x", "LMOVE k l LEFT LEFT", "RPOPLPUSH k l"],
  ...[
    "BLPOP k l 0.001",
    "XADD k 1-1 f v",
    "XREAD STREAMS k 0",
    "SORT k STORE d",
    "SINTERSTORE d k a",
    "DUMP k",
  ],
  ...["RESTORE k 0 x", "FLUSHDB", "SWAPDB 0 1", "STRLEN k", "KEYS *"],
  "MULTI; GET k; GET l; EXEC",
  "MULTI; SET a 2; GET k; SET l 1; EXEC",
  "MULTI; SELECT 1; GET q; SELECT 0; GET k; EXEC",
  "SELECT 1; GET q; SET a 1",
  "EVAL \"redis.call('GET', 'k') redis.call('SET', 'a', 1) return redis.call('GET', 'l')\" 0",
  "EVAL \"redis.set_repl(redis.REPL_NONE) redis.call('SET', 'k', 1)\" 1 k",
  "EVAL 'return 1' 1 k",
  "CONFIG SET lazyfree-lazy-expire yes; GET k; SET l 1; CONFIG SET lazyfree-lazy-expire no",
];

describe("keys whose time is over", () => {
  test.each(AFTER_EXPIRY)("%s", async (line) => {
    await reset();
    const setting = "SET k 1 PX 1; SET l 1 PX 1; SET a 1; SELECT 1; SET q 1 PX 1; SELECT 0";
    await told(commandsIn(setting));
    await haveExpired();
    for (const command of commandsIn(line)) expectSame(await told([command]), command.join(" "));
  });

  test.each(["SCAN 0", "RANDOMKEY", "MULTI; SCAN 0; EXEC"])("%s, in the server's own order", async (line) => {
    await reset();
    await told(commandsIn("SET k 1 PX 1; SET l 1 PX 1"));
    await haveExpired();
    const [redis, tested] = (await told(commandsIn(line))).map((commands) =>
      commands.map((words) => words.join(" ")),
    );
    expect(tested!.toSorted()).toEqual(redis!.toSorted());
    expect(tested!.indexOf("MULTI")).toBe(redis!.indexOf("MULTI"));
    expect(tested!.indexOf("EXEC")).toBe(redis!.indexOf("EXEC"));
  });

  test("that nobody asks for are told one by one", async () => {
    await reset();
    const setting = "SET k 1 PX 1; SET l 1 PX 1; MSET a 1 b 2; SELECT 1; SET q 1 PX 1; SELECT 0";
    await told(commandsIn(setting));
    await haveExpired();
    // What is told of it may come at once, and is for the loop below.
    for (const client of clients) await client.send("DEBUG", "SET-ACTIVE-EXPIRE", "1");
    for (const [i, feed] of feeds.entries()) {
      const words = new Set<string>();
      let removed: string[] = [];
      while (removed.length < 3) {
        const commands = await feed.toldUntil(askers[i]!, ([name]) => name === "DEL");
        for (const [word] of commands) words.add(word!);
        removed = [...removed, ...commands.filter(([name]) => name === "DEL").map(([, key]) => key!)];
      }
      expect(removed.toSorted()).toEqual(["k", "l", "q"]);
      expect([...words].toSorted()).toEqual(["DEL", "SELECT"]);
    }
    expect(await toldSoFar()).toEqual([[], []]);
  });
});

/** Servers and test share a clock: what was set to live for a millisecond before is past in a few. */
async function haveExpired(): Promise<void> {
  const beginMs = Date.now();
  while (Date.now() < beginMs + 5) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe("what is drawn", () => {
  test.each(["3 of strings", "18 of strings", "3 of integers", "17 of integers"])("SPOP %s", async (what) => {
    await reset();
    const [count, , kind] = what.split(" ");
    const members = Array.from({ length: 20 }, (_, i) => (kind === "strings" ? `m${i}` : String(i)));
    await told([["SADD", "s", ...members]]);
    const popped = await Promise.all(clients.map((client) => client.send("SPOP", "s", count!)));
    const both = await toldSoFar();
    both.forEach((commands, i) => {
      const removals = (popped[i] as string[]).map((member) => ["SREM", "s", member]);
      expect(commands).toEqual([["MULTI"], ...removals, ["EXEC"]]);
    });
  });

  test("SPOP of one", async () => {
    await reset();
    await told([["SADD", "s", "a", "b", "c"]]);
    const popped = await Promise.all(clients.map((client) => client.send("SPOP", "s")));
    expect(await toldSoFar()).toEqual(popped.map((member) => [["SREM", "s", member]]));
  });
});

test("MIGRATE is told as the removal of what was taken", async () => {
  await reset();
  // Each server's keys go to the other.
  const lines = servers.map((_, i) => {
    const { port } = servers[1 - i]!;
    return [
      ["MSET", "a", "1", "b", "2", "c", "3"],
      ["MIGRATE", "127.0.0.1", String(port), "", "5", "5000", "KEYS", "a", "none", "b"],
      ["MIGRATE", "127.0.0.1", String(port), "c", "5", "5000", "COPY", "REPLACE"],
      ["MIGRATE", "127.0.0.1", String(port), "none", "5", "5000"],
    ];
  });
  for (const [i, commands] of lines.entries()) await clients[i]!.pipelineRaw(commands);
  const migrated = (await toldSoFar()).map((commands) =>
    commands.filter(([name]) => !/^(?:SELECT|RESTORE)$/.test(name!)),
  );
  expect(migrated[1]).toEqual(migrated[0]);
  expect(migrated[0]).toContainEqual(["DEL", "a", "b"]);
});

test("leveldis' own commands are told as they came", async () => {
  await reset();
  const line =
    "SET a abc; STRTRUNCATE a 3; STRTRUNCATE a 2; STRDIGEST a SHA1; HSETRANGE h f 2 x; HSETRANGE h f 0 ''";
  const [, tested] = await told(commandsIn(line));
  expect(tested.map((words) => words.join(" "))).toEqual([
    ...["SET a abc", "STRTRUNCATE a 2", "HSETRANGE h f 2 x"],
  ]);
});
