import { crc32 as zlibCrc32 } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { crc32 } from "../../src/support/crc32.ts";

describe("crc32", () => {
  it("gives the check value of its standard, and 0 for nothing", () => {
    expect(crc32("123456789")).toBe(0xcbf43926);
    expect(crc32("")).toBe(0);
  });

  it("equals zlib's, on short and long strings of any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400, size: "max" }), (array) => {
        const buffer = Buffer.from(array);
        expect(crc32(buffer.latin1Slice())).toBe(zlibCrc32(buffer));
      }),
    );
  });
});
