import type { Bytes } from "../support/bytes.ts";
import type { Elements } from "../storage/elements.ts";
import { type ByteReader, readU32, u32, u64, varint } from "../storage/numbers.ts";
import type { Keyspace } from "./keyspace.ts";
import { RecordFlag } from "./record.ts";
import type { Owner, ValueObject } from "./value.ts";

/** Strings longer than this are kept in chunks. */
export const CHUNKED_FROM_BYTES = 256 << 10;

const CHUNK_BYTES = 64 << 10;

/** A part of more chunks than this is read as a range, and better streamed. */
const MAX_POINT_READS = 8;

const ZEROS = "\0".repeat(CHUNK_BYTES);

/** Chunk 258 ⇒ `00 00000102`: part, number of the chunk. Value: its bytes; absent, or short: zeros follow. */
const chunkKey = (number: number): Bytes => "\0" + u32(number);

const CHUNK_NUMBER_AT = 1;

/**
 * A long string, in chunks of 64 KiB: a write touches only the chunks that it changes, a read only those that
 * it asks for. A chunk that was never written, and the end of one that is shorter than its place, are zeros.
 */
export class BigString implements ValueObject {
  readonly type = "string";
  readonly encoding = "raw";
  owner: Owner | null = null;
  readonly #keyspace: Keyspace;
  readonly #elements: Elements;
  #length: number;

  private constructor(keyspace: Keyspace, elements: Elements, length: number) {
    this.#keyspace = keyspace;
    this.#elements = elements;
    this.#length = length;
  }

  /** Writes: the reads of the command have to be done. */
  static of(keyspace: Keyspace, bytes: Bytes): BigString {
    const big = new BigString(keyspace, keyspace.newElements(), 0);
    big.write(0, bytes);
    return big;
  }

  static read(keyspace: Keyspace, reader: ByteReader): BigString {
    return new BigString(keyspace, keyspace.openElements(reader.u64()), reader.varint());
  }

  /** Another one with the same bytes, which belongs to no key yet. Reads all chunks first; they may fault. */
  copy(): BigString {
    const chunks = this.#elements.all({ gte: chunkKey(0) });
    const copy = new BigString(this.#keyspace, this.#keyspace.newElements(), this.#length);
    for (const [key, chunk] of chunks) copy.#elements.put(key, chunk);
    return copy;
  }

  /** In bytes. */
  get length(): number {
    return this.#length;
  }

  get memoryBytes(): number {
    return OBJECT_BYTES;
  }

  get wholeBytes(): number {
    return this.memoryBytes + this.#length;
  }

  get elementRange(): Elements {
    return this.#elements;
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
    const first = numberAt(start);
    const last = numberAt(stop - 1);
    const chunks = last - first < MAX_POINT_READS ? this.#points(first, last) : this.#range(first, last);
    let bytes = "";
    for (let number = first; number <= last; number++)
      bytes += partOf(chunks.get(number) ?? "", number, start, stop);
    return bytes;
  }

  /** Whether a part of that many bytes should be streamed instead of being read into memory. */
  static isLongPart(length: number): boolean {
    return length > (MAX_POINT_READS - 1) * CHUNK_BYTES;
  }

  #points(first: number, last: number): Map<number, Bytes> {
    const keys: Bytes[] = [];
    for (let number = first; number <= last; number++) keys.push(chunkKey(number));
    this.#elements.ready(keys);
    return new Map(keys.map((key, i) => [first + i, this.#elements.get(key) ?? ""]));
  }

  #range(first: number, last: number): Map<number, Bytes> {
    const found = this.#elements.all({ gte: chunkKey(first), lt: chunkKey(last + 1) });
    return new Map(found.map(([key, chunk]) => [chunkNumber(key), chunk]));
  }

  /**
   * The bytes from `start` up to, not including, `end`, in runs, from a snapshot of now. Must be read to its end
   * or closed with `return`.
   */
  stream(start = 0, end = this.#length): AsyncIterableIterator<Bytes[]> {
    const stop = Math.min(end, this.#length);
    const range = { gte: chunkKey(numberAt(start)), lt: chunkKey(numberAt(stop - 1) + 1) };
    const chunks = this.#elements.stream(range, (key, chunk) => [chunkNumber(key), chunk] as const);
    const runs = withoutGaps(chunks, start, stop);
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

  /** Reads what a `write` there keeps of chunks that it changes in part: call it before the first write of a command. */
  readyToWrite(offset: number, length: number): void {
    const keys: Bytes[] = [];
    const first = numberAt(offset);
    const last = numberAt(offset + length - 1);
    if (this.#mustRead(first, offset, offset + length)) keys.push(chunkKey(first));
    if (last > first && this.#mustRead(last, offset, offset + length)) keys.push(chunkKey(last));
    this.#elements.ready(keys);
    // One key alone is not read by `ready`: let it fault now.
    if (keys.length === 1) this.#elements.get(keys[0]!);
  }

  /** Overwrites from `offset` on; the string grows when needed, with zeros in between. */
  write(offset: number, bytes: Bytes): void {
    const end = offset + bytes.length;
    for (let at = offset; at < end;) {
      const number = numberAt(at);
      const chunkStart = number * CHUNK_BYTES;
      const stop = Math.min(end, chunkStart + CHUNK_BYTES);
      const old = this.#mustRead(number, offset, end) ? (this.#elements.get(chunkKey(number)) ?? "") : "";
      const within = at - chunkStart;
      const head = old.length >= within ? old.slice(0, within) : old + ZEROS.slice(0, within - old.length);
      const chunk = head + bytes.slice(at - offset, stop - offset) + old.slice(stop - chunkStart);
      this.#elements.put(chunkKey(number), chunk);
      at = stop;
    }
    if (end > this.#length) {
      this.#length = end;
      this.owner?.recordChanged();
    } else {
      this.owner?.elementsChanged();
    }
  }

  /** Whether a chunk has bytes of its own that a write from `offset` to `end` leaves as they are. */
  #mustRead(number: number, offset: number, end: number): boolean {
    const start = number * CHUNK_BYTES;
    const stop = Math.min(start + CHUNK_BYTES, this.#length);
    return start < stop && (offset > start || end < stop);
  }
}

/** The object, its elements and their maps. */
const OBJECT_BYTES = 400;

const numberAt = (offset: number): number => Math.floor(offset / CHUNK_BYTES);

const chunkNumber = (key: Bytes): number => readU32(key, CHUNK_NUMBER_AT);

/** What chunk `number` holds of the bytes from `start` to `stop`. */
function partOf(chunk: Bytes, number: number, start: number, stop: number): Bytes {
  const base = number * CHUNK_BYTES;
  const from = Math.max(start - base, 0);
  const to = Math.min(stop - base, CHUNK_BYTES);
  const part = from === 0 && chunk.length === to ? chunk : chunk.slice(from, to);
  return part.length === to - from ? part : part + ZEROS.slice(0, to - from - part.length);
}

/** The chunks that were never written filled in, first and last cut to the part that was asked for. */
async function* withoutGaps(
  chunks: AsyncIterable<readonly (readonly [number: number, chunk: Bytes])[]>,
  start: number,
  stop: number,
): AsyncGenerator<Bytes[]> {
  let next = numberAt(start);
  for await (const run of chunks) {
    for (const [number, chunk] of run) {
      for (; next < number; next++) yield [partOf("", next, start, stop)];
      yield [partOf(chunk, next++, start, stop)];
    }
  }
  for (; next * CHUNK_BYTES < stop; next++) yield [partOf("", next, start, stop)];
}
