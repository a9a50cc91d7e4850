import fc from "fast-check";
import { expect, test } from "vitest";
import { exact } from "./exact.ts";
import { error, plain } from "./plain.ts";
import { ReplySplitter } from "./reply-splitter.ts";

const samples = [
  "+OK\r\n",
  "-ERR no\r\n",
  ":-12\r\n",
  "$-1\r\n",
  "*-1\r\n",
  "$0\r\n\r\n",
  "$4\r\n\r\n+\xff\r\n",
  "*0\r\n",
  "*3\r\n:1\r\n*2\r\n$1\r\na\r\n$-1\r\n+x\r\n",
  "_\r\n",
  ",1.5\r\n",
  "#t\r\n",
  "(123456789012345678901\r\n",
  "=7\r\ntxt:abc\r\n",
  "!5\r\nERR x\r\n",
  "%2\r\n+a\r\n:1\r\n+b\r\n*1\r\n:2\r\n",
  "~2\r\n:1\r\n:2\r\n",
  ">2\r\n+invalidate\r\n_\r\n",
  "|1\r\n+ttl\r\n:3\r\n$1\r\nv\r\n",
];

test("cuts any sequence of replies, arriving in any chunks, without changing a byte", () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...samples), { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
      (replies, chunkSizes) => {
        const splitter = new ReplySplitter();
        const stream = Buffer.from(replies.join(""), "latin1");
        const got: string[] = [];
        for (let at = 0, i = 0; at < stream.length; i++) {
          const size = chunkSizes[i % chunkSizes.length]!;
          got.push(...splitter.push(stream.subarray(at, at + size)).map((reply) => reply.latin1Slice()));
          at += size;
        }
        expect(got).toEqual(replies);
        expect(splitter.pending.length).toBe(0);
      },
    ),
  );
});

test("refuses what is not RESP", () => {
  expect(() => new ReplySplitter().push(Buffer.from("HTTP/1.1\r\n"))).toThrow("not RESP");
  expect(() => new ReplySplitter().push(Buffer.from("$x\r\n"))).toThrow("not a RESP length");
});

test("joins a large bulk once, not with each chunk", () => {
  const splitter = new ReplySplitter();
  const size = 64 * 1024 * 1024;
  expect(splitter.push(Buffer.from(`$${size}\r\n`))).toEqual([]);
  const chunk = Buffer.alloc(16 * 1024);
  const start = performance.now();
  for (let at = 0; at < size; at += chunk.length) expect(splitter.push(chunk)).toEqual([]);
  expect(splitter.push(Buffer.from("\r\n"))[0]!.length).toBe(size + `$${size}\r\n\r\n`.length);
  // Joining with each of the 4096 chunks would move 128 GiB.
  expect(performance.now() - start).toBeLessThan(10_000);
});

test("joins an array of large bulks a few times, not with each of them", () => {
  const splitter = new ReplySplitter();
  const element = Buffer.from(`$65536\r\n${"x".repeat(65536)}\r\n`);
  const elements = 1024;
  const start = performance.now();
  expect(splitter.push(Buffer.from(`*${elements}\r\n`))).toEqual([]);
  for (let i = 1; i < elements; i++) expect(splitter.push(element)).toEqual([]);
  expect(splitter.push(element)[0]!.length).toBe(elements * element.length + `*${elements}\r\n`.length);
  // Joining for each element would move 32 GiB.
  expect(performance.now() - start).toBeLessThan(5000);
});

test("exact values keep every difference", () => {
  const values = samples.map((sample) => exact(Buffer.from(sample, "latin1")));
  expect(values).toEqual([
    { status: "OK" },
    { error: "ERR no" },
    -12,
    null,
    { nullArray: true },
    "",
    "\r\n+\xff",
    [],
    [1, ["a", null], { status: "x" }],
    null,
    { double: "1.5" },
    true,
    { big: "123456789012345678901" },
    { verbatim: "abc", format: "txt" },
    { error: "ERR x" },
    {
      map: [
        [{ status: "a" }, 1],
        [{ status: "b" }, [2]],
      ],
    },
    { set: [1, 2] },
    { push: [{ status: "invalidate" }, null] },
    { attributes: [[{ status: "ttl" }, 3]], of: "v" },
  ]);
  expect(exact(Buffer.from(":9223372036854775807\r\n"))).toBe(9223372036854775807n);
});

test("plain values are what client libraries give", () => {
  const values = samples.slice(0, 9).map((sample) => plain(Buffer.from(sample, "latin1")));
  expect(values).toEqual([
    "OK",
    error("ERR no"),
    -12,
    null,
    null,
    "",
    "\r\n+\xff",
    [],
    [1, ["a", null], "x"],
  ]);
  expect(plain(Buffer.from(":9223372036854775807\r\n"))).toBe(9223372036854775807n);
});
