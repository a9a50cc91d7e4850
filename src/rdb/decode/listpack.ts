import type { Bytes } from "../../support/bytes.ts";
import { type Int64, narrowInteger } from "../../support/integers.ts";
import { type Fail, integerText } from "./blob.ts";

/**
 * Reads a listpack entry by entry: bytes u32, entries u16 (65535: unknown), entries, 255. Each entry: encoding,
 * content, the length of both in seven bits a byte, to be read backwards.
 * https://github.com/antirez/listpack/blob/master/listpack.md
 */
export class Listpack {
  readonly #blob: Buffer;
  readonly #fail: Fail;
  readonly #end: number;
  /** Of the next entry. */
  at = HEADER_BYTES;
  #read = 0;
  /** Where the content of the last entry begins, and its length in bytes; of an integer, what says how wide it is. */
  #contentAt = 0;
  #contentBytes = 0;
  #small: number | null = null;
  #isInteger = false;

  /** Checks the header. */
  constructor(blob: Buffer, fail: Fail) {
    const { length } = blob;
    if (length < HEADER_BYTES + 1) fail("too short", 0);
    if (blob.readUInt32LE(0) !== length) fail("its length is another one", 0);
    if (blob[length - 1] !== END) fail("no end mark", length - 1);
    this.#blob = blob;
    this.#fail = fail;
    this.#end = length - 1;
  }

  get done(): boolean {
    return this.at === this.#end;
  }

  /** To be called when all has been read. */
  checkCount(): void {
    const count = this.#blob.readUInt16LE(4);
    if (count !== UNKNOWN_COUNT && count !== this.#read)
      this.#fail("the number of entries is another one", 4);
  }

  /** The next entry as bytes: an integer as its text. */
  bytes(): Bytes {
    this.#next();
    if (!this.#isInteger) {
      return this.#blob.latin1Slice(this.#contentAt, this.#contentAt + this.#contentBytes);
    }
    return this.#small === null
      ? integerText(this.#blob, this.#contentAt, this.#contentBytes)
      : String(this.#small);
  }

  /** The next entry, which has to be an integer. */
  integer(): Int64 {
    const entryAt = this.at;
    this.#next();
    if (!this.#isInteger) this.#fail("not an integer", entryAt);
    if (this.#small !== null) return this.#small;
    const width = this.#contentBytes;
    return width === 8
      ? narrowInteger(this.#blob.readBigInt64LE(this.#contentAt))
      : this.#blob.readIntLE(this.#contentAt, width);
  }

  #next(): void {
    const { at } = this;
    if (at >= this.#end) this.#fail("it ends too early", at);
    this.#readEncoding(at);
    const stop = this.#contentAt + this.#contentBytes;
    const length = stop - at;
    let next = stop + backwardBytes(length);
    if (next > this.#end) this.#fail("an entry goes beyond the end", at);
    this.at = next;
    this.#read++;
    let rest = length;
    // The lowest seven bits are last; all but the first byte have their upper bit set.
    while (--next >= stop) {
      if (this.#blob[next] !== ((rest & 0x7f) | (next > stop ? 0x80 : 0)))
        this.#fail("its two lengths differ", at);
      rest = Math.floor(rest / 0x80);
    }
  }

  #readEncoding(at: number): void {
    const blob = this.#blob;
    const encoding = blob[at]!;
    this.#small = null;
    this.#isInteger = false;
    if (encoding < 0x80) {
      this.#isInteger = true;
      this.#small = encoding;
      this.#contentAt = at + 1;
      this.#contentBytes = 0;
    } else if (encoding < 0xc0) {
      this.#contentAt = at + 1;
      this.#contentBytes = encoding & 0x3f;
    } else if (encoding < 0xe0) {
      this.#isInteger = true;
      this.#contentAt = at + 2;
      this.#contentBytes = 0;
      this.#small = ((((encoding & 0x1f) << 8) | blob[at + 1]!) << 19) >> 19;
    } else if (encoding < 0xf0) {
      this.#contentAt = at + 2;
      this.#contentBytes = ((encoding & 0x0f) << 8) | blob[at + 1]!;
    } else if (encoding === LONG_STRING) {
      if (at + 5 > this.#end) this.#fail("an entry goes beyond the end", at);
      this.#contentAt = at + 5;
      this.#contentBytes = blob.readUInt32LE(at + 1);
    } else {
      this.#isInteger = true;
      this.#contentAt = at + 1;
      this.#contentBytes = WIDTHS[encoding] ?? this.#fail("unknown encoding", at);
    }
  }
}

const HEADER_BYTES = 6;
const END = 0xff;
const UNKNOWN_COUNT = 0xffff;
const LONG_STRING = 0xf0;

/** Bytes of the integer behind an encoding. */
const WIDTHS: Readonly<Record<number, number>> = { 0xf1: 2, 0xf2: 3, 0xf3: 4, 0xf4: 8 };

/** Of the length that stands behind an entry of so many bytes. */
export function backwardBytes(length: number): number {
  if (length <= 127) return 1;
  if (length < 16383) return 2;
  if (length < 2097151) return 3;
  return length < 268435455 ? 4 : 5;
}

export function listpackElements(blob: Buffer, fail: Fail): Bytes[] {
  const listpack = new Listpack(blob, fail);
  const elements: Bytes[] = [];
  while (!listpack.done) elements.push(listpack.bytes());
  listpack.checkCount();
  return elements;
}
