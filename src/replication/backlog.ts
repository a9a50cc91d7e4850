/** A part of the stream, from `offset` on. */
interface Chunk {
  readonly offset: number;
  bytes: Buffer;
}

/** The size is made up of at least so many, as in Redis: so much too much may be kept. */
const CHUNKS = 16;

/**
 * The last bytes of the stream, in memory, for replicas that are connected (they read at their own pace) and for those
 * that come back. Offsets count the bytes of the whole history; the first byte has offset 1, as in Redis: so a
 * position of n means that n bytes are known, and the byte that comes next is n + 1.
 */
export class Backlog {
  readonly #chunks: Chunk[] = [];
  /** Bytes before the first that is here. */
  #begin: number;
  /** Bytes up to the last that is here. */
  #end: number;
  /** Positions of those who read: what they still need stays. */
  readonly #readers = new Set<{ readonly position: number }>();
  readonly #size: () => number;

  /** `size`: bytes that are kept when nobody reads. */
  constructor(position: number, size: () => number) {
    this.#begin = this.#end = position;
    this.#size = size;
  }

  /** The bytes after this position are here. */
  get begin(): number {
    return this.#begin;
  }

  get end(): number {
    return this.#end;
  }

  get bytes(): number {
    return this.#end - this.#begin;
  }

  addReader(reader: { readonly position: number }): void {
    this.#readers.add(reader);
  }

  removeReader(reader: { readonly position: number }): void {
    this.#readers.delete(reader);
    this.trim();
  }

  append(bytes: Buffer): void {
    // One large change must not make more of the history last than was asked for.
    const limit = Math.max(Math.floor(this.#size() / CHUNKS), 1);
    for (let at = 0; at < bytes.length; at += limit) this.#add(bytes.subarray(at, at + limit), limit);
    this.trim();
  }

  /** What stands behind the last chunk in memory, too, becomes a part of it: readers get more at once. */
  #add(bytes: Buffer, limit: number): void {
    const last = this.#chunks.at(-1);
    if (last !== undefined && last.bytes.length + bytes.length <= limit && isBehind(bytes, last.bytes)) {
      const { buffer, byteOffset, length } = last.bytes;
      last.bytes = Buffer.from(buffer, byteOffset, length + bytes.length);
    } else this.#chunks.push({ offset: this.#end, bytes });
    this.#end += bytes.length;
  }

  /** Whole chunks go when neither the size nor a reader asks for them. */
  trim(): void {
    let wanted = this.#end - this.#size();
    for (const { position } of this.#readers) wanted = Math.min(wanted, position);
    let count = 0;
    while (count < this.#chunks.length && this.#endOf(this.#chunks[count]!) <= wanted) count++;
    if (count === 0) return;
    this.#chunks.splice(0, count);
    this.#begin = this.#chunks[0]?.offset ?? this.#end;
  }

  #endOf({ offset, bytes }: Chunk): number {
    return offset + bytes.length;
  }

  /** Whether one who knows everything up to `position` can be told all that came since. */
  covers(position: number): boolean {
    return position >= this.#begin && position <= this.#end;
  }

  /** Some bytes from `position` on, at most `limit`, without copying; null when there is nothing more. */
  read(position: number, limit: number): Buffer | null {
    if (position >= this.#end) return null;
    const { offset, bytes } = this.#chunks[this.#indexOf(position)]!;
    const from = position - offset;
    return bytes.subarray(from, from + limit);
  }

  /** The chunk with the byte after `position`. */
  #indexOf(position: number): number {
    let low = 0;
    let high = this.#chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#chunks[middle]!.offset <= position) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

const isBehind = (bytes: Buffer, before: Buffer): boolean =>
  bytes.buffer === before.buffer && bytes.byteOffset === before.byteOffset + before.length;
