import { IntSet } from "../keyspace/int-set.ts";
import { RecordFlag, type RecordHeader } from "../keyspace/record.ts";
import { type StreamHeader, readStreamHeader } from "../keyspace/stream/header.ts";
import { ByteReader } from "../storage/numbers.ts";
import type { Bytes } from "../support/bytes.ts";

/** What is wrong with a record, or with the elements that it points to. */
export class RecordDamage extends Error {
  override readonly name = "RecordDamage";
}

const SCORE_BYTES = 8;

/** Reads all of a collection that is in its record. @throws RecordDamage, RangeError */
export function checkPacked(record: Bytes, header: RecordHeader): void {
  const reader = new ByteReader(record, header.payloadAt);
  const { type, flags } = header;
  if (type === "stream") return;
  const count =
    (flags & RecordFlag.intset) === 0 ? members(reader, type) : IntSet.unpack(reader).values.length;
  if (!reader.done) throw new RecordDamage("bytes behind its last element");
  if (count === 0) throw new RecordDamage("an empty collection");
}

/** Of a hash, a set, a sorted set or a list: none twice, but in a list. */
function members(reader: ByteReader, type: string): number {
  const count = reader.varint();
  const seen = new Set<Bytes>();
  for (let left = count; left > 0; left--) {
    const member = reader.sized();
    if (type === "hash") reader.sized();
    if (type === "zset") reader.take(SCORE_BYTES);
    if (type !== "list" && seen.size === seen.add(member).size)
      throw new RecordDamage("the same element twice");
  }
  return count;
}

/** A packed stream: its header, and the elements behind it. @throws RangeError */
export function readPackedStream(
  record: Bytes,
  header: RecordHeader,
): { header: StreamHeader; elements: [Bytes, Bytes][] } {
  const reader = new ByteReader(record, header.payloadAt);
  const streamHeader = readStreamHeader(reader);
  const elements: [Bytes, Bytes][] = [];
  while (!reader.done) elements.push([reader.sized(), reader.sized()]);
  return { header: streamHeader, elements };
}
