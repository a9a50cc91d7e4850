import fc from "fast-check";
import RedisParser from "redis-parser";
import { describe, expect, test } from "vitest";
import {
  BigNumber,
  Bool,
  Double,
  ErrorReply,
  MapReply,
  NO_REPLY,
  NULL_ARRAY,
  OK,
  Push,
  type Reply,
  SetReply,
  Status,
  StreamReply,
  Verbatim,
} from "../../src/resp/reply.ts";
import { ReplyWriter } from "../../src/resp/reply-writer.ts";

function textOf(writer: ReplyWriter): string {
  return writer
    .takeParts()
    .map((part) => (typeof part === "string" ? part : "<stream>"))
    .join("");
}

function encode(reply: Reply, resp: 2 | 3): string {
  const writer = new ReplyWriter();
  writer.write(reply, resp);
  const { bytes } = writer;
  const text = textOf(writer);
  expect(bytes).toBe(text.length);
  expect(writer.bytes).toBe(0);
  return text;
}

describe("each kind of reply", () => {
  const cases: readonly (readonly [string, Reply, string, string])[] = [
    ["status", OK, "+OK\r\n", "+OK\r\n"],
    ["another status", new Status("RESET"), "+RESET\r\n", "+RESET\r\n"],
    ["error", new ErrorReply("ERR syntax error"), "-ERR syntax error\r\n", "-ERR syntax error\r\n"],
    ["error with line breaks", new ErrorReply("ERR a\r\nb\n"), "-ERR a  b \r\n", "-ERR a  b \r\n"],
    ["integer", 7, ":7\r\n", ":7\r\n"],
    ["zero", -0, ":0\r\n", ":0\r\n"],
    ["negative integer", -1, ":-1\r\n", ":-1\r\n"],
    ["large integer", 2 ** 53 - 1, ":9007199254740991\r\n", ":9007199254740991\r\n"],
    ["largest integer", 2n ** 63n - 1n, ":9223372036854775807\r\n", ":9223372036854775807\r\n"],
    ["bulk", "ab\r\n\xff\0", "$6\r\nab\r\n\xff\0\r\n", "$6\r\nab\r\n\xff\0\r\n"],
    ["empty bulk", "", "$0\r\n\r\n", "$0\r\n\r\n"],
    ["null", null, "$-1\r\n", "_\r\n"],
    ["null array", NULL_ARRAY, "*-1\r\n", "_\r\n"],
    [
      "array",
      ["a", 1, null, []],
      "*4\r\n$1\r\na\r\n:1\r\n$-1\r\n*0\r\n",
      "*4\r\n$1\r\na\r\n:1\r\n_\r\n*0\r\n",
    ],
    [
      "map",
      new MapReply(["a", 1, "b", null]),
      "*4\r\n$1\r\na\r\n:1\r\n$1\r\nb\r\n$-1\r\n",
      "%2\r\n$1\r\na\r\n:1\r\n$1\r\nb\r\n_\r\n",
    ],
    ["set", new SetReply(["a"]), "*1\r\n$1\r\na\r\n", "~1\r\n$1\r\na\r\n"],
    ["double", new Double(1.5), "$3\r\n1.5\r\n", ",1.5\r\n"],
    ["inexact double", new Double(0.1), "$19\r\n0.10000000000000001\r\n", ",0.10000000000000001\r\n"],
    ["infinity", new Double(-Infinity), "$4\r\n-inf\r\n", ",-inf\r\n"],
    ["true", new Bool(true), ":1\r\n", "#t\r\n"],
    ["false", new Bool(false), ":0\r\n", "#f\r\n"],
    ["verbatim", new Verbatim("txt", "hi"), "$2\r\nhi\r\n", "=6\r\ntxt:hi\r\n"],
    ["big number", new BigNumber("123"), "$3\r\n123\r\n", "(123\r\n"],
    ["push", new Push(["a", 1]), "*2\r\n$1\r\na\r\n:1\r\n", ">2\r\n$1\r\na\r\n:1\r\n"],
    ["nothing", NO_REPLY, "", ""],
  ];

  test.each(cases)("%s", (_name, reply, resp2, resp3) => {
    expect(encode(reply, 2)).toBe(resp2);
    expect(encode(reply, 3)).toBe(resp3);
  });

  test("nested, each in its form", () => {
    const reply = [new MapReply(["k", new SetReply([new Bool(true)])]), NULL_ARRAY];
    expect(encode(reply, 3)).toBe("*2\r\n%1\r\n$1\r\nk\r\n~1\r\n#t\r\n_\r\n");
    expect(encode(reply, 2)).toBe("*2\r\n*2\r\n$1\r\nk\r\n*1\r\n:1\r\n*-1\r\n");
  });

  test("lengths around those that are prepared", () => {
    for (const length of [1023, 1024, 1025, 16 * 1024 - 1, 16 * 1024, 300_000]) {
      const text = "x".repeat(length);
      expect(encode(text, 2)).toBe(`$${length}\r\n${text}\r\n`);
      expect(encode(new Verbatim("txt", text), 3)).toBe(`=${length + 4}\r\ntxt:${text}\r\n`);
      expect(encode(length, 2)).toBe(`:${length}\r\n`);
      expect(encode(Array<number>(length).fill(1), 2)).toBe(`*${length}\r\n${":1\r\n".repeat(length)}`);
    }
  });
});

describe("parts", () => {
  test("a large bulk is not copied into the text around it", () => {
    const large = "x".repeat(100_000);
    const writer = new ReplyWriter();
    writer.write(["a", large, "b"], 2);
    expect(writer.takeText()).toBeNull();
    expect(writer.takeParts()).toEqual(["*3\r\n$1\r\na\r\n$100000\r\n", large, "\r\n$1\r\nb\r\n"]);
  });

  test("a long array is cut", () => {
    const writer = new ReplyWriter();
    writer.write(Array<string>(100_000).fill("0123456789"), 2);
    const parts = writer.takeParts();
    expect(parts.length).toBeGreaterThan(2);
    for (const part of parts) expect((part as string).length).toBeLessThan(300_000);
  });

  test.each([
    ["array", 2, "*3\r\n", ""],
    ["array", 3, "*3\r\n", ""],
    ["set", 2, "*3\r\n", ""],
    ["set", 3, "~3\r\n", ""],
    ["map", 2, "*6\r\n", ""],
    ["map", 3, "%3\r\n", ""],
    ["bulk", 2, "$3\r\n", "\r\n"],
  ] as const)("a streamed %s in RESP%i", (shape, resp, head, tail) => {
    const stream = new StreamReply(shape, 3, (async function* () {})());
    const writer = new ReplyWriter();
    writer.write(["a", stream, "b"], resp);
    expect(writer.streams).toBe(1);
    expect(writer.takeParts()).toEqual([`*3\r\n$1\r\na\r\n${head}`, { stream, resp }, `${tail}$1\r\nb\r\n`]);
  });

  test("what one writer holds goes to another in order", () => {
    const first = new ReplyWriter();
    const second = new ReplyWriter();
    first.write("a", 2);
    second.write("x".repeat(20_000), 2);
    second.write("b", 2);
    first.append(second);
    first.write("c", 2);
    expect(second.bytes).toBe(0);
    const { bytes } = first;
    const text = textOf(first);
    expect(text).toBe(`$1\r\na\r\n$20000\r\n${"x".repeat(20_000)}\r\n$1\r\nb\r\n$1\r\nc\r\n`);
    expect(bytes).toBe(text.length);
  });
});

type Plain = string | number | null | Plain[];

test("redis-parser reads back what was written", () => {
  const { value } = fc.letrec<{ value: Plain }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes).latin1Slice()),
      fc.integer({ min: 10_000, max: 40_000 }).map((length) => "x".repeat(length)),
      fc.maxSafeInteger(),
      fc.constant(null),
      fc.array(tie("value"), { maxLength: 6 }),
    ),
  }));
  fc.assert(
    fc.property(fc.array(value, { maxLength: 5 }), (replies) => {
      const read: unknown[] = [];
      const fail = (error: Error): never => {
        throw error;
      };
      const parser = new RedisParser({
        returnReply: (reply) => void read.push(latin1(reply)),
        returnError: fail,
        returnFatalError: fail,
        returnBuffers: true,
      });
      for (const reply of replies) parser.execute(Buffer.from(encode(reply, 2), "latin1"));
      expect(read).toEqual(replies);
    }),
    { numRuns: 500 },
  );
});

function latin1(reply: unknown): unknown {
  if (Buffer.isBuffer(reply)) return reply.latin1Slice();
  return Array.isArray(reply) ? reply.map(latin1) : reply;
}
