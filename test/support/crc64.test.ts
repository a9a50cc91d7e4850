import { describe, expect, it } from "vitest";
import { Crc64, crc64, joinCrc64 } from "../../src/support/crc64.ts";

const hex = (digest: Buffer): string => digest.reverse().toString("hex");

const ofText = (text: string): string => hex(new Crc64().addBytes(text).digest());

const TEXT = "This is a test of the emergency broadcast system.";

describe("CRC-64 of RDB files", () => {
  it("is what Redis' own test says", () => {
    expect(ofText("123456789")).toBe("e9c6d914c4b8d9ca");
    expect(crc64("123456789")).toBe("\xca\xd9\xb8\xc4\x14\xd9\xc6\xe9");
    expect(ofText("")).toBe("0000000000000000");
  });

  it("equals a bit-by-bit calculation, for all lengths and all bytes", () => {
    const bytes = Buffer.from(Array.from({ length: 300 }, (_, i) => (i * 151 + (i >> 3)) & 0xff));
    for (let length = 0; length <= bytes.length; length += length < 20 ? 1 : 7) {
      const part = bytes.subarray(0, length);
      expect(hex(new Crc64().add(part).digest())).toBe(slowly(part));
      expect(ofText(part.toString("latin1"))).toBe(slowly(part));
    }
  });

  it("can be fed in pieces, of long strings too", () => {
    const long = TEXT.repeat(2000);
    const whole = ofText(long);
    const crc = new Crc64();
    for (let at = 0; at < long.length; at += 12_345) crc.addBytes(long.slice(at, at + 12_345));
    expect(hex(crc.digest())).toBe(whole);
    const buffer = Buffer.from(long);
    expect(hex(new Crc64().add(buffer, 0, 1001).add(buffer, 1001).digest())).toBe(whole);
    expect(whole).toBe(slowly(buffer));
  });

  it("of two parts is known from that of each", () => {
    const bytes = Buffer.from(TEXT.repeat(100));
    for (const at of [0, 1, 9, 1000, bytes.length]) {
      const first = new Crc64().add(bytes, 0, at).digest();
      const second = new Crc64().add(bytes, at).digest();
      expect(hex(joinCrc64(first, second, bytes.length - at))).toBe(ofText(TEXT.repeat(100)));
    }
  });
});

function slowly(bytes: Buffer): string {
  let crc = 0n;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ 0x95ac9329ac4bc9b5n : crc >> 1n;
  }
  return crc.toString(16).padStart(16, "0");
}
