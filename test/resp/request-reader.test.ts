import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ProtocolError, RequestReader } from "../../src/resp/request-reader.ts";

const MB = 1024 * 1024;

interface Outcome {
  readonly requests: string[][];
  readonly error: string | null;
}

/** Everything that a reader makes of chunks; what comes after an error is not read. */
function read(chunks: readonly Buffer[], limits = { maxBulkLength: 512 * MB, authRequired: false }): Outcome {
  const reader = new RequestReader(limits);
  const requests: string[][] = [];
  try {
    for (const chunk of chunks) {
      reader.push(chunk);
      for (let request = reader.next(); request !== null; request = reader.next()) requests.push(request);
    }
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return { requests, error: error.message };
  }
  return { requests, error: null };
}

function readText(text: string, limits?: { maxBulkLength: number; authRequired: boolean }): Outcome {
  return read([Buffer.from(text, "latin1")], limits);
}

function encode(args: readonly string[]): string {
  return `*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join("")}`;
}

/** The bytes that are told on of the request that was taken last. */
function told(reader: RequestReader, args: readonly string[]): string | null {
  return reader.source.isOf(args)
    ? reader.source.bytes.latin1Slice(reader.source.begin, reader.source.end)
    : null;
}

function ahead(reader: RequestReader, limit: number): (readonly string[])[] {
  reader.lookAhead(limit);
  const found: (readonly string[])[] = [];
  for (let request = reader.ahead; request !== null; request = request.next) found.push(request.args);
  return found;
}

/** The bytes, cut at places that may come several times and in any order. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  let start = 0;
  return sorted.map((end) => {
    const piece = bytes.subarray(start, end);
    start = end;
    return piece;
  });
}

const byteString = (maxLength: number): fc.Arbitrary<string> =>
  fc.uint8Array({ maxLength }).map((bytes) => Buffer.from(bytes).latin1Slice());
/** Around the size from which bulks are collected apart. */
const longString = fc.integer({ min: 16_000, max: 70_000 }).map((length) => "x".repeat(length));
const request = fc.array(
  fc.oneof({ weight: 20, arbitrary: byteString(40) }, { weight: 1, arbitrary: longString }),
  {
    minLength: 1,
    maxLength: 8,
  },
);
const places = fc.array(fc.nat(), { maxLength: 60 });

describe("the bytes that a request came as", () => {
  const newReader = (): RequestReader => new RequestReader({ maxBulkLength: 512 * MB, authRequired: false });

  test("are those that would be made of it, wherever the stream is cut", () => {
    fc.assert(
      fc.property(fc.array(request, { maxLength: 5 }), places, (requests, at) => {
        const reader = newReader();
        for (const chunk of cut(Buffer.from(requests.map(encode).join(""), "latin1"), at)) {
          reader.push(chunk);
          for (let args = reader.next(); args !== null; args = reader.next()) {
            const bytes = told(reader, args);
            if (bytes !== null) expect(bytes).toBe(encode(args));
          }
        }
      }),
    );
  });

  const requests = [["SET", "key", "v"], ["PING"], ["SET", "", "x".repeat(1000)]];

  test("are known of all that come in one piece, looked at before their turn or not", () => {
    const reader = newReader();
    const text = requests.map(encode).join("");
    reader.push(Buffer.from(text));
    for (const expected of requests) expect(told(reader, reader.next()!)).toBe(encode(expected));
    reader.push(Buffer.from(text));
    expect(ahead(reader, 10)).toEqual(requests);
    for (const expected of requests) expect(told(reader, reader.next()!)).toBe(encode(expected));
  });

  test("are not told of what was lent: they may be gone", () => {
    const reader = newReader();
    reader.lend(Buffer.from(requests.map(encode).join("")));
    expect(told(reader, reader.next()!)).toBeNull();
    expect(ahead(reader, 10)).toEqual(requests.slice(1));
    reader.keep();
    expect(told(reader, reader.next()!)).toBeNull();
    expect(reader.next()).toEqual(requests[2]);
  });

  test.each([
    ["*2\r\n$3\r\nGET..$1\r\nk\r\n"],
    ["*2\r\n$3\r\nGET\r\n$1\r\nk\r."],
    ["*2\r.$3\r\nGET\r\n$1\r\nk\r\n"],
    ["*2\r\n$3\r.GET\r\n$1\r\nk\r\n"],
    ["GET k\r\n"],
  ])("are not those of %j", (text) => {
    const reader = newReader();
    reader.push(Buffer.from(text));
    const args = reader.next()!;
    expect(args).toEqual(["GET", "k"]);
    expect(told(reader, args)).toBeNull();
  });
});

describe("requests", () => {
  test("any cut of a pipeline gives the same requests", () => {
    fc.assert(
      fc.property(fc.array(request, { maxLength: 8 }), places, (requests, cuts) => {
        const bytes = Buffer.from(requests.map(encode).join(""), "latin1");
        expect(read(cut(bytes, cuts))).toEqual({ requests, error: null });
      }),
      { numRuns: 300 },
    );
  });

  test("pieces that are lent come in one buffer, and those of one length as the same one", () => {
    const input = Buffer.alloc(1 << 20);
    const beginnings = new Map<number, Buffer>();
    fc.assert(
      fc.property(
        fc.array(request, { maxLength: 8 }),
        places,
        fc.integer({ min: 1, max: 3 }),
        (requests, cuts, limit) => {
          const reader = new RequestReader({ maxBulkLength: 512 * MB, authRequired: false });
          const found: (readonly string[])[] = [];
          for (const piece of cut(Buffer.from(requests.map(encode).join(""), "latin1"), cuts)) {
            if (!beginnings.has(piece.length)) beginnings.set(piece.length, input.subarray(0, piece.length));
            piece.copy(input);
            reader.lend(beginnings.get(piece.length)!);
            reader.lookAhead(limit);
            reader.keep();
            input.fill("?", 0, piece.length);
            for (let args = reader.next(); args !== null; args = reader.next()) found.push(args);
          }
          expect(found).toEqual(requests);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("byte by byte", () => {
    const requests = [["SET", "key", "x".repeat(20_000)], ["GET", ""], ["PING"]];
    const bytes = Buffer.from(requests.map(encode).join("") + 'echo "a b"\r\n', "latin1");
    const chunks = Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
    expect(read(chunks)).toEqual({ requests: [...requests, ["echo", "a b"]], error: null });
  });

  test("any cut of any bytes gives the same outcome", () => {
    const token = fc.constantFrom(
      "*1\r\n",
      "*2\r\n",
      "*-1\r\n",
      "*0\r\n",
      "$4\r\n",
      "$0\r\n",
      "$-1\r\n",
      "PING",
      "\r\n",
      "\n",
      "\r",
      "\0",
      '"',
      "'",
      "*",
      "$",
      "1",
      "ECHO a\r\n",
      "$20000\r\n",
      "x".repeat(20_000),
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(token, byteString(5)), { maxLength: 20 }), places, (tokens, cuts) => {
        const bytes = Buffer.from(tokens.join(""), "latin1");
        expect(read(cut(bytes, cuts))).toEqual(read([bytes]));
      }),
      { numRuns: 2000 },
    );
  });

  test("inline commands and arrays may alternate", () => {
    expect(readText(`PING\r\n${encode(["GET", "a"])}\r\n\nset k "a\\x00b" 'c d'\n`).requests).toEqual([
      ["PING"],
      ["GET", "a"],
      ["set", "k", "a\0b", "c d"],
    ]);
  });

  test("empty requests are passed over", () => {
    expect(readText("\r\n*0\r\n*-10\r\n*-9223372036854775808\r\n  \r\nPING\r\n").requests).toEqual([
      ["PING"],
    ]);
  });

  test("the bytes behind a bulk are not looked at", () => {
    expect(readText("*1\r\n$4\r\nPINGxx*1\r\n$4\r\nPINGyy").requests).toEqual([["PING"], ["PING"]]);
    expect(readText("*1\rx$4\rxPING\r\n").requests).toEqual([["PING"]]);
  });

  test("an argument does not hold the chunk that it came in", () => {
    const chunk = Buffer.from(encode(["SET", "a-key-that-is-longer-than-a-few-bytes", "value"]), "latin1");
    const reader = new RequestReader({ maxBulkLength: 512 * MB, authRequired: false });
    reader.push(chunk);
    const args = reader.next()!;
    chunk.fill(0);
    expect(args).toEqual(["SET", "a-key-that-is-longer-than-a-few-bytes", "value"]);
  });
});

/** What redis-server 7.0.15 answers to each; the reply begins with `ERR Protocol error: `. */
const MALFORMED: readonly (readonly [string, string])[] = [
  ["*3000000000\r\n", "invalid multibulk length"],
  ["*2147483648\r\n", "invalid multibulk length"],
  ["*9223372036854775808\r\n", "invalid multibulk length"],
  ["*-9223372036854775809\r\n", "invalid multibulk length"],
  ["*00\r\n", "invalid multibulk length"],
  ["*01\r\n$4\r\nPING\r\n", "invalid multibulk length"],
  ["*-0\r\n", "invalid multibulk length"],
  ["*+1\r\n", "invalid multibulk length"],
  ["* 1\r\n", "invalid multibulk length"],
  ["*1 \r\n", "invalid multibulk length"],
  ["*\r\n", "invalid multibulk length"],
  ["*a\r\n", "invalid multibulk length"],
  ["*1\r\nfoo\r\n", "expected '$', got 'f'"],
  ["*1\r\n\r\n", "expected '$', got '\r'"],
  ["*1\r\n:5\r\n", "expected '$', got ':'"],
  ["*1\r\n*1\r\n$4\r\nPING\r\n", "expected '$', got '*'"],
  ["*1\r\n\xff4\r\n", "expected '$', got '\xff'"],
  ["*1\r\n$-1\r\n", "invalid bulk length"],
  ["*1\r\n$blabla\r\n", "invalid bulk length"],
  ["*1\r\n$\r\n", "invalid bulk length"],
  ["*1\r\n$04\r\nPING\r\n", "invalid bulk length"],
  ["*1\r\n$+4\r\nPING\r\n", "invalid bulk length"],
  ["*1\r\n$536870913\r\n", "invalid bulk length"],
  ["*1\r\n$2000000000\r\n", "invalid bulk length"],
  ["*1\r\n$9223372036854775808\r\n", "invalid bulk length"],
  ['echo "a\r\n', "unbalanced quotes in request"],
  ['echo "a"b\r\n', "unbalanced quotes in request"],
  ["echo 'a\r\n", "unbalanced quotes in request"],
  ["A".repeat(65_537), "too big inline request"],
  [`*${"1".repeat(65_536)}`, "too big mbulk count string"],
  [`*1\r\n$${"1".repeat(65_536)}`, "too big bulk count string"],
  [`*1\r\n${"A".repeat(65_537)}`, "too big bulk count string"],
];

describe("malformed requests", () => {
  test.each(MALFORMED)("%j", (text, error) => {
    expect(readText(`PING\r\n${text}`)).toEqual({
      requests: [["PING"]],
      error: `ERR Protocol error: ${error}`,
    });
  });

  test("the error comes again and again", () => {
    const reader = new RequestReader({ maxBulkLength: 512 * MB, authRequired: false });
    reader.push(Buffer.from("*x\r\nPING\r\n"));
    expect(() => reader.next()).toThrow(ProtocolError);
    expect(() => reader.next()).toThrow(ProtocolError);
  });

  test("a line with a NUL byte is never complete", () => {
    expect(readText("PI\0NG\r\nPING\r\n")).toEqual({ requests: [], error: null });
    expect(readText("*1\0\r\n$4\r\nPING\r\n")).toEqual({ requests: [], error: null });
    expect(readText(`\0${"A\r\n".repeat(30_000)}`).error).toBe("ERR Protocol error: too big inline request");
  });

  test("a line may have 64 KiB and not more", () => {
    expect(readText(`${"A".repeat(65_536)}\n`).requests).toEqual([["A".repeat(65_536)]]);
    expect(readText(`${"A".repeat(65_537)}\n`).error).toBe("ERR Protocol error: too big inline request");
  });

  test("lengths that no string of ours can have", () => {
    expect(readText("*1\r\n$536870900\r\n").error).toBe(
      "ERR Protocol error: bulk of more than 536870888 bytes",
    );
  });
});

describe("before AUTH", () => {
  const limits = { maxBulkLength: 512 * MB, authRequired: true };

  test("few arguments, small ones", () => {
    const args = Array.from({ length: 10 }, () => "x");
    expect(readText(encode(args), limits).requests).toEqual([args]);
    expect(readText(encode([...args, "x"]), limits).error).toBe(
      "ERR Protocol error: unauthenticated multibulk length",
    );
    expect(readText(encode(["x".repeat(16_384)]), limits).requests).toHaveLength(1);
    expect(readText("*1\r\n$16385\r\n", limits).error).toBe(
      "ERR Protocol error: unauthenticated bulk length",
    );
    expect(readText("*1\r\n$536870913\r\n", limits).error).toBe("ERR Protocol error: invalid bulk length");
  });

  test("a login counts from the next request on", () => {
    const changing = { maxBulkLength: 512 * MB, authRequired: true };
    const reader = new RequestReader(changing);
    const large = ["SET", "k", "x".repeat(20_000)];
    reader.push(Buffer.from(encode(["AUTH", "secret"]) + encode(large), "latin1"));
    expect(ahead(reader, 10)).toEqual([]);
    expect(reader.next()).toEqual(["AUTH", "secret"]);
    changing.authRequired = false;
    expect(reader.next()).toEqual(large);
  });
});

describe("looking ahead", () => {
  test("knows the bytes of requests that are still there", () => {
    const reader = new RequestReader({ maxBulkLength: 512 * MB, authRequired: false });
    const requests = [["SET", "a", "b"], ["PING"], ["SET", "c", "d"]];
    reader.push(Buffer.from(requests.map(encode).join("")));
    expect(ahead(reader, 2)).toEqual(requests.slice(0, 2));
    for (const expected of requests) expect(told(reader, reader.next()!)).toBe(encode(expected));
  });

  test("leaves it to the request before how long a bulk may be", () => {
    const changing = { maxBulkLength: 20_000, authRequired: false };
    const reader = new RequestReader(changing);
    const large = ["SET", "k", "x".repeat(30_000)];
    reader.push(Buffer.from(encode(["CONFIG"]) + encode(large)));
    expect(ahead(reader, 10)).toEqual([["CONFIG"]]);
    expect(reader.next()).toEqual(["CONFIG"]);
    changing.maxBulkLength = 30_000;
    expect(reader.next()).toEqual(large);
    reader.push(Buffer.from(encode(["CONFIG"]) + encode(large)));
    expect(ahead(reader, 10)).toEqual([["CONFIG"]]);
    changing.maxBulkLength = 20_000;
    expect(reader.next()).toEqual(["CONFIG"]);
    expect(() => reader.next()).toThrow("invalid bulk length");
  });

  test("shows what next will return", () => {
    const reader = new RequestReader({ maxBulkLength: 512 * MB, authRequired: false });
    reader.push(Buffer.from(`${encode(["GET", "a"])}${encode(["GET", "b"])}PING\r\n*1\r\n$4\r\nPI`));
    expect(ahead(reader, 2)).toEqual([
      ["GET", "a"],
      ["GET", "b"],
    ]);
    expect(reader.next()).toEqual(["GET", "a"]);
    expect(ahead(reader, 5)).toEqual([["GET", "b"], ["PING"]]);
    reader.push(Buffer.from("NG\r\n"));
    expect(reader.next()).toEqual(["GET", "b"]);
    expect(reader.next()).toEqual(["PING"]);
    expect(reader.next()).toEqual(["PING"]);
    expect(reader.next()).toBeNull();
  });

  test("keeps an error for its turn", () => {
    const reader = new RequestReader({ maxBulkLength: 512 * MB, authRequired: false });
    reader.push(Buffer.from("PING\r\nPING\r\n*x\r\n"));
    expect(ahead(reader, 10)).toEqual([["PING"], ["PING"]]);
    expect(reader.next()).toEqual(["PING"]);
    expect(reader.next()).toEqual(["PING"]);
    expect(() => reader.next()).toThrow("invalid multibulk length");
  });
});

describe("memory", () => {
  test("what is announced costs nothing until it comes", () => {
    const reader = new RequestReader({ maxBulkLength: 512 * MB, authRequired: false });
    const before = process.memoryUsage().arrayBuffers;
    reader.push(Buffer.from("*2000000000\r\n$500000000\r\nabc"));
    expect(reader.next()).toBeNull();
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(MB);
    expect(reader.bufferedBytes).toBeLessThan(1000);
  });

  test("what came and was not taken is counted, also in many small arguments", () => {
    const reader = new RequestReader({ maxBulkLength: 512 * MB, authRequired: false });
    reader.push(Buffer.from(`*1000000\r\n${"$0\r\n\r\n".repeat(100_000)}`));
    expect(reader.next()).toBeNull();
    expect(reader.bufferedBytes).toBeGreaterThan(2 * MB);
    const waiting = new RequestReader({ maxBulkLength: 512 * MB, authRequired: false });
    for (let i = 0; i < 10_000; i++) waiting.push(Buffer.from("P"));
    expect(waiting.bufferedBytes).toBeGreaterThan(MB);
  });

  test("nothing is left when all was read", () => {
    const reader = new RequestReader({ maxBulkLength: 512 * MB, authRequired: false });
    for (let i = 0; i < 5; i++) {
      reader.push(Buffer.from(encode(["SET", "k", "x".repeat(100_000)]), "latin1"));
      expect(reader.next()).toHaveLength(3);
      expect(reader.next()).toBeNull();
    }
    expect(reader.bufferedBytes).toBe(0);
  });

  test("a large bulk in many chunks takes time in proportion", () => {
    const reader = new RequestReader({ maxBulkLength: 512 * MB, authRequired: false });
    const chunk = Buffer.alloc(1024, "x");
    const count = 32 * 1024;
    reader.push(Buffer.from(`*2\r\n$4\r\nECHO\r\n$${count * chunk.length}\r\n`));
    const startedMs = performance.now();
    for (let i = 0; i < count; i++) {
      reader.push(chunk);
      expect(reader.next()).toBeNull();
    }
    reader.push(Buffer.from("\r\n"));
    expect(reader.next()![1]).toHaveLength(count * chunk.length);
    // Reading everything again for every chunk would take minutes.
    expect(performance.now() - startedMs).toBeLessThan(10_000);
  });
});
