import type { Bytes } from "../support/bytes.ts";

const FIRST_CAPACITY = 64 * 1024;
/** The buffer is at most this many times larger than what came, and grows in steps of it. */
const GROWTH = 8;

/**
 * One large bulk, collected from as many chunks as it takes. The buffer grows with what really came: a
 * client that announces 512 MB and sends nothing costs nothing. The steps are large because outgrown
 * buffers stay until the next garbage collection; their untouched pages cost no memory.
 */
export class BulkCollector {
  readonly #announced: number;
  #buffer: Buffer;
  filled = 0;

  /** @param announced Bytes to collect. */
  constructor(announced: number) {
    this.#announced = announced;
    this.#buffer = Buffer.allocUnsafeSlow(Math.min(announced, FIRST_CAPACITY));
  }

  get isFull(): boolean {
    return this.filled === this.#announced;
  }

  /** Takes what it can use of a chunk, from `at` on. Returns how many bytes that were. */
  take(chunk: Buffer, at: number): number {
    const count = Math.min(chunk.length - at, this.#announced - this.filled);
    this.#reserve(this.filled + count);
    chunk.copy(this.#buffer, this.filled, at, at + count);
    this.filled += count;
    return count;
  }

  /** The first `length` bytes. */
  bytes(length: number): Bytes {
    return this.#buffer.latin1Slice(0, length);
  }

  #reserve(needed: number): void {
    if (needed <= this.#buffer.length) return;
    const capacity = Math.min(this.#announced, GROWTH * needed);
    const larger = Buffer.allocUnsafeSlow(capacity);
    this.#buffer.copy(larger, 0, 0, this.filled);
    this.#buffer = larger;
  }
}
