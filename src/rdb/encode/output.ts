import type { Bytes } from "../../support/bytes.ts";
import { parseInteger } from "../../support/integers.ts";
import { lzfCompress } from "../../support/lzf-compress.ts";
import { RdbLength, RdbStringEncoding } from "../opcodes.ts";

/** Bytes gather in chunks of this size; longer strings are a chunk of their own. */
const CHUNK_BYTES = 64 << 10;

/** Up to so many bytes a loop is faster than the call out of JavaScript. */
const SHORT = 12;

/** Redis tries strings of up to so many bytes as numbers of 32 bits, and longer ones than MIN_COMPRESSED with LZF. */
const MAX_INTEGER_LENGTH = 11;
const MIN_COMPRESSED = 21;

/** What is compressed is in memory twice meanwhile. Longer strings are written as they are. */
export const MAX_COMPRESSED = 16 << 20;

/** So many bytes less are worth the compression. */
const MIN_SAVED = 4;

/** The parts that RDB files and DUMP payloads are made of. They gather here until they are taken. */
export class RdbOutput {
  readonly #compress: boolean;
  #chunks: Buffer[] = [];
  #chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  #at = 0;
  #takenBytes = 0;
  #waitingBytes = 0;

  /** `compress`: strings by LZF, where that makes them shorter. */
  constructor(compress: boolean) {
    this.#compress = compress;
  }

  /** Bytes that wait to be taken. */
  get pendingBytes(): number {
    return this.#waitingBytes + this.#at;
  }

  /** All bytes so far. */
  get totalBytes(): number {
    return this.#takenBytes + this.pendingBytes;
  }

  /** What has gathered. It is the caller's. */
  take(): Buffer[] {
    this.#closeChunk();
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#takenBytes += this.#waitingBytes;
    this.#waitingBytes = 0;
    return chunks;
  }

  #closeChunk(): void {
    if (this.#at === 0) return;
    this.#chunks.push(this.#chunk.subarray(0, this.#at));
    this.#waitingBytes += this.#at;
    this.#chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    this.#at = 0;
  }

  /** Makes room for so many bytes, not more than a chunk has. */
  #room(bytes: number): void {
    if (this.#at + bytes > CHUNK_BYTES) this.#closeChunk();
  }

  byte(value: number): void {
    this.#room(1);
    this.#chunk[this.#at++] = value;
  }

  /** Bytes as they are. */
  raw(bytes: Bytes): void {
    const { length } = bytes;
    if (length > CHUNK_BYTES) {
      this.#add(Buffer.from(bytes, "latin1"));
      return;
    }
    this.#room(length);
    const chunk = this.#chunk;
    const at = this.#at;
    if (length <= SHORT) for (let i = 0; i < length; i++) chunk[at + i] = bytes.charCodeAt(i);
    else chunk.latin1Write(bytes, at, length);
    this.#at = at + length;
  }

  /** Bytes as they are, which are copied unless `isOwn`. */
  rawBuffer(bytes: Buffer, isOwn = false): void {
    if (bytes.length > CHUNK_BYTES) {
      this.#add(isOwn ? bytes : Buffer.from(bytes));
      return;
    }
    this.#room(bytes.length);
    bytes.copy(this.#chunk, this.#at);
    this.#at += bytes.length;
  }

  #add(chunk: Buffer): void {
    this.#closeChunk();
    this.#chunks.push(chunk);
    this.#waitingBytes += chunk.length;
  }

  /** A length or another whole number up to 2^53: 10 ⇒ `0A`, 700 ⇒ `42 BC`, 20,000 ⇒ `80 00004E20`. */
  length(value: number): void {
    this.#room(9);
    const chunk = this.#chunk;
    let at = this.#at;
    if (value < 1 << 6) {
      chunk[at++] = value;
    } else if (value < 1 << 14) {
      chunk[at++] = (RdbLength.fourteenBits << 6) | (value >> 8);
      chunk[at++] = value & 0xff;
    } else if (value <= 0xffff_ffff) {
      chunk[at++] = RdbLength.bits32;
      at = chunk.writeUInt32BE(value, at);
    } else {
      chunk[at++] = RdbLength.bits64;
      at = chunk.writeUInt32BE(Math.floor(value / 0x1_0000_0000), at);
      at = chunk.writeUInt32BE(value >>> 0, at);
    }
    this.#at = at;
  }

  /** The same for a u64 of 8 bytes, big-endian. */
  length64(value: Bytes): void {
    if (value.startsWith("\0\0\0\0")) {
      let low = 0;
      for (let i = 4; i < 8; i++) low = low * 0x100 + value.charCodeAt(i);
      this.length(low);
    } else {
      this.byte(RdbLength.bits64);
      this.raw(value);
    }
  }

  /** Unix time in ms: 8 bytes, the lowest first. */
  time(ms: number): void {
    this.#room(8);
    this.#at = this.#chunk.writeBigInt64LE(BigInt(ms), this.#at);
  }

  /** A binary double, 8 bytes, the lowest first. */
  double(value: number): void {
    this.#room(8);
    this.#at = this.#chunk.writeDoubleLE(value, this.#at);
  }

  /** A string as short as it gets: a number, compressed, or as it is. `-3` ⇒ `C0 FD`, `ab` ⇒ `02 61 62` */
  string(bytes: Bytes): void {
    const { length } = bytes;
    if (length <= MAX_INTEGER_LENGTH && this.#integer(bytes)) return;
    if (this.#compress && length >= MIN_COMPRESSED && length <= MAX_COMPRESSED) {
      const plain = inputFor(length);
      plain.latin1Write(bytes, 0, length);
      if (this.#compressed(plain, length)) return;
    }
    this.length(length);
    this.raw(bytes);
  }

  /** The same of bytes in a buffer, of which none is a number. */
  blob(bytes: Buffer): void {
    const { length } = bytes;
    if (this.#compress && length >= MIN_COMPRESSED && length <= MAX_COMPRESSED)
      if (this.#compressed(bytes, length)) return;
    this.length(length);
    this.rawBuffer(bytes);
  }

  #integer(bytes: Bytes): boolean {
    const value = parseInteger(bytes);
    if (typeof value !== "number" || value < -0x8000_0000 || value > 0x7fff_ffff) return false;
    this.#room(5);
    const chunk = this.#chunk;
    let at = this.#at;
    if (value >= -0x80 && value <= 0x7f) {
      chunk[at++] = ENCODED | RdbStringEncoding.int8;
      chunk[at++] = value;
    } else if (value >= -0x8000 && value <= 0x7fff) {
      chunk[at++] = ENCODED | RdbStringEncoding.int16;
      at = chunk.writeInt16LE(value, at);
    } else {
      chunk[at++] = ENCODED | RdbStringEncoding.int32;
      at = chunk.writeInt32LE(value, at);
    }
    this.#at = at;
    return true;
  }

  #compressed(plain: Buffer, length: number): boolean {
    const limit = length - MIN_SAVED;
    const output = outputFor(limit);
    const compressed = lzfCompress(plain, 0, length, output, limit);
    if (compressed === 0) return false;
    this.byte(ENCODED | RdbStringEncoding.lzf);
    this.length(compressed);
    this.length(length);
    this.rawBuffer(output.subarray(0, compressed), output !== compressedScratch);
    return true;
  }
}

const ENCODED = RdbLength.encoded << 6;

/** Room for strings before and after their compression; larger ones do not stay. */
const SCRATCH_BYTES = 64 << 10;
const plainScratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
const compressedScratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);

const inputFor = (bytes: number): Buffer =>
  bytes <= SCRATCH_BYTES ? plainScratch : Buffer.allocUnsafeSlow(bytes);
const outputFor = (bytes: number): Buffer =>
  bytes <= SCRATCH_BYTES ? compressedScratch : Buffer.allocUnsafeSlow(bytes);
