import { Random } from "../../src/support/random.ts";
import type { Client } from "../support/client.ts";

type Command = readonly (string | number | Buffer)[];

/** Far from now, and the same in every run. */
const EXPIRES_AT_MS = 4_000_000_000_123;

/** All that a file must be able to hold: every type, in every encoding that Redis has for it. */
export async function generate(client: Client, options: { readonly streams?: boolean } = {}): Promise<void> {
  const random = new Random(20_261_121);
  const run = async (commands: readonly Command[]): Promise<void> => {
    for (let at = 0; at < commands.length; at += 500) {
      for (const reply of await client.pipelineRaw(commands.slice(at, at + 500)))
        if (reply[0] === 0x2d) throw new Error(reply.latin1Slice());
    }
  };
  await run([...strings(random), ...hashes(random), ...sets(), ...sortedSets(random), ...lists(random)]);
  if (options.streams !== false) await run(streams(random));
  await run([...keys(), ...expiries()]);
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

const noise = (random: Random, length: number): Buffer =>
  Buffer.from(Uint8Array.from({ length }, () => random.below(256)));

const ALL_BYTES = Buffer.from(range(256));

const INTEGERS = [
  ...["0", "-1", "12", "13", "127", "128", "-128", "-129", "4095", "-4096", "4096", "32767", "-32768"],
  ...["32768", "8388607", "-8388608", "8388608", "2147483647", "-2147483648", "2147483648"],
  ...["9007199254740993", "9223372036854775807", "-9223372036854775808", "9223372036854775808"],
  ...["007", "-0", "+5", " 1", "1.5", "12345678901"],
];

function strings(random: Random): Command[] {
  const commands: Command[] = INTEGERS.map((text, i) => ["SET", `string:integer:${i}`, text]);
  const lengths = [0, 1, 19, 20, 21, 63, 64, 16_383, 16_384, 70_000, 300_000];
  for (const length of lengths) {
    commands.push(["SET", `string:repeated:${length}`, "abcabcabd".repeat(length).slice(0, length)]);
    commands.push(["SET", `string:noise:${length}`, noise(random, length)]);
  }
  commands.push(["SET", "string:bytes", ALL_BYTES]);
  commands.push(["SETRANGE", "string:hole", 1_500_000, "behind the hole"]);
  commands.push(["SETRANGE", "string:hole", 700_000, "in it"]);
  commands.push(["APPEND", "string:appended", "12"], ["APPEND", "string:appended", "34"]);
  return commands;
}

function hashes(random: Random): Command[] {
  return [
    ["HSET", "hash:one", "field", "value"],
    ["HSET", "hash:integers", ...INTEGERS.flatMap((text, i) => [text, INTEGERS[INTEGERS.length - 1 - i]!])],
    ["HSET", "hash:bytes", ALL_BYTES.subarray(0, 60), noise(random, 60), "", ""],
    ["HSET", "hash:long value", "field", "x".repeat(70), ALL_BYTES, ALL_BYTES],
    ["HSET", "hash:many", ...range(700).flatMap((i) => [`field:${i}`, i % 3 === 0 ? i : `value ${i}`])],
    ["HSET", "hash:very many", ...range(3000).flatMap((i) => [`f${i}`, noise(random, i % 40)])],
  ];
}

function sets(): Command[] {
  return [
    ["SADD", "set:int16", ...range(300).map((i) => i - 150)],
    ["SADD", "set:int32", 1, -2, 70_000, -70_000],
    ["SADD", "set:int64", 1, "9223372036854775807", "-9223372036854775808"],
    ["SADD", "set:many integers", ...range(1000)],
    ["SADD", "set:few", "a", "b", "", "1", ALL_BYTES],
    ["SADD", "set:many", ...range(700).map((i) => `member ${i}`)],
    ["SADD", "set:very many", ...range(5000).map((i) => `m${i}`)],
  ];
}

const SCORES = [
  ...["0", "1", "-1", "1.5", "0.1", "1e300", "-1e-300", "inf", "-inf", "3.0000000000000004", "1e17"],
  ...["9007199254740992", "-9007199254740993", "5e-324", "1.7976931348623157e308", "127", "128", "4096"],
];

function sortedSets(random: Random): Command[] {
  const scored = SCORES.flatMap((score, i) => [score, `member ${i}`]);
  const few = ["ZADD", "zset:few", ...scored, "2", ALL_BYTES.subarray(0, 64), "7", "", "8", "8"];
  const score = (): string => String(random.below(1e6) / 7);
  return [
    few,
    ["ZADD", "zset:long member", ...scored, "1", "x".repeat(70)],
    ["ZADD", "zset:many", ...scored, "-0", "minus", ...range(300).flatMap((i) => [score(), `m ${i}`])],
    ["ZADD", "zset:very many", ...range(4000).flatMap((i) => [score(), `m${i}`])],
  ];
}

function lists(random: Random): Command[] {
  const pushes = (key: string, items: readonly (string | number | Buffer)[]): Command[] =>
    range(Math.ceil(items.length / 1000)).map((i) => [
      "RPUSH",
      key,
      ...items.slice(i * 1000, (i + 1) * 1000),
    ]);
  return [
    ["RPUSH", "list:few", "a", "", "b", ALL_BYTES],
    ["RPUSH", "list:integers", ...INTEGERS],
    ["RPUSH", "list:long", "x".repeat(10_000), "y", noise(random, 9000), "z".repeat(300_000)],
    ["RPUSH", "list:lengths", ...range(200).map((i) => "l".repeat(i * 3))],
    ...pushes(
      "list:several nodes",
      range(1500).map((i) => `element number ${i}`),
    ),
    ...pushes(
      "list:very many",
      range(4000).map((i) => (i % 2 === 0 ? i : `element ${i}`.padEnd(700, "e"))),
    ),
    ["LPUSH", "list:pushed before", "3", "2", "1"],
    ["LREM", "list:several nodes", 1, "element number 700"],
  ];
}

function streams(random: Random): Command[] {
  const commands: Command[] = [];
  const add = (key: string, id: string, ...pairs: (string | number | Buffer)[]): void =>
    void commands.push(["XADD", key, id, ...pairs]);
  add("stream:one", "1-1", "field", "value");
  for (const i of range(1000)) {
    if (i % 9 === 0) add("stream:many", `${1000 + i}-${i}`, "other", i, "fields", "value");
    else add("stream:many", `${1000 + i}-${i}`, "field", `value ${i}`, "second", noise(random, i % 30));
  }
  add("stream:ids", "0-1", "a", "b");
  add("stream:ids", "5-18446744073709551615", "a", "b");
  add("stream:ids", "18446744073709551615-18446744073709551615", "a", "b");
  commands.push(["XDEL", "stream:many", "1000-0", "1100-100", "1101-101", "1999-999"]);
  commands.push(["XTRIM", "stream:many", "MAXLEN", 900]);
  add("stream:emptied", "7-7", "a", "b");
  commands.push(["XDEL", "stream:emptied", "7-7"]);
  commands.push(["XGROUP", "CREATE", "stream:none", "group", "$", "MKSTREAM"]);
  for (const group of ["all", "none", "12", "some"]) {
    commands.push(["XGROUP", "CREATE", "stream:many", group, group === "none" ? "$" : "0"]);
  }
  commands.push(["XGROUP", "CREATECONSUMER", "stream:many", "all", "idle"]);
  commands.push(["XREADGROUP", "GROUP", "all", "alice", "COUNT", 400, "STREAMS", "stream:many", ">"]);
  commands.push(["XREADGROUP", "GROUP", "all", ALL_BYTES, "COUNT", 100, "STREAMS", "stream:many", ">"]);
  commands.push(["XREADGROUP", "GROUP", "some", "9", "COUNT", 3, "STREAMS", "stream:many", ">"]);
  commands.push(["XACK", "stream:many", "all", "1150-150", "1151-151"]);
  commands.push(["XGROUP", "CREATE", "stream:one", "group", "0", "ENTRIESREAD", 0]);
  commands.push(["XSETID", "stream:ids", "18446744073709551615-18446744073709551615", "ENTRIESADDED", 10]);
  return commands;
}

function keys(): Command[] {
  return [
    ["SET", "", "the empty key"],
    ["SET", ALL_BYTES, "a key of bytes"],
    ["SET", "12345", "a key that is a number"],
    ["SET", "k".repeat(20_000), "a long key"],
    ["SELECT", 3],
    ["MSET", ...range(1000).flatMap((i) => [`key:${i}`, i])],
    ["SELECT", 15],
    ["RPUSH", "list", "in the last database"],
    ["SELECT", 0],
  ];
}

function expiries(): Command[] {
  const names = [
    "string:bytes",
    "hash:one",
    "hash:many",
    "set:int16",
    "zset:few",
    "list:few",
    "list:very many",
  ];
  return names.map((name) => ["PEXPIREAT", name, EXPIRES_AT_MS]);
}
