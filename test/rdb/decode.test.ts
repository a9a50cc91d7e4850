import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { decodeFile } from "../../src/rdb/decode/file.ts";
import { ByteSource } from "../../src/rdb/decode/source.ts";
import { keyOf, length, listpack, rdbFile, str, u64Little, ziplist } from "./rdb-bytes.ts";

const SAMPLES = "test/rdb/samples";

const OPTIONS = { skipModules: true, checksum: true };

/** All that the sink is told, one line each. */
function decoded(file: Buffer, step = file.length, options = OPTIONS): string[] {
  const calls: string[] = [];
  const sink: unknown = new Proxy(
    {},
    {
      get: (_, name) =>
        name === "isFull"
          ? false
          : (...args: readonly unknown[]) => {
              calls.push(`${String(name)} ${JSON.stringify(args)}`);
              return sink;
            },
    },
  );
  const source = ByteSource.stream();
  const decoding = decodeFile(source, sink as Parameters<typeof decodeFile>[1], options);
  for (let at = 0; decoding.next().done !== true; at += step) {
    if (at >= file.length) source.complete();
    else source.append(file.subarray(at, at + step));
  }
  return calls;
}

const files = ["redis-rdb-tools", "redis"]
  .flatMap((folder) => readdirSync(join(SAMPLES, folder)).map((file) => join(SAMPLES, folder, file)))
  .filter((file) => !file.includes("corrupt_ziplist"));

test.each(files)("%s: the same in whatever pieces it comes", (file) => {
  const bytes = readFileSync(file);
  const whole = decoded(bytes);
  expect(decoded(bytes, 1)).toEqual(whole);
  expect(decoded(bytes, 13)).toEqual(whole);
});

describe("what Redis 7.0 does not write", () => {
  test("sets in listpacks, slots (version 11)", () => {
    const slot = `\xf4${length(7)}${length(1)}${length(0)}`;
    const set = keyOf(20, "set") + str(listpack("a", "b", 7));
    expect(decoded(rdbFile(11, slot, set))).toEqual([
      expect.stringMatching(/^key \["set",0/) as string,
      'begin ["set"]',
      'setMember ["a"]',
      'setMember ["b"]',
      'setMember ["7"]',
      "end []",
    ]);
  });

  test("active times of consumers (version 12)", () => {
    const id = `${"\0".repeat(7)}\x05${"\0".repeat(7)}\x00`;
    const block = listpack(1, 0, 1, "f", 0, 2, 0, 0, "v", 4);
    const stream = [
      keyOf(21, "stream") + length(1) + str(id) + str(block),
      length(1) + length(5) + length(0) + length(5) + length(0) + length(0) + length(0) + length(1),
      length(1) + str("group") + length(5) + length(0) + length(1),
      length(1) + id + u64Little(1000) + length(3),
      length(1) + str("consumer") + u64Little(2000) + u64Little(3000) + length(1) + id,
    ];
    const calls = decoded(rdbFile(12, ...stream));
    expect(calls.slice(1).map((call) => call.split(" ")[0])).toEqual([
      "begin",
      "streamNode",
      "streamHeader",
      "streamGroup",
      "streamPending",
      "streamConsumer",
      "streamOwned",
      "end",
    ]);
    expect(calls).toContain('streamConsumer ["consumer",2000]');
    expect(calls[2]).toContain('"pairs":["f","v"]');
  });

  test("idle times and frequencies, before keys that have an expiry or not", () => {
    const file = rdbFile(
      9,
      `\xf8${length(100)}${keyOf(0, "a")}${str("1")}`,
      `\xfc${u64Little(9_999_999_999_999)}\xf9\x07${keyOf(0, "b")}${str("2")}`,
      keyOf(0, "c") + str("3"),
    );
    expect(decoded(file)).toEqual([
      'stringKey ["a","1",0,{"idleS":100,"frequency":null}]',
      'stringKey ["b","2",9999999999999,{"idleS":null,"frequency":7}]',
      'stringKey ["c","3",0,{"idleS":null,"frequency":null}]',
    ]);
  });

  test("functions", () => {
    expect(decoded(rdbFile(10, `\xf5${str("#!lua name=l\n")}`))).toEqual(['library ["#!lua name=l\\n"]']);
  });
});

const block = (...entries: (string | number)[]): string => str(listpack(...entries));
const id = (ms: number): string => str(`${"\0".repeat(7)}${String.fromCharCode(ms)}${"\0".repeat(8)}`);

describe("refused, and why", () => {
  test.each<readonly [string, Buffer, RegExp]>([
    ["nothing", Buffer.alloc(0), /at byte 0: unexpected end/],
    ["something else", Buffer.from("GARBAGE AND MORE"), /at byte 0: not an RDB file/],
    ["version 0", rdbFile(0), /at byte 5: RDB version 0 is not known/],
    ["version 13", rdbFile(13), /RDB version 13 is not known: versions 1 to 12 are/],
    ["an unknown type", rdbFile(9, keyOf(99, "k")), /at byte 9: unknown type or opcode: 99/],
    ["fields that expire", rdbFile(12, keyOf(24, "k")), /fields that expire \(Redis 7\.4\)/],
    ["functions of a release candidate", rdbFile(10, `\xf6${str("x")}`), /release candidate of Redis 7\.0/],
    [
      "a module's data that cannot be skipped",
      rdbFile(8, keyOf(6, "k") + length(1)),
      /module type AAAAAAAAA, in a form/,
    ],
    ["a string that is too long", rdbFile(9, `${keyOf(0, "k")}\x80\xff\xff\xff\xff`), /unexpected end/],
    [
      "a key that is too long",
      rdbFile(9, `\x00\x80\xff\xff\xff\xff`),
      /a string of 4294967295 bytes is too long/,
    ],
    [
      "LZF of nothing",
      rdbFile(9, `${keyOf(0, "k")}\xc3${length(0)}\x80\x10\x00\x00\x00`),
      /0 compressed bytes cannot hold 268435456/,
    ],
    ["damaged LZF", rdbFile(9, `${keyOf(0, "k")}\xc3${length(2)}${length(4)}\x20\x05`), /invalid LZF/],
    ["an unknown string encoding", rdbFile(9, `${keyOf(0, "k")}\xc9`), /unknown encoding of a string: 9/],
    [
      "an encoded string for a length",
      rdbFile(9, `${keyOf(1, "k")}\xc0\x01`),
      /an encoded string where a length should be/,
    ],
    [
      "a score that is none",
      rdbFile(9, `${keyOf(3, "k")}${length(1)}${str("m")}\xfd`),
      /a score that is not a number/,
    ],
    [
      "NaN",
      rdbFile(9, `${keyOf(5, "k")}${length(1)}${str("m")}${u64Little(0x7ff8000000000000n)}`),
      /a score that is not a number/,
    ],
    ["a field without a value", rdbFile(10, keyOf(16, "k") + block("f")), /a field without a value/],
    ["a score of letters", rdbFile(10, keyOf(17, "k") + block("m", "x")), /a score that is not a number/],
    [
      "a listpack of another length",
      rdbFile(10, keyOf(16, "k") + str(`${listpack("f", "v")}\xff`)),
      /listpack, byte 0: its length/,
    ],
    [
      "a ziplist with another count",
      rdbFile(9, keyOf(10, "k") + str(ziplist("a").replace("\x01\0\0\x01", "\x02\0\0\x01"))),
      /ziplist, byte 8: the number of entries/,
    ],
    [
      "an unordered intset",
      rdbFile(9, keyOf(11, "k") + str(`\x02\0\0\0\x02\0\0\0\x05\0\x04\0`)),
      /intset, byte 10: members are not in order/,
    ],
    [
      "a zipmap that is cut",
      rdbFile(2, keyOf(9, "k") + str(`\x01\x01f\x05\x00v\xff`)),
      /zipmap, byte 5: a value goes beyond the end/,
    ],
    [
      "an unknown node of a list",
      rdbFile(10, keyOf(18, "k") + length(1) + length(3) + str("x")),
      /unknown node of a list: 3/,
    ],
    [
      "an empty node of a list",
      rdbFile(10, keyOf(18, "k") + length(1) + length(1) + str("")),
      /an empty node of a list/,
    ],
    [
      "stream nodes in disorder",
      rdbFile(9, keyOf(15, "k") + length(2) + id(5) + block(0, 0, 0, 0) + id(5) + block(0, 0, 0, 0)),
      /nodes that are not in order/,
    ],
    [
      "a stream with entries that nobody counted",
      rdbFile(9, keyOf(15, "k") + length(1) + id(5) + block(1, 0, 0, 0, 0, 0, 0, 0, 4) + length(3)),
      /a stream of 3 entries has 1/,
    ],
    [
      "an expiry beyond all time",
      rdbFile(9, `\xfc${u64Little(2n ** 62n)}`),
      /an expiry of 4611686018427387904 ms/,
    ],
  ])("%s", (_, file, reason) => {
    expect(() => decoded(file, 10, { skipModules: false, checksum: true })).toThrow(reason);
    expect(() => decoded(file, file.length || 1, { skipModules: false, checksum: true })).toThrow(reason);
  });

  test("another checksum, unless it is not to be compared, or none was written", () => {
    const file = rdbFile(9, keyOf(0, "k") + str("v"));
    const damaged = Buffer.from(file);
    damaged[damaged.length - 1]! ^= 1;
    expect(() => decoded(damaged)).toThrow(/checksum [0-9a-f]{16}, and that of the contents is [0-9a-f]{16}/);
    expect(decoded(damaged, 1000, { ...OPTIONS, checksum: false })).toEqual(decoded(file));
    expect(decoded(Buffer.concat([file.subarray(0, -8), Buffer.alloc(8)]))).toEqual(decoded(file));
    expect(() => decoded(file.subarray(0, -1))).toThrow(`at byte ${file.length - 1}: unexpected end`);
  });

  test("wherever a file is cut", () => {
    const file = readFileSync(join(SAMPLES, "redis-rdb-tools/parser_filters.rdb"));
    for (let end = 0; end < file.length; end++)
      expect(() => decoded(file.subarray(0, end), 100)).toThrow(`at byte ${end}: unexpected end`);
  });
});
