import type { Bytes } from "../support/bytes.ts";
import type { Attempt } from "../storage/attempt.ts";
import type { Elements } from "../storage/elements.ts";
import { type ByteReader, readU32, u32, u64, varint } from "../storage/numbers.ts";
import type { Keyspace } from "./keyspace.ts";
import { RecordFlag } from "./record.ts";
import type { Owner, ValueObject } from "./value.ts";

/** Strings longer than this are kept in chunks. */
export const CHUNKED_FROM_BYTES = 256 << 10;

export const CHUNK_BYTES = 64 << 10;

/** A part of more chunks than this is read as a range, and better streamed. */
const MAX_POINT_READS = 8;

const ZEROS = "\0".repeat(CHUNK_BYTES);

/** Chunk 258 ⇒ `00 00000102`: part, number of the chunk. Value: its bytes; absent, or short: zeros follow. */
export const chunkKey = (number: number): Bytes => "\0" + u32(number);

const CHUNK_NUMBER_AT = 1;

export type NumberedChunk = readonly [number: number, chunk: Bytes];

/** Bytes that belong at an offset. */
export interface Part {
  readonly offset: number;
  readonly bytes: Bytes;
}

/**
 * A long string, in chunks of 64 KiB: a write touches only the chunks that it changes, a read only those that
 * it asks for. A chunk that was never written, and the end of one that is shorter than its place, are zeros.
 */
export class BigString implements ValueObject {
  readonly type = "string";
  readonly encoding = "raw";
  readonly wide = null;
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

  /** One of that length, of chunks by their numbers; those that are absent are zeros. Writes, as `of`. */
  static ofChunks(keyspace: Keyspace, length: number, chunks: Iterable<readonly [number, Bytes]>): BigString {
    const big = new BigString(keyspace, keyspace.newElements(), length);
    for (const [number, chunk] of chunks) big.#elements.put(chunkKey(number), chunk);
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

  /** The number of the last chunk, -1 for none. */
  get lastChunk(): number {
    return numberAt(this.#length - 1);
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

  /** A script wants replies in memory, whatever their size. */
  get mayStream(): boolean {
    return !this.#keyspace.reading.attempt.inScript;
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
    const chunks = this.streamChunks(numberAt(start), numberAt(stop - 1) + 1);
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

  /** Reads what writes of these parts keep of chunks that they change in part: call it before the first write of a command. */
  readyToWrite(parts: readonly Part[]): void {
    const numbers = new Set<number>();
    for (const { offset, bytes } of parts) {
      const end = offset + bytes.length;
      for (const number of [numberAt(offset), numberAt(end - 1)])
        if (this.#mustRead(number, offset, end)) numbers.add(number);
    }
    this.readyChunks([...numbers]);
  }

  /** After this, `chunk` of these does not fault in this attempt. */
  readyChunks(numbers: readonly number[]): void {
    const keys = numbers.map(chunkKey);
    this.#elements.ready(keys);
    // One key alone is not read by `ready`: let it fault now.
    if (keys.length === 1) this.#elements.get(keys[0]!);
  }

  /** A chunk as it is kept: what it lacks, and all of one that is absent, is zeros. May fault. */
  chunk(number: number): Bytes {
    return this.#elements.get(chunkKey(number)) ?? "";
  }

  /** The byte at an offset, 0 beyond the end. May fault. */
  byteAt(offset: number): number {
    return this.chunk(numberAt(offset)).charCodeAt(offset % CHUNK_BYTES) || 0;
  }

  /** The chunks from one to before another, in runs, from a snapshot of now. Read it to its end or close it. */
  streamChunks(first: number, end: number): AsyncIterableIterator<readonly NumberedChunk[]> {
    const range = end === Infinity ? { gte: chunkKey(first) } : { gte: chunkKey(first), lt: chunkKey(end) };
    return this.#elements.stream(range, (key, chunk) => [chunkNumber(key), chunk] as const);
  }

  /** The numbers of the chunks that are written from now on until the command is over. */
  follow(attempt: Attempt): ReadonlySet<number> {
    const written = new Set<number>();
    attempt.releases.push(this.#elements.follow((key) => written.add(chunkNumber(key))));
    return written;
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

  /** Reads what `setLength` keeps of the chunk that it cuts. */
  readyToCut(length: number): void {
    if (length % CHUNK_BYTES !== 0) this.readyChunks([numberAt(length)]);
  }

  /** Makes the string longer, by zeros, or shorter: `readyToCut` before the first write of the command. */
  setLength(length: number): void {
    const last = numberAt(length - 1);
    const kept = length % CHUNK_BYTES;
    if (length < this.#length && kept > 0) {
      const chunk = this.chunk(last);
      if (chunk.length > kept) this.#elements.put(chunkKey(last), chunk.slice(0, kept));
    }
    for (let number = this.lastChunk; number > last; number--) this.#elements.delete(chunkKey(number));
    this.#length = length;
    this.owner?.recordChanged();
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

/** Of the key of a chunk among the elements. */
export const chunkNumber = (key: Bytes): number => readU32(key, CHUNK_NUMBER_AT);

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
  chunks: AsyncIterable<readonly NumberedChunk[]>,
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
