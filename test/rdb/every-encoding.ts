import { randomBytes } from "node:crypto";
import type { Argument, Client } from "../support/client.ts";

const ALL_BYTES = Buffer.from(Array.from({ length: 256 }, (_, i) => i));

/** More than a loader holds in memory of one collection. */
const MANY = 34_000;

const numbered = (count: number, nth: (i: number) => readonly Argument[]): Argument[] =>
  Array.from({ length: count }, (_, i) => nth(i)).flat();

const small: readonly (readonly Argument[])[] = [
  ["SET", "empty", ""],
  ["SET", ALL_BYTES, ALL_BYTES],
  ["SET", "", "the empty key"],
  ...[
    "0",
    "-1",
    "127",
    "-128",
    "128",
    "32767",
    "-32769",
    "2147483647",
    "-2147483649",
    "9007199254740993",
  ].map((n) => ["SET", `int:${n}`, n]),
  ["SET", "leading-zero", "007"],
  ["SET", "repeated", "ab".repeat(10_000)],
  ["SET", "long:repeated", "abc".repeat(200_000)],
  ["SET", "long:random", randomBytes(300_000)],
  ["SETBIT", "long:sparse", 4_000_000, 1],
  ["SET", "expires", "soon", "EX", 1000],
  ["SET", "expires:late", "in the year 2286", "PXAT", 9_999_999_999_999],

  ["RPUSH", "list:small", "a", "1", "-70000", ALL_BYTES, ""],
  ["RPUSH", "list:nodes", ...numbered(500, (i) => [`element ${i} ${"x".repeat(i % 70)}`])],
  ["RPUSH", "list:large-elements", randomBytes(20_000), "small", randomBytes(100_000)],
  ["RPUSH", "list:expires", 1, 2, 3],
  ["EXPIRE", "list:expires", 5000],

  ["SADD", "set:int16", 1, 2, -300],
  ["SADD", "set:int32", 1, 2, 70_000],
  ["SADD", "set:int64", 1, 2, "-9223372036854775808", "9223372036854775807"],
  ["SADD", "set:members", "a", "b", ALL_BYTES, "7"],
  ["SADD", "set:many", ...numbered(1000, (i) => [`member ${i}`])],

  ["HSET", "hash:small", "field", "value", "n", "12345", ALL_BYTES, ALL_BYTES, "", ""],
  ["HSET", "hash:long-value", "field", "x".repeat(100)],
  ["HSET", "hash:fields", ...numbered(600, (i) => [`f${i}`, i * i])],

  ["ZADD", "zset:small", 1, "a", "-1.5", "b", "inf", "c", "-inf", "d", 0.1, "e", 1, ALL_BYTES],
  ["ZADD", "zset:tie", 0, "b", 0, "a", 0, "c"],
  ["ZADD", "zset:large", ...numbered(300, (i) => [i / 7, `member:${i}`]), "-0", "minus-zero", 1e300, "huge"],
];

const streams: readonly (readonly Argument[])[] = [
  ["XADD", "stream", "1-1", "field", "value"],
  ["XADD", "stream", "1-2", "field", "same fields"],
  ["XADD", "stream", "5-0", "other", "fields", "and", ALL_BYTES],
  ["XADD", "stream", "18446744073709551615-1", "far", "-5000000000"],
  ["XDEL", "stream", "1-2"],
  ["XGROUP", "CREATE", "stream", "all", "0"],
  ["XGROUP", "CREATE", "stream", "none", "$", "ENTRIESREAD", "3"],
  ["XGROUP", "CREATE", "stream", "unknown", "2-0"],
  ["XGROUP", "CREATECONSUMER", "stream", "all", "idle"],
  ["XREADGROUP", "GROUP", "all", "alice", "COUNT", "2", "STREAMS", "stream", ">"],
  ["XREADGROUP", "GROUP", "all", "bob", "STREAMS", "stream", ">"],
  ["XCLAIM", "stream", "all", "bob", "0", "1-1", "RETRYCOUNT", "7", "TIME", "1600000000000"],
  ["XADD", "stream:emptied", "7-7", "a", "b"],
  ["XDEL", "stream:emptied", "7-7"],
  ["XGROUP", "CREATE", "stream:group-only", "group", "$", "MKSTREAM"],
  ["XADD", "stream:trimmed", "1-0", "n", "0"],
  ...numbered(3, (i) => [i]).flatMap((round) =>
    Array.from({ length: 150 }, (_, i) => [
      "XADD",
      "stream:trimmed",
      `${Number(round) + 2}-${i}`,
      "n",
      i,
      ...(i % 50 === 0 ? ["extra", "x".repeat(i)] : []),
    ]),
  ),
  ["XTRIM", "stream:trimmed", "MAXLEN", "260"],
  ["XDEL", "stream:trimmed", "3-20", "3-21"],
  ["XGROUP", "CREATE", "stream:trimmed", "g", "0"],
  ["XREADGROUP", "GROUP", "g", "c", "COUNT", "150", "STREAMS", "stream:trimmed", ">"],
  ["XACK", "stream:trimmed", "g", "3-30"],
];

const MANY_ELEMENTS = `
for i = 1, ${MANY} do
  redis.call('HSET', 'many:hash', 'field ' .. i, i)
  redis.call('SADD', 'many:set', 'member ' .. i)
  redis.call('ZADD', 'many:zset', i % 1000, 'member ' .. i)
  redis.call('RPUSH', 'many:list', 'element ' .. i)
end
for i = 1, 2000 do redis.call('SET', 'key:' .. i, i) end
for i = 1, 6000 do redis.call('XADD', 'many:stream', i .. '-0', 'n', i, 'text', string.rep('x', i % 900)) end
redis.call('XGROUP', 'CREATE', 'many:stream', 'g', '0')
for i = 1, 3 do redis.call('XREADGROUP', 'GROUP', 'g', 'c' .. i, 'COUNT', 1500, 'STREAMS', 'many:stream', '>') end
return 'OK'`;

/** Fills an empty redis-server with all types in all the encodings that it has. */
export async function fillWithEverything(redis: Client): Promise<void> {
  await run(redis, [
    ...small,
    // What is longer gets a node of its own.
    ["DEBUG", "QUICKLIST-PACKED-THRESHOLD", "1000b"],
    ["RPUSH", "list:plain", "small", "y".repeat(5000), "small again"],
    ["DEBUG", "QUICKLIST-PACKED-THRESHOLD", "0"],
    ...streams,
    ["SELECT", 3],
    ["SET", "in", "3"],
    ["SELECT", 15],
    ["HSET", "in", "database", "15"],
    ["EXPIRE", "in", 100_000],
    ["SELECT", 0],
  ]);
}

/** The same without what is long. */
export async function fillWithSmall(redis: Client): Promise<void> {
  const sizeOf = (command: readonly Argument[]): number =>
    command.reduce<number>(
      (sum, argument) => sum + (Buffer.isBuffer(argument) ? argument.length : String(argument).length),
      0,
    );
  await run(redis, [...small.filter((command) => sizeOf(command) < 2000), ...streams]);
}

/** Collections that take several batches, and are never in memory as a whole. */
export async function fillWithLarge(redis: Client): Promise<void> {
  await run(redis, [["EVAL", MANY_ELEMENTS, 0]]);
}

async function run(client: Client, commands: readonly (readonly Argument[])[]): Promise<void> {
  const replies = await client.pipeline(commands);
  const failed = replies.findIndex((reply) => reply instanceof Error);
  if (failed >= 0) throw new Error(`${String(commands[failed]![0])}: ${String(replies[failed])}`);
}
