import { type BitOperation, combineBits } from "../support/bits.ts";
import type { Bytes } from "../support/bytes.ts";
import { BigString, CHUNKED_FROM_BYTES, CHUNK_BYTES } from "./big-string.ts";
import { foldChunks } from "./chunk-fold.ts";
import type { Keyspace } from "./keyspace.ts";

/** Short strings reach no further than this. */
const SHORT_CHUNKS = CHUNKED_FROM_BYTES / CHUNK_BYTES;

/**
 * The result of a bit operation on strings, as chunks by their numbers, zeros left out: as long as the longest of the
 * operands, what the others lack is zeros. NOT takes one operand. May fault.
 *
 * Of the operands only a few chunks are in memory at a time, of the result all that is not zeros: it is written as
 * one batch, as any value.
 */
export function bitOperation(
  keyspace: Keyspace,
  operation: BitOperation,
  operands: readonly (Bytes | BigString)[],
): Map<number, Bytes> {
  const length = Math.max(...operands.map((operand) => operand.length));
  const last = Math.ceil(length / CHUNK_BYTES) - 1;
  const long = operands.filter((operand) => operand instanceof BigString);
  const head = Array.from({ length: Math.min(SHORT_CHUNKS, last + 1) }, (_, number) => number);
  keyspace.reading.attempt.together(long, (operand) => operand.readyChunks(head));
  const result = new Map<number, Bytes>();
  const add = (number: number, chunk: Bytes): void => {
    if (chunk === "") return;
    const wanted = length - number * CHUNK_BYTES;
    result.set(number, chunk.length > wanted ? chunk.slice(0, wanted) : chunk);
  };
  for (const number of head) {
    const chunks = operands.map((operand) =>
      typeof operand === "string"
        ? operand.slice(number * CHUNK_BYTES, (number + 1) * CHUNK_BYTES)
        : operand.chunk(number),
    );
    add(number, combineBits(operation, chunks, CHUNK_BYTES));
  }
  if (last < SHORT_CHUNKS) return result;
  const hasShort = long.length < operands.length;
  const range = { first: SHORT_CHUNKS, last };
  const combined = foldChunks(keyspace, `${operation} ${hasShort}`, long, range, (chunks) =>
    combineBits(operation, hasShort ? [...chunks, ""] : chunks, CHUNK_BYTES),
  );
  const ofNothing = operation === "NOT" ? combineBits("NOT", [""], CHUNK_BYTES) : "";
  for (let number = SHORT_CHUNKS; number <= last; number++) add(number, combined(number) ?? ofNothing);
  return result;
}
