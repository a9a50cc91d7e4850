import type { Bytes } from "../../support/bytes.ts";
import { Crc64 } from "../../support/crc64.ts";
import { RdbError } from "../rdb-error.ts";

/**
 * Bytes that come piece by piece, and where the reader is in them. Reading past what is there throws NEED_MORE, which
 * `whenThere` and `repeat` turn into a pause; past the end of all it throws an RdbError. What has been read is
 * forgotten when more comes, so that no more is in memory than the largest piece that is read at once.
 */
export class ByteSource {
  #buffer: Buffer;
  /** Index of the next byte in the buffer; in a read that is to be repeated it is set back. */
  at = 0;
  #end: number;
  /** What the buffer's first byte is counted from the beginning. */
  #offset: number;
  #isComplete: boolean;
  /** Bytes that are missing at least; 0 when the decoder paused for another reason. */
  missing = 0;
  /** Of all up to `#summedTo`; what was read is added before it is forgotten. */
  readonly #crc = new Crc64();
  #summedTo = 0;

  private constructor(buffer: Buffer, end: number, offset: number, isComplete: boolean) {
    this.#buffer = buffer;
    this.#end = end;
    this.#offset = offset;
    this.#isComplete = isComplete;
  }

  /** All there is. `offset` of its first byte, as errors tell it. */
  static of(bytes: Buffer, offset = 0): ByteSource {
    return new ByteSource(bytes, bytes.length, offset, true);
  }

  /** Nothing yet: `append` what comes, `complete` at its end. */
  static stream(): ByteSource {
    return new ByteSource(Buffer.allocUnsafe(INITIAL_BYTES), 0, 0, false);
  }

  /** Bytes from the beginning of all. */
  get offset(): number {
    return this.#offset + this.at;
  }

  get available(): number {
    return this.#end - this.at;
  }

  /** Room of at least so many bytes behind what is there, for `filled`. Views of blobs end to be valid. */
  room(bytes: number): Buffer {
    const kept = this.#end - this.at;
    if (this.#buffer.length - this.#end < bytes) {
      const target =
        this.#buffer.length - kept < bytes
          ? // Twice what is needed, so that it serves for the next pieces too.
            Buffer.allocUnsafe(Math.max(kept + 2 * bytes, 2 * kept))
          : this.#buffer;
      this.#sum();
      this.#buffer.copy(target, 0, this.at, this.#end);
      this.#buffer = target;
      this.#offset += this.at;
      this.at = this.#summedTo = 0;
      this.#end = kept;
    }
    return this.#buffer.subarray(this.#end);
  }

  /** So many bytes were put into `room`. */
  filled(bytes: number): void {
    this.#end += bytes;
  }

  append(bytes: Buffer): void {
    bytes.copy(this.room(bytes.length));
    this.filled(bytes.length);
  }

  /** Nothing more comes. */
  complete(): void {
    this.#isComplete = true;
  }

  /** CRC-64 of all that has been read, as it stands at the end of a file. */
  checksum(): Bytes {
    this.#sum();
    return this.#crc.digest().latin1Slice();
  }

  #sum(): void {
    this.#crc.add(this.#buffer, this.#summedTo, this.at);
    this.#summedTo = this.at;
  }

  /** @throws RdbError */
  fail(reason: string, offset = this.offset): never {
    throw new RdbError(offset, reason);
  }

  #need(bytes: number): void {
    if (this.#end - this.at >= bytes) return;
    if (this.#isComplete) this.fail("unexpected end", this.#offset + this.#end);
    this.missing = bytes - (this.#end - this.at);
    throw NEED_MORE;
  }

  u8(): number {
    this.#need(1);
    return this.#buffer[this.at++]!;
  }

  /** Like `u8`, and stays before it. */
  peek(): number {
    this.#need(1);
    return this.#buffer[this.at]!;
  }

  /** A view that is valid until more comes. */
  view(length: number): Buffer {
    this.#need(length);
    this.at += length;
    return this.#buffer.subarray(this.at - length, this.at);
  }

  bytes(length: number): Bytes {
    this.#need(length);
    this.at += length;
    return this.#buffer.latin1Slice(this.at - length, this.at);
  }

  i8(): number {
    return (this.u8() << 24) >> 24;
  }

  i16(): number {
    this.#need(2);
    this.at += 2;
    return this.#buffer.readInt16LE(this.at - 2);
  }

  i32(): number {
    this.#need(4);
    this.at += 4;
    return this.#buffer.readInt32LE(this.at - 4);
  }

  i64(): bigint {
    this.#need(8);
    this.at += 8;
    return this.#buffer.readBigInt64LE(this.at - 8);
  }

  u32Big(): number {
    this.#need(4);
    this.at += 4;
    return this.#buffer.readUInt32BE(this.at - 4);
  }

  u64Big(): bigint {
    this.#need(8);
    this.at += 8;
    return this.#buffer.readBigUInt64BE(this.at - 8);
  }

  double(): number {
    this.#need(8);
    this.at += 8;
    return this.#buffer.readDoubleLE(this.at - 8);
  }
}

const INITIAL_BYTES = 64 << 10;

/** Thrown out of a read that goes past what is there. */
class NeedMore extends Error {}

const NEED_MORE = new NeedMore("more bytes are needed");

/** Whether an error means that more bytes are needed. */
export function runsOut(error: unknown): boolean {
  return error === NEED_MORE;
}

/**
 * A decoder in steps: it gives control back when the source runs out (`source.missing` tells) or the sink is full, and
 * is to be continued when that has been seen to.
 */
export type Decoding<T = void> = Generator<void, T, void>;

/** What `read` returns, as soon as all that it reads is there. It may run several times: no effects before its end. */
export function* whenThere<T>(source: ByteSource, read: () => T): Decoding<T> {
  for (;;) {
    const start = source.at;
    try {
      return read();
    } catch (error) {
      if (error !== NEED_MORE) throw error;
      source.at = start;
    }
    yield;
    source.missing = 0;
  }
}

/** Runs `step` so many times, each when all that it reads is there, and pauses where the sink is full. */
export function* repeat(
  source: ByteSource,
  times: number,
  sink: { readonly isFull: boolean },
  step: () => void,
): Decoding {
  let left = times;
  while (left > 0) {
    let start = source.at;
    try {
      while (left > 0 && !sink.isFull) {
        start = source.at;
        step();
        left--;
      }
    } catch (error) {
      if (error !== NEED_MORE) throw error;
      source.at = start;
    }
    if (left > 0) yield;
    source.missing = 0;
  }
}

/** The result of a decoder whose source is complete and whose sink is never full. */
export function finish<T>(decoding: Decoding<T>): T {
  for (;;) {
    const { done, value } = decoding.next();
    if (done) return value;
  }
}
