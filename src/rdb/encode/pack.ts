import type { Bytes } from "../../support/bytes.ts";

/** A run of byte strings in one block: Redis' ziplist (up to RDB version 9), or its listpack. */
export interface Pack {
  /** What the block takes with all that was added. */
  readonly size: number;
  readonly count: number;
  add(bytes: Bytes): void;
  /** The whole block; it holds until the next `start`. */
  finish(): Buffer;
  /** Begins another one. */
  start(): void;
}

const FIRST_BYTES = 16 << 10;

/** What grew beyond this does not stay. */
const MAX_KEPT_BYTES = 1 << 20;

/** A buffer that grows, for one block after the other. */
export class PackBuffer {
  bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  at = 0;

  restart(at: number): void {
    if (this.bytes.length > MAX_KEPT_BYTES) this.bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
    this.at = at;
  }

  /** Makes room for so many bytes from `at` on. */
  room(bytes: number): void {
    const needed = this.at + bytes;
    if (needed <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.bytes.length * 2));
    this.bytes.copy(larger, 0, 0, this.at);
    this.bytes = larger;
  }

  string(bytes: Bytes): void {
    this.at += this.bytes.latin1Write(bytes, this.at, bytes.length);
  }
}
