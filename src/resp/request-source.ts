import type { Bytes } from "../support/bytes.ts";

const NOTHING = Buffer.alloc(0);

/**
 * Where the bytes of a request are that `encodeRequest` would make of its arguments, while they are still there: to be
 * told on they need not be made again. They are good until the reader is given more. They are not told of what was lent to it.
 */
export class RequestSource {
  #args: readonly Bytes[] | null = null;
  bytes: Buffer = NOTHING;
  begin = 0;
  end = 0;

  set(args: readonly Bytes[], bytes: Buffer, begin: number, end: number): void {
    this.#args = args;
    this.bytes = bytes;
    this.begin = begin;
    this.end = end;
  }

  /** The bytes are no longer those of a request. */
  clear(): void {
    this.#args = null;
    this.bytes = NOTHING;
  }

  /** Whether these are the arguments that the bytes are of: the very array. */
  isOf(args: readonly Bytes[]): boolean {
    return args === this.#args;
  }
}
