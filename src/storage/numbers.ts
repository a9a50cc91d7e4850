import type { Bytes } from "../support/bytes.ts";

/**
 * Numbers as bytes. Big-endian, so that byte order is number order; scores are IEEE-754 with the sign bit
 * turned (and, below zero, all bits), which has the same effect.
 */

const chr = String.fromCharCode;

/** 258 ⇒ `01 02`. */
export function u16(n: number): Bytes {
  return chr(n >>> 8, n & 0xff);
}

/** 258 ⇒ `00 00 01 02`. */
export function u32(n: number): Bytes {
  return chr(n >>> 24, (n >>> 16) & 0xff, (n >>> 8) & 0xff, n & 0xff);
}

/** 258 ⇒ `00 00 00 00 00 00 01 02`; for whole numbers up to 2^53 - 1. */
export function u64(n: number): Bytes {
  const high = Math.floor(n / 0x1_0000_0000);
  const low = n >>> 0;
  return chr(
    high >>> 24,
    (high >>> 16) & 0xff,
    (high >>> 8) & 0xff,
    high & 0xff,
    low >>> 24,
    (low >>> 16) & 0xff,
    (low >>> 8) & 0xff,
    low & 0xff,
  );
}

export function readU32(bytes: Bytes, at: number): number {
  return (
    ((bytes.charCodeAt(at) << 24) |
      (bytes.charCodeAt(at + 1) << 16) |
      (bytes.charCodeAt(at + 2) << 8) |
      bytes.charCodeAt(at + 3)) >>>
    0
  );
}

export function readU64(bytes: Bytes, at: number): number {
  return readU32(bytes, at) * 0x1_0000_0000 + readU32(bytes, at + 4);
}

/** LEB128, least significant group first: 300 ⇒ `AC 02`. For whole numbers up to 2^53 - 1. */
export function varint(n: number): Bytes {
  if (n < 0x80) return chr(n);
  if (n < 0x4000) return chr((n & 0x7f) | 0x80, n >>> 7);
  let out = "";
  while (n >= 0x80) {
    out += chr((n % 0x80) | 0x80);
    n = Math.floor(n / 0x80);
  }
  return out + chr(n);
}

/** Reads the parts of a record in order. A record that ends early is a damaged one: RangeError. */
export class ByteReader {
  readonly #bytes: Bytes;
  #at: number;

  constructor(bytes: Bytes, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  u8(): number {
    this.#need(1);
    return this.#bytes.charCodeAt(this.#at++);
  }

  u32(): number {
    this.#need(4);
    this.#at += 4;
    return readU32(this.#bytes, this.#at - 4);
  }

  u64(): number {
    this.#need(8);
    this.#at += 8;
    return readU64(this.#bytes, this.#at - 8);
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
  }

  /** A length as varint, then that many bytes. */
  sized(): Bytes {
    return this.take(this.varint());
  }

  take(length: number): Bytes {
    this.#need(length);
    this.#at += length;
    return this.#bytes.slice(this.#at - length, this.#at);
  }

  rest(): Bytes {
    const rest = this.#bytes.slice(this.#at);
    this.#at = this.#bytes.length;
    return rest;
  }

  #need(length: number): void {
    if (this.#at + length > this.#bytes.length) throw new RangeError("damaged record: it ends too early");
  }
}

const scratch = new DataView(new ArrayBuffer(8));

/**
 * A score in an order that sorts as bytes; −0 is stored as 0.
 * 1 ⇒ `BF F0 00 00 00 00 00 00`, −1 ⇒ `40 0F FF FF FF FF FF FF`, −inf ⇒ `00 0F FF FF FF FF FF FF`.
 */
export function scoreBytes(score: number): Bytes {
  scratch.setFloat64(0, score === 0 ? 0 : score);
  let high = scratch.getUint32(0);
  let low = scratch.getUint32(4);
  if (high >= 0x8000_0000) {
    high = ~high;
    low = ~low;
  } else {
    high |= 0x8000_0000;
  }
  return u32(high >>> 0) + u32(low >>> 0);
}

export function readScore(bytes: Bytes, at = 0): number {
  let high = readU32(bytes, at);
  let low = readU32(bytes, at + 4);
  if (high >= 0x8000_0000) {
    high &= 0x7fff_ffff;
  } else {
    high = ~high;
    low = ~low;
  }
  scratch.setUint32(0, high >>> 0);
  scratch.setUint32(4, low >>> 0);
  return scratch.getFloat64(0);
}
