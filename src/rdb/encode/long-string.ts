import { CHUNK_BYTES, chunkNumber } from "../../keyspace/big-string.ts";
import { MAX_COMPRESSED, type RdbOutput } from "./output.ts";
import { type Reads, forEach } from "./reads.ts";

const ZEROS = Buffer.alloc(CHUNK_BYTES);

/** A string that is kept in chunks. One that is not too long is put together, so that it can be compressed. */
export function* encodeLongString(output: RdbOutput, length: number): Reads {
  const all = { gte: "" };
  if (length <= MAX_COMPRESSED) {
    const whole = Buffer.alloc(length);
    yield* forEach(all, (key, chunk) => {
      whole.latin1Write(chunk, chunkNumber(key) * CHUNK_BYTES);
    });
    output.blob(whole);
    return;
  }
  output.length(length);
  let written = 0;
  const zerosUpTo = (end: number): void => {
    for (let left = end - written; left > 0; left -= CHUNK_BYTES)
      output.rawBuffer(left < CHUNK_BYTES ? ZEROS.subarray(0, left) : ZEROS);
    written = Math.max(written, end);
  };
  yield* forEach(all, (key, chunk) => {
    zerosUpTo(chunkNumber(key) * CHUNK_BYTES);
    const bytes = chunk.slice(0, length - written);
    output.raw(bytes);
    written += bytes.length;
  });
  zerosUpTo(length);
}
