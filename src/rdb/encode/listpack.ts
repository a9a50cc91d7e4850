import type { Bytes } from "../../support/bytes.ts";
import { type Int64, parseInteger } from "../../support/integers.ts";
import { type Pack, PackBuffer } from "./pack.ts";

/** Total bytes u32, elements u16, both with the lowest byte first. */
const HEADER_BYTES = 6;
const END = 0xff;

/** From here on the number of elements is not told. */
const MANY = 0xffff;

/** The longest: encoding and length of a string, length of the whole. */
const MAX_OVERHEAD = 10;

/**
 * Builds listpacks: https://github.com/antirez/listpack/blob/master/listpack.md
 * `a`, `1` ⇒ `0D000000 0200 81 61 02 01 01 FF`
 */
export class Listpack implements Pack {
  readonly #buffer = new PackBuffer();
  count = 0;

  constructor() {
    this.start();
  }

  start(): void {
    this.#buffer.restart(HEADER_BYTES);
    this.count = 0;
  }

  get size(): number {
    return this.#buffer.at + 1;
  }

  add(bytes: Bytes): void {
    const integer = parseInteger(bytes);
    if (integer === null) this.#addString(bytes);
    else this.addInteger(integer);
  }

  addInteger(value: Int64): void {
    const buffer = this.#buffer;
    buffer.room(MAX_OVERHEAD);
    const { bytes } = buffer;
    const from = buffer.at;
    let at = from;
    if (value >= 0 && value <= 127) {
      bytes[at++] = Number(value);
    } else if (value >= -4096 && value <= 4095) {
      const bits = Number(value) & 0x1fff;
      bytes[at++] = 0xc0 | (bits >> 8);
      bytes[at++] = bits & 0xff;
    } else if (value >= -0x8000 && value <= 0x7fff) {
      bytes[at++] = 0xf1;
      at = bytes.writeInt16LE(Number(value), at);
    } else if (value >= -0x80_0000 && value <= 0x7f_ffff) {
      bytes[at++] = 0xf2;
      at = bytes.writeIntLE(Number(value), at, 3);
    } else if (value >= -0x8000_0000 && value <= 0x7fff_ffff) {
      bytes[at++] = 0xf3;
      at = bytes.writeInt32LE(Number(value), at);
    } else {
      bytes[at++] = 0xf4;
      at = bytes.writeBigInt64LE(BigInt(value), at);
    }
    // All of these are shorter than 128 bytes: one byte tells.
    bytes[at] = at - from;
    buffer.at = at + 1;
    this.count++;
  }

  #addString(string: Bytes): void {
    const buffer = this.#buffer;
    const { length } = string;
    buffer.room(length + MAX_OVERHEAD);
    const { bytes } = buffer;
    const from = buffer.at;
    if (length < 64) {
      bytes[buffer.at++] = 0x80 | length;
    } else if (length < 4096) {
      bytes[buffer.at++] = 0xe0 | (length >> 8);
      bytes[buffer.at++] = length & 0xff;
    } else {
      bytes[buffer.at++] = 0xf0;
      buffer.at = bytes.writeUInt32LE(length, buffer.at);
    }
    buffer.string(string);
    buffer.at = putBackwardLength(bytes, buffer.at, buffer.at - from);
    this.count++;
  }

  finish(): Buffer {
    const buffer = this.#buffer;
    buffer.room(1);
    const { bytes } = buffer;
    bytes[buffer.at] = END;
    bytes.writeUInt32LE(buffer.at + 1, 0);
    bytes.writeUInt16LE(Math.min(this.count, MANY), 4);
    return bytes.subarray(0, buffer.at + 1);
  }
}

/** To be read from its end: seven bits in a byte, the upper ones first, all but the first with the top bit. */
function putBackwardLength(bytes: Buffer, from: number, length: number): number {
  let at = from;
  if (length <= 127) {
    bytes[at++] = length;
    return at;
  }
  const groups = length < 16383 ? 2 : length < 2097151 ? 3 : length < 268435455 ? 4 : 5;
  for (let group = groups - 1; group >= 0; group--) {
    const bits = Math.floor(length / 2 ** (7 * group)) & 127;
    bytes[at++] = group === groups - 1 ? bits : bits | 128;
  }
  return at;
}
