import type { Bytes } from "../../support/bytes.ts";
import type { ByteSource } from "./source.ts";

/** Says what is wrong with a block, at which of its bytes. */
export type Fail = (reason: string, at: number) => never;

/** For a block that was just read from `offset` on. Compressed blocks are told where they begin. */
export function failureOf(source: ByteSource, what: string, offset: number): Fail {
  return (reason, at) => source.fail(`${what}, byte ${at}: ${reason}`, offset);
}

/** A whole number in `width` bytes, the lowest first, two's complement, as its text. */
export function integerText(blob: Buffer, at: number, width: number): Bytes {
  return width === 8 ? String(blob.readBigInt64LE(at)) : String(blob.readIntLE(at, width));
}
