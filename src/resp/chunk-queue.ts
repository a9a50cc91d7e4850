const EMPTY = Buffer.alloc(0);
/** What a chunk costs beside its bytes, roughly: many tiny ones must not look free. */
const CHUNK_OVERHEAD = 256;

/** The chunks of a socket in order of arrival; the first of them is being read. */
export class ChunkQueue {
  current: Buffer = EMPTY;
  #waiting: Buffer[] = [];
  /** Of `#waiting`: what is before it was taken. Saves moving a long array for every chunk. */
  #first = 0;
  /** Its bytes belong to somebody else; perhaps it was used up since. */
  #lent: Buffer | null = null;
  /** Of all chunks, in bytes; the present one counts whole. */
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** The same without what chunks cost beside their bytes. */
  get dataBytes(): number {
    return this.#bytes - CHUNK_OVERHEAD * (this.#waiting.length - this.#first);
  }

  push(chunk: Buffer): void {
    this.#bytes += chunk.length + CHUNK_OVERHEAD;
    this.#waiting.push(chunk);
  }

  /** The same with a chunk whose bytes are good until `keep` is called. */
  lend(chunk: Buffer): void {
    this.push(chunk);
    this.#lent = chunk;
  }

  isLent(chunk: Buffer): boolean {
    return chunk === this.#lent;
  }

  /**
   * Makes what is left of the present chunk from `at` on, and the one behind it, the present one. Without
   * another chunk it returns false. `current` then begins at `at` if it is another buffer than before: of a
   * chunk that is mostly read only the rest is kept, so that idle clients hold little.
   */
  advance(at: number): boolean {
    const { current } = this;
    const next = this.#waiting[this.#first];
    if (next === undefined) {
      if (at > current.length / 2)
        this.#replace(at === current.length ? EMPTY : Buffer.from(current.subarray(at)), at);
      return false;
    }
    this.#take();
    this.#replace(
      at === current.length ? next : Buffer.concat([current.subarray(at), next]),
      at + CHUNK_OVERHEAD,
    );
    return true;
  }

  /** The next of those that wait is taken: as a rule the only one. */
  #take(): void {
    if (this.#first < this.#waiting.length - 1) {
      this.#waiting[this.#first++] = EMPTY;
    } else if (this.#first === 0) {
      this.#waiting.pop();
    } else {
      this.#waiting = [];
      this.#first = 0;
    }
  }

  /**
   * Copies what is needed of the chunk that was lent. If that is the present one, it is what is left from `at` on, and
   * `current` begins there.
   */
  keep(at: number): void {
    const lent = this.#lent;
    if (lent === null) return;
    this.#lent = null;
    if (lent === this.current) {
      this.#replace(Buffer.from(lent.subarray(at)), at);
    } else if (this.#waiting.length > 0) {
      const last = this.#waiting.length - 1;
      if (lent === this.#waiting[last]) this.#waiting[last] = Buffer.from(lent);
    }
  }

  #replace(chunk: Buffer, freedBytes: number): void {
    this.current = chunk;
    this.#bytes -= freedBytes;
  }
}
