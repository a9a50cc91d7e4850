import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Random } from "../../src/support/random.ts";
import type { Client } from "../support/client.ts";
import { error } from "../support/plain.ts";
import { defaultKind } from "../support/server.ts";
import { useServer } from "../support/use-server.ts";

const MB = 1 << 20;
const CHUNK = 64 << 10;
const CHUNKED_FROM = 256 << 10;

/** leveldis' own commands: redis-server has none of them. */
describe.skipIf(defaultKind() === "redis")("files over Redis", () => {
  const server = useServer();
  let client: Client;

  beforeAll(async () => {
    client = await server.connect();
  });
  afterAll(() => client.close());
  beforeEach(async () => {
    await client.send("FLUSHALL");
  });

  function noise(length: number, seed = 1): string {
    const random = new Random(seed);
    return Buffer.from(Array.from({ length }, () => random.next32() & 0xff)).latin1Slice();
  }

  function digest(algorithm: string, bytes: string): string {
    const buffer = Buffer.from(bytes, "latin1");
    if (algorithm === "CRC32") return crc32(buffer).toString(16).padStart(8, "0");
    return createHash(algorithm.toLowerCase()).update(buffer).digest("hex");
  }

  const WRONG_TYPE = error("WRONGTYPE Operation against a key holding the wrong kind of value");
  const TOO_LONG = error("ERR string exceeds maximum allowed size (proto-max-bulk-len)");
  const BAD_LENGTH = error("ERR length is out of range");
  const NO_INTEGER = error("ERR value is not an integer or out of range");
  const ALGORITHMS = ["CRC32", "MD5", "SHA1", "SHA224", "SHA256", "SHA384", "SHA512"];

  describe("STRTRUNCATE", () => {
    test("cuts, and fills up with zeros", async () => {
      await client.send("SET", "k", "hello world", "EX", 100);
      expect(await client.send("STRTRUNCATE", "k", 5)).toBe(5);
      expect(await client.send("GET", "k")).toBe("hello");
      expect(await client.send("STRTRUNCATE", "k", 8)).toBe(8);
      expect(await client.send("GET", "k")).toBe("hello\0\0\0");
      expect(await client.send("STRTRUNCATE", "k", 8)).toBe(8);
      expect(await client.send("TTL", "k")).toBe(100);
      expect(await client.send("STRTRUNCATE", "k", 0)).toBe(0);
      expect(await client.send("GET", "k")).toBe("");
      expect(await client.send("TTL", "k")).toBe(100);
    });

    test("an absent key is empty: it comes into being only when it gets bytes", async () => {
      expect(await client.send("STRTRUNCATE", "k", 0)).toBe(0);
      expect(await client.send("EXISTS", "k")).toBe(0);
      expect(await client.send("STRTRUNCATE", "k", 3)).toBe(3);
      expect(await client.send("GET", "k")).toBe("\0\0\0");
    });

    test("what remains is a string like any other", async () => {
      await client.send("SET", "n", "12345678");
      await client.send("STRTRUNCATE", "n", 2);
      expect(await client.send("OBJECT", "ENCODING", "n")).toBe("raw");
      expect(await client.send("INCR", "n")).toBe(13);
      await client.send("SET", "long", "7".repeat(MB));
      await client.send("STRTRUNCATE", "long", 1);
      expect(await client.send("INCR", "long")).toBe(8);
    });

    test("errors", async () => {
      await client.send("SADD", "s", "a");
      expect(await client.send("STRTRUNCATE", "s", 1)).toEqual(WRONG_TYPE);
      expect(await client.send("STRTRUNCATE", "k", -1)).toEqual(BAD_LENGTH);
      expect(await client.send("STRTRUNCATE", "k", "a")).toEqual(NO_INTEGER);
      expect(await client.send("STRTRUNCATE", "k", 536870913)).toEqual(TOO_LONG);
      expect(await client.send("STRTRUNCATE", "k", "9223372036854775807")).toEqual(TOO_LONG);
      expect(await client.send("STRTRUNCATE", "k")).toEqual(
        error("ERR wrong number of arguments for 'strtruncate' command"),
      );
      expect(await client.send("EXISTS", "k")).toBe(0);
    });

    test("512 MB of zeros at once, and back", async () => {
      expect(await client.send("STRTRUNCATE", "k", 512 * MB)).toBe(512 * MB);
      expect(await client.send("GETRANGE", "k", 400 * MB, 400 * MB + 2)).toBe("\0\0\0");
      await client.send("SETRANGE", "k", 300 * MB, "x");
      expect(await client.send("STRTRUNCATE", "k", 300 * MB)).toBe(300 * MB);
      expect(await client.send("STRTRUNCATE", "k", 512 * MB)).toBe(512 * MB);
      // What was cut off does not come back.
      expect(await client.send("GETRANGE", "k", 300 * MB - 1, 300 * MB + 1)).toBe("\0\0\0");
      expect(await client.send("BITCOUNT", "k")).toBe(0);
    });

    test("random lengths and writes agree with a plain string", async () => {
      const random = new Random(5);
      let model = "";
      for (let i = 0; i < 150; i++) {
        const border = random.below(9) * CHUNK + random.below(5) - 2;
        const length = Math.max(border, 0);
        if (random.below(3) > 0) {
          expect(await client.send("STRTRUNCATE", "k", length)).toBe(length);
          model = model.slice(0, length).padEnd(length, "\0");
        } else {
          const bytes = noise(1 + random.below(2000), i);
          model = model.padEnd(length, "\0").slice(0, length) + bytes + model.slice(length + bytes.length);
          expect(await client.send("SETRANGE", "k", length, bytes)).toBe(model.length);
        }
        expect((await client.send("GET", "k")) === (model === "" && i === 0 ? null : model)).toBe(true);
      }
    });
  });

  describe("STRDIGEST", () => {
    test("every algorithm, of short and of long strings, and of ranges", async () => {
      for (const length of [0, 1, 1000, CHUNKED_FROM + 5, 3 * MB + 17]) {
        const bytes = noise(length, length);
        await client.send("SET", "k", bytes);
        for (const algorithm of ALGORITHMS) {
          expect(await client.send("STRDIGEST", "k", algorithm)).toBe(digest(algorithm, bytes));
          expect(await client.send("STRDIGEST", "k", algorithm.toLowerCase(), 1, -2)).toBe(
            digest(algorithm, bytes.slice(1, -1)),
          );
        }
        expect(await client.send("STRDIGEST", "k", "MD5", 5, 3)).toBe(digest("MD5", ""));
        expect(await client.send("STRDIGEST", "k", "MD5", 10, 700_000)).toBe(
          digest("MD5", bytes.slice(10, 700_001)),
        );
      }
    });

    test("zeros that are not kept count all the same", async () => {
      await client.send("SETRANGE", "k", 5 * MB, "end");
      expect(await client.send("STRDIGEST", "k", "SHA1")).toBe(digest("SHA1", `${"\0".repeat(5 * MB)}end`));
    });

    test("an absent key is empty", async () => {
      expect(await client.send("STRDIGEST", "none", "SHA1")).toBe(digest("SHA1", ""));
      expect(await client.send("STRDIGEST", "none", "CRC32", 0, 5)).toBe("00000000");
      expect(await client.send("EXISTS", "none")).toBe(0);
    });

    test("errors", async () => {
      await client.send("SADD", "s", "a");
      expect(await client.send("STRDIGEST", "s", "MD5")).toEqual(WRONG_TYPE);
      expect(await client.send("STRDIGEST", "k", "MD6")).toEqual(
        error("ERR unknown digest algorithm, try one of CRC32, MD5, SHA1, SHA224, SHA256, SHA384, SHA512"),
      );
      expect(await client.send("STRDIGEST", "k", "MD5", 1)).toEqual(error("ERR syntax error"));
      expect(await client.send("STRDIGEST", "k", "MD5", 1, 2, 3)).toEqual(error("ERR syntax error"));
      expect(await client.send("STRDIGEST", "k", "MD5", "a", 2)).toEqual(NO_INTEGER);
      expect(await client.send("STRDIGEST", "k")).toEqual(
        error("ERR wrong number of arguments for 'strdigest' command"),
      );
    });

    test("in a transaction, of what was written in it", async () => {
      const bytes = noise(2 * MB);
      await client.send("SET", "k", bytes);
      const changed = `${bytes.slice(0, MB)}changed${bytes.slice(MB + 7)}`;
      const replies = await client.pipeline([
        ["MULTI"],
        ["STRDIGEST", "k", "MD5"],
        ["SETRANGE", "k", MB, "changed"],
        ["STRDIGEST", "k", "MD5"],
        ["STRTRUNCATE", "k", 2 * MB - 5],
        ["STRDIGEST", "k", "MD5"],
        ["STRTRUNCATE", "k", 2 * MB],
        ["STRDIGEST", "k", "MD5"],
        ["EXEC"],
      ]);
      const digests = (replies.at(-1) as unknown[]).filter((_, i) => i % 2 === 0);
      const cut = changed.slice(0, -5);
      expect(digests).toEqual([bytes, changed, cut, `${cut}\0\0\0\0\0`].map((text) => digest("MD5", text)));
    });

    test("of a moment, while another client writes", async () => {
      const chunks = 25;
      const versions = ["a", "b"].map((letter) => letter.repeat(chunks * CHUNK));
      const digests = versions.map((bytes) => digest("SHA256", bytes));
      await client.send("SET", "k", versions[0]!);
      const writer = await server.connect();
      let isDone = false;
      const writing = (async () => {
        for (let i = 1; !isDone; i++) await writer.send("SETRANGE", "k", 0, versions[i % 2]!);
      })();
      try {
        for (let i = 0; i < 12; i++) expect(digests).toContain(await client.send("STRDIGEST", "k", "SHA256"));
      } finally {
        isDone = true;
        await writing;
        await writer.close();
      }
    });
  });

  describe.each([
    ["packed", "v"],
    ["in elements", "x".repeat(300)],
  ])("fields of a hash, %s", (_, other) => {
    beforeEach(async () => {
      await client.send("HSET", "h", "other", other);
    });

    test("HSETRANGE and HGETRANGE", async () => {
      expect(await client.send("HSETRANGE", "h", "f", 0, "hello world")).toBe(11);
      expect(await client.send("HSETRANGE", "h", "f", 6, "Redis")).toBe(11);
      expect(await client.send("HGET", "h", "f")).toBe("hello Redis");
      expect(await client.send("HSETRANGE", "h", "f", 13, "!")).toBe(14);
      expect(await client.send("HGET", "h", "f")).toBe("hello Redis\0\0!");
      expect(await client.send("HGETRANGE", "h", "f", 0, 4)).toBe("hello");
      expect(await client.send("HGETRANGE", "h", "f", -8, -4)).toBe("Redis");
      expect(await client.send("HGETRANGE", "h", "f", 5, 2)).toBe("");
      expect(await client.send("HGETRANGE", "h", "f", 0, "9223372036854775807")).toBe("hello Redis\0\0!");
      expect(await client.send("HGETRANGE", "h", "none", 0, -1)).toBe("");
      expect(await client.send("HGETRANGE", "none", "f", 0, -1)).toBe("");
      expect(await client.send("HSTRLEN", "h", "f")).toBe(14);
      expect(await client.send("HGET", "h", "other")).toBe(other);
      expect(await client.send("HLEN", "h")).toBe(2);
    });

    test("what is not there comes into being with its first byte", async () => {
      expect(await client.send("HSETRANGE", "new", "f", 5, "")).toBe(0);
      expect(await client.send("HTRUNCATE", "new", "f", 0)).toBe(0);
      expect(await client.send("EXISTS", "new")).toBe(0);
      expect(await client.send("HSETRANGE", "new", "f", 2, "x")).toBe(3);
      expect(await client.send("HGET", "new", "f")).toBe("\0\0x");
      expect(await client.send("HTRUNCATE", "h", "g", 2)).toBe(2);
      expect(await client.send("HGET", "h", "g")).toBe("\0\0");
    });

    test("HTRUNCATE", async () => {
      await client.send("HSET", "h", "f", "hello world");
      await client.send("EXPIRE", "h", 100);
      expect(await client.send("HTRUNCATE", "h", "f", 5)).toBe(5);
      expect(await client.send("HTRUNCATE", "h", "f", 7)).toBe(7);
      expect(await client.send("HGET", "h", "f")).toBe("hello\0\0");
      expect(await client.send("HTRUNCATE", "h", "f", 0)).toBe(0);
      expect(await client.send("HEXISTS", "h", "f")).toBe(1);
      expect(await client.send("HGET", "h", "f")).toBe("");
      expect(await client.send("TTL", "h")).toBe(100);
    });

    test("HDIGEST", async () => {
      const bytes = noise(100_000);
      await client.send("HSET", "h", "f", bytes);
      for (const algorithm of ALGORITHMS) {
        expect(await client.send("HDIGEST", "h", "f", algorithm)).toBe(digest(algorithm, bytes));
      }
      expect(await client.send("HDIGEST", "h", "f", "sha1", 5, -5)).toBe(digest("SHA1", bytes.slice(5, -4)));
      expect(await client.send("HDIGEST", "h", "none", "SHA1")).toBe(digest("SHA1", ""));
      expect(await client.send("HDIGEST", "none", "f", "CRC32")).toBe("00000000");
    });

    test("a field grows out of a packed hash", async () => {
      expect(await client.send("HSETRANGE", "h", "f", 70_000, "x")).toBe(70_001);
      expect(await client.send("OBJECT", "ENCODING", "h")).toBe("hashtable");
      expect(await client.send("HGETRANGE", "h", "f", -2, -1)).toBe("\0x");
      expect(await client.send("HGET", "h", "other")).toBe(other);
    });

    test("errors change nothing", async () => {
      await client.send("SET", "s", "x");
      expect(await client.send("HGETRANGE", "s", "f", 0, 1)).toEqual(WRONG_TYPE);
      expect(await client.send("HSETRANGE", "s", "f", 0, "x")).toEqual(WRONG_TYPE);
      expect(await client.send("HTRUNCATE", "s", "f", 0)).toEqual(WRONG_TYPE);
      expect(await client.send("HDIGEST", "s", "f", "MD5")).toEqual(WRONG_TYPE);
      expect(await client.send("HSETRANGE", "h", "f", -1, "x")).toEqual(error("ERR offset is out of range"));
      expect(await client.send("HSETRANGE", "h", "f", "a", "x")).toEqual(NO_INTEGER);
      expect(await client.send("HSETRANGE", "h", "f", 536870912, "x")).toEqual(TOO_LONG);
      expect(await client.send("HTRUNCATE", "h", "f", -1)).toEqual(BAD_LENGTH);
      expect(await client.send("HTRUNCATE", "h", "f", 536870912)).toEqual(TOO_LONG);
      expect(await client.send("HGETRANGE", "h", "f", "a", 1)).toEqual(NO_INTEGER);
      expect(await client.send("HDIGEST", "h", "f", "MD5", 1)).toEqual(error("ERR syntax error"));
      expect(await client.send("HLEN", "h")).toBe(1);
      expect(await client.send("HGET", "h", "other")).toBe(other);
    });
  });

  test("COMMAND knows them", async () => {
    const docs = (await client.send("COMMAND", "DOCS", "STRTRUNCATE", "HDIGEST")) as unknown[];
    expect(JSON.stringify(docs)).toContain('"since","leveldis 0.2.0","group","string"');
    expect(JSON.stringify(docs)).toContain('"since","leveldis 0.2.0","group","hash"');
    expect(await client.send("COMMAND", "GETKEYS", "HSETRANGE", "k", "f", "0", "v")).toEqual(["k"]);
  });
});
