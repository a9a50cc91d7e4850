import type { Bytes } from "../../support/bytes.ts";
import { type Int64, parseInteger } from "../../support/integers.ts";
import { type Pack, PackBuffer } from "./pack.ts";

/** Total bytes u32, place of the last element u32, elements u16, all with the lowest byte first. */
const HEADER_BYTES = 10;
const LAST_AT = 4;
const COUNT_AT = 8;
const END = 0xff;

/** From here on the number of elements is not told. */
const MANY = 0xffff;

/** From here on the length of the element before takes five bytes. */
const LONG = 254;

/** The length of the element before, encoding and length of a string, or a number. */
const MAX_OVERHEAD = 5 + 9;

/**
 * Builds ziplists (https://rdb.fnordig.de/file_format.html#ziplist-encoding), which Redis wrote before there were
 * listpacks. `a`, `1` ⇒ `0F000000 0C000000 0200 00 01 61 03 F2 FF`
 */
export class Ziplist implements Pack {
  readonly #buffer = new PackBuffer();
  count = 0;
  #lastAt = HEADER_BYTES;

  constructor() {
    this.start();
  }

  start(): void {
    this.#buffer.restart(HEADER_BYTES);
    this.count = 0;
    this.#lastAt = HEADER_BYTES;
  }

  get size(): number {
    return this.#buffer.at + 1;
  }

  add(bytes: Bytes): void {
    const buffer = this.#buffer;
    buffer.room(bytes.length + MAX_OVERHEAD);
    this.#putLengthBefore();
    const integer = parseInteger(bytes);
    if (integer === null) this.#putString(bytes);
    else this.#putInteger(integer);
    this.count++;
  }

  #putLengthBefore(): void {
    const buffer = this.#buffer;
    const { bytes, at } = buffer;
    const before = at - this.#lastAt;
    this.#lastAt = at;
    if (before < LONG) {
      bytes[buffer.at++] = before;
    } else {
      bytes[buffer.at++] = LONG;
      buffer.at = bytes.writeUInt32LE(before, buffer.at);
    }
  }

  #putString(string: Bytes): void {
    const buffer = this.#buffer;
    const { bytes } = buffer;
    const { length } = string;
    if (length < 1 << 6) {
      bytes[buffer.at++] = length;
    } else if (length < 1 << 14) {
      bytes[buffer.at++] = 0x40 | (length >> 8);
      bytes[buffer.at++] = length & 0xff;
    } else {
      bytes[buffer.at++] = 0x80;
      buffer.at = bytes.writeUInt32BE(length, buffer.at);
    }
    buffer.string(string);
  }

  #putInteger(value: Int64): void {
    const buffer = this.#buffer;
    const { bytes } = buffer;
    let { at } = buffer;
    if (value >= 0 && value <= 12) {
      bytes[at++] = 0xf1 + Number(value);
    } else if (value >= -0x80 && value <= 0x7f) {
      bytes[at++] = 0xfe;
      bytes[at++] = Number(value);
    } else if (value >= -0x8000 && value <= 0x7fff) {
      bytes[at++] = 0xc0;
      at = bytes.writeInt16LE(Number(value), at);
    } else if (value >= -0x80_0000 && value <= 0x7f_ffff) {
      bytes[at++] = 0xf0;
      at = bytes.writeIntLE(Number(value), at, 3);
    } else if (value >= -0x8000_0000 && value <= 0x7fff_ffff) {
      bytes[at++] = 0xd0;
      at = bytes.writeInt32LE(Number(value), at);
    } else {
      bytes[at++] = 0xe0;
      at = bytes.writeBigInt64LE(BigInt(value), at);
    }
    buffer.at = at;
  }

  finish(): Buffer {
    const buffer = this.#buffer;
    buffer.room(1);
    const { bytes } = buffer;
    bytes[buffer.at] = END;
    bytes.writeUInt32LE(buffer.at + 1, 0);
    bytes.writeUInt32LE(this.#lastAt, LAST_AT);
    bytes.writeUInt16LE(Math.min(this.count, MANY), COUNT_AT);
    return bytes.subarray(0, buffer.at + 1);
  }
}
