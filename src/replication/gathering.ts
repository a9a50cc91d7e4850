import type { Bytes } from "../support/bytes.ts";

const BLOCK_BYTES = 64 << 10;

/**
 * Bytes of the stream that are in no batch yet. They are copied here, once: journal, backlog and the connections of
 * replicas have parts of the same blocks, which are filled one after the other.
 */
export class Gathering {
  #block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  /** Of the block: what is before it was taken, and what is from `#end` on is free. */
  #begin = 0;
  #end = 0;
  /** What is in earlier blocks. */
  #full: Buffer[] = [];

  /** What is to be told and is in no buffer yet. */
  addText(text: Bytes): void {
    const { length } = text;
    if (length <= BLOCK_BYTES - this.#end) {
      this.#end += this.#block.latin1Write(text, this.#end, length);
      return;
    }
    const bytes = Buffer.from(text, "latin1");
    if (length <= BLOCK_BYTES) this.add(bytes, 0, length);
    else {
      this.#seal();
      this.#full.push(bytes);
    }
  }

  /** A part of `bytes`, which may change then. */
  add(bytes: Buffer, begin: number, end: number): void {
    for (let at = begin; ;) {
      const copied = bytes.copy(this.#block, this.#end, at, end);
      this.#end += copied;
      at += copied;
      if (at === end) return;
      this.#seal();
      this.#block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
      this.#begin = this.#end = 0;
    }
  }

  #seal(): void {
    if (this.#end > this.#begin) this.#full.push(this.#block.subarray(this.#begin, this.#end));
    this.#begin = this.#end;
  }

  /** All that came since the last call. */
  take(): readonly Buffer[] {
    this.#seal();
    const parts = this.#full;
    this.#full = [];
    return parts;
  }
}
