import { Cursor } from "./cursor.ts";
import { FileDamage } from "./damage.ts";

/** Blocks are smaller, whatever options they were written with. */
const MAX_BYTES = 1 << 28;

/** https://github.com/google/snappy/blob/main/format_description.txt @throws FileDamage */
export function snappyDecompress(compressed: Buffer): Buffer {
  const input = new Cursor(compressed);
  const length = input.varint();
  // A byte of input makes at most 64 of output.
  if (length > MAX_BYTES || length > compressed.length * 64)
    throw new FileDamage("compressed bytes cannot hold so many");
  const output = Buffer.allocUnsafe(length);
  let at = 0;
  while (!input.done) {
    const tag = input.take(1)[0]!;
    if ((tag & 3) === 0) {
      const literal = input.take(literalLength(tag, input));
      if (literal.length > length - at) throw new FileDamage("compressed bytes hold more than they say");
      literal.copy(output, at);
      at += literal.length;
    } else {
      at = repeat(output, at, tag, input);
    }
  }
  if (at !== length) throw new FileDamage("compressed bytes hold less than they say");
  return output;
}

function literalLength(tag: number, input: Cursor): number {
  const length = tag >> 2;
  if (length < 60) return length + 1;
  return input.take(length - 59).readUIntLE(0, length - 59) + 1;
}

function repeat(output: Buffer, start: number, tag: number, input: Cursor): number {
  let length = (tag >> 2) + 1;
  let distance: number;
  if ((tag & 3) === 1) {
    length = 4 + ((tag >> 2) & 7);
    distance = ((tag >> 5) << 8) | input.take(1)[0]!;
  } else {
    const width = (tag & 3) === 2 ? 2 : 4;
    distance = input.take(width).readUIntLE(0, width);
  }
  if (distance === 0 || distance > start || length > output.length - start)
    throw new FileDamage("compressed bytes repeat what is not there");
  let at = start;
  for (const end = start + length; at < end; at++) output[at] = output[at - distance]!;
  return at;
}
