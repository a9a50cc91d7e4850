import type { Bytes } from "../support/bytes.ts";
import type { Elements } from "../storage/elements.ts";
import { type ByteReader, readU32, u32, u64, varint } from "../storage/numbers.ts";
import type { Keyspace } from "./keyspace.ts";
import { RecordFlag } from "./record.ts";
import type { Owner, ValueObject } from "./value.ts";

/** Strings longer than this are kept in chunks. */
export const CHUNKED_FROM_BYTES = 256 << 10;

const CHUNK_BYTES = 64 << 10;

/** Chunk 258 ⇒ `00 00000102`: part, number of the chunk. Value: its bytes; absent, or short: zeros follow. */
const chunkKey = (number: number): Bytes => "\0" + u32(number);

const CHUNK_NUMBER_AT = 1;

/**
 * A long string, in chunks of 64 KiB: a write touches only the chunks that it changes, a read only those that
 * it asks for. A chunk that was never written, and the end of one that is shorter than its place, are zeros.
 */
export class BigString implements ValueObject {
  readonly type = "string";
  owner: Owner | null = null;
  readonly #keyspace: Keyspace;
  readonly #elements: Elements;
  #length: number;

  private constructor(keyspace: Keyspace, elements: Elements, length: number) {
    this.#keyspace = keyspace;
    this.#elements = elements;
    this.#length = length;
  }

  static of(keyspace: Keyspace, bytes: Bytes): BigString {
    const big = new BigString(keyspace, keyspace.newElements(), 0);
    big.write(0, bytes);
    return big;
  }

  static read(keyspace: Keyspace, reader: ByteReader): BigString {
    return new BigString(keyspace, keyspace.openElements(reader.u64()), reader.varint());
  }

  /** In bytes. */
  get length(): number {
    return this.#length;
  }

  get memoryBytes(): number {
    return 150;
  }

  get isBusy(): boolean {
    return this.#elements.isBusy;
  }

  recordFlags(): number {
    return RecordFlag.ranged | RecordFlag.raw;
  }

  recordPayload(): Bytes {
    return u64(this.#elements.id) + varint(this.#length);
  }

  discard(): void {
    this.owner = null;
    this.#keyspace.bury(this.#elements);
  }

  abandon(): void {
    this.owner = null;
    this.#elements.discard();
  }

  /** The bytes from `start` up to, not including, `end`. May fault. */
  slice(start: number, end: number): Bytes {
    const stop = Math.min(end, this.#length);
    if (start >= stop) return "";
    const firstChunk = Math.floor(start / CHUNK_BYTES);
    const lastChunk = Math.floor((stop - 1) / CHUNK_BYTES);
    if (lastChunk - firstChunk < MAX_POINT_READS) {
      const keys = Array.from({ length: lastChunk - firstChunk + 1 }, (_, i) => chunkKey(firstChunk + i));
      this.#elements.ready(keys);
      let bytes = "";
      for (const [i, key] of keys.entries()) bytes += this.#padded(this.#elements.get(key) ?? "", firstChunk + i);
      return bytes.slice(start - firstChunk * CHUNK_BYTES, stop - firstChunk * CHUNK_BYTES);
    }
    let bytes = "";
    let next = firstChunk;
    for (const [key, chunk] of this.#elements.all({ gte: chunkKey(firstChunk), lt: chunkKey(lastChunk + 1) })) {
      const number = chunkNumber(key);
      while (next < number) bytes += this.#padded("", next++);
      bytes += this.#padded(chunk, next++);
    }
    while (next <= lastChunk) bytes += this.#padded("", next++);
    return bytes.slice(start - firstChunk * CHUNK_BYTES, stop - firstChunk * CHUNK_BYTES);
  }

  async *#runs(chunks: AsyncIterable<readonly (readonly [number, Bytes])[]>, length: number): AsyncGenerator<Bytes[]> {
    let next = 0;
    const count = Math.ceil(length / CHUNK_BYTES);
    for await (const run of chunks) {
      for (const [number, chunk] of run) {
        while (next < number) yield [padded("", next++, length)];
        yield [padded(chunk, next++, length)];
      }
    }
    while (next < count) yield [padded("", next++, length)];
  }

  /** All of it, in runs, from a snapshot of now. Must be read to its end or closed with `return`. */
  stream(): AsyncIterableIterator<Bytes[]> {
    const length = this.#length;
    const chunks = this.#elements.stream({ gte: "\0" }, (key, chunk) => [chunkNumber(key), chunk] as const);
    const runs = this.#runs(chunks, length);
    return {
      [Symbol.asyncIterator]() {
        return this;
      },
      next: () => runs.next(),
      // A generator that was never started does not run its `finally`: close what is below it as well.
      async return() {
        await runs.return(undefined);
        await chunks.return?.();
        return { done: true, value: undefined };
      },
    };
  }

  /** What of the present contents a `write` there has to read: call it before the first write of a command. */
  readyToWrite(offset: number, length: number): void {
    if (length === 0) return;
    const first = Math.floor(offset / CHUNK_BYTES);
    const last = Math.floor((offset + length - 1) / CHUNK_BYTES);
    this.#elements.ready(first === last ? [chunkKey(first)] : [chunkKey(first), chunkKey(last)]);
  }

  /** Overwrites from `offset` on; the string grows when needed, with zeros in between. */
  write(offset: number, bytes: Bytes): void {
    let at = offset;
    let from = 0;
    while (from < bytes.length) {
      const number = Math.floor(at / CHUNK_BYTES);
      const within = at - number * CHUNK_BYTES;
      const part = bytes.slice(from, from + CHUNK_BYTES - within);
      if (within === 0 && (part.length === CHUNK_BYTES || at + part.length >= this.#length)) {
        this.#elements.put(chunkKey(number), part);
      } else {
        const old = at < this.#length || within > 0 ? (this.#elements.get(chunkKey(number)) ?? "") : "";
        const head = old.length >= within ? old.slice(0, within) : old + "\0".repeat(within - old.length);
        this.#elements.put(chunkKey(number), head + part + old.slice(within + part.length));
      }
      at += part.length;
      from += part.length;
    }
    this.#length = Math.max(this.#length, at);
    this.owner?.recordChanged();
  }

  #padded(chunk: Bytes, number: number): Bytes {
    return padded(chunk, number, this.#length);
  }
}

function padded(chunk: Bytes, number: number, length: number): Bytes {
  const wanted = Math.min(CHUNK_BYTES, length - number * CHUNK_BYTES);
  return chunk.length < wanted ? chunk + "\0".repeat(wanted - chunk.length) : chunk;
}

const chunkNumber = (key: Bytes): number => readU32(key, CHUNK_NUMBER_AT);

/** A slice of more chunks than this is read as a range. */
const MAX_POINT_READS = 8;
