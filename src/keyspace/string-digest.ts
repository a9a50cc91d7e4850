import type { Attempt } from "../storage/attempt.ts";
import type { Bytes } from "../support/bytes.ts";
import { type DigestAlgorithm, digestOf, startDigest } from "../support/digest.ts";
import { BigString, CHUNK_BYTES } from "./big-string.ts";
import type { Keyspace } from "./keyspace.ts";

/** So often a digest that was overtaken by a write is made anew before the whole part is read into memory. */
const STREAMED_ROUNDS = 2;

interface StreamedDigest {
  readonly stop: number;
  readonly written: ReadonlySet<number>;
  readonly digest: string;
}

/**
 * The digest of the bytes from `start` up to, not including, `stop`, both within the string; in hexadecimal. Of a long
 * part only a few chunks are in memory at a time. May fault.
 */
export function digestOfPart(
  keyspace: Keyspace,
  value: Bytes | BigString,
  algorithm: DigestAlgorithm,
  start: number,
  stop: number,
): string {
  const isStreamed =
    value instanceof BigString && BigString.isLongPart(stop - start) && value.elementRange.isStored;
  if (!isStreamed) return digestOf(algorithm, value.slice(start, stop));
  const { attempt } = keyspace.reading;
  for (let round = 0; round < STREAMED_ROUNDS; round++) {
    const found = attempt.once(value.elementRange, `digest ${algorithm} ${start} ${round}`, () =>
      streamDigest(attempt, value, algorithm, start, stop),
    );
    if (found.stop === stop && !isOvertaken(found, start)) return found.digest;
  }
  // A range in memory takes in what is written under it.
  return digestOf(algorithm, value.slice(start, stop));
}

async function streamDigest(
  attempt: Attempt,
  value: BigString,
  algorithm: DigestAlgorithm,
  start: number,
  stop: number,
): Promise<StreamedDigest> {
  const written = value.follow(attempt);
  const digest = startDigest(algorithm);
  for await (const run of value.stream(start, stop)) for (const bytes of run) digest.update(bytes);
  return { stop, written, digest: digest.finish() };
}

function isOvertaken({ written, stop }: StreamedDigest, start: number): boolean {
  const first = Math.floor(start / CHUNK_BYTES);
  const last = Math.floor((stop - 1) / CHUNK_BYTES);
  for (const number of written) if (number >= first && number <= last) return true;
  return false;
}
