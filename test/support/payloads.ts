import { crc64 } from "../../src/support/crc64.ts";
import type { Argument } from "./client.ts";

/** Commands that make a key of every type, in every encoding that Redis has for it. */
export const everyEncoding: readonly (readonly Argument[])[] = [
  ["SET", "text", "hello"],
  ["SET", "empty", ""],
  ["SET", "binary", Buffer.from(Array.from({ length: 256 }, (_, i) => i))],
  ...[12, -7, 300, -30_000, 70_000, -2_000_000_000, 12_345_678_901_234].map((n) => ["SET", `int:${n}`, n]),
  ["SET", "repeats", "abcdefgh".repeat(200)],
  ["SET", "long", `${"0123456789".repeat(60_000)}end`],
  ["SETRANGE", "holes", 700_000, "end"],
  ["HSET", "hash:small", "f", "v", "n", 17, "", "empty field", "long", "x".repeat(64)],
  ["HSET", "hash:long", "f", "x".repeat(65)],
  ["HSET", "hash:many", ...Array.from({ length: 600 }, (_, i) => [`f${i}`, i * 1000]).flat()],
  ["SADD", "set:int16", 3, 1, -2],
  ["SADD", "set:int32", 3, 70_000],
  ["SADD", "set:int64", 3, "12345678901"],
  ["SADD", "set:text", "a", "b", "17"],
  ["SADD", "set:many", ...Array.from({ length: 700 }, (_, i) => `member ${i}`)],
  ["ZADD", "zset:small", 1, "a", "-2.5", "b", "inf", "c", "-inf", "d", 1, "e", "1e300", "f"],
  ["ZADD", "zset:long", 1, "x".repeat(65)],
  ["ZADD", "zset:many", ...Array.from({ length: 300 }, (_, i) => [i / 7 - 20, `m${i}`]).flat()],
  ["RPUSH", "list:small", "a", 17, "", "x".repeat(70), -5000],
  ["RPUSH", "list:long", ...Array.from({ length: 60 }, (_, i) => "item".repeat(100) + String(i))],
  ["RPUSH", "list:plain", "small", "y".repeat(10_000), "small"],
  ["PFADD", "hll", "a", "b", "c"],
  ["GEOADD", "geo", "13.361389", "38.115556", "Palermo", "15.087269", "37.502669", "Catania"],
  ["XADD", "stream", "1-1", "f", "v"],
  ["XADD", "stream", "1-2", "f", "other", "g", "w"],
  ["XADD", "stream", "5-0", "f", "last"],
  ["XADD", "stream", "6-0", "h", "i"],
  ["XDEL", "stream", "1-2"],
  ["XGROUP", "CREATE", "stream", "group", "0"],
  ["XREADGROUP", "GROUP", "group", "one", "COUNT", 1, "STREAMS", "stream", ">"],
  ["XREADGROUP", "GROUP", "group", "two", "COUNT", 1, "STREAMS", "stream", ">"],
  ["XGROUP", "CREATECONSUMER", "stream", "group", "idle"],
  ["XGROUP", "CREATE", "stream", "behind", "5-0", "ENTRIESREAD", 2],
  ...Array.from({ length: 250 }, (_, i) => [
    "XADD",
    "stream:many",
    `${i + 1}-0`,
    "n",
    i,
    "s",
    "x".repeat(20),
  ]),
  ["XGROUP", "CREATE", "stream:empty", "group", "$", "MKSTREAM"],
];

/** The payload with a checksum that is right for what is in it now. */
export function withChecksum(payload: Buffer): Buffer {
  const body = payload.subarray(0, -8);
  return Buffer.concat([body, Buffer.from(crc64(body.latin1Slice()), "latin1")]);
}
