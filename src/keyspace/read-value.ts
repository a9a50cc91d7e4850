import type { Bytes } from "../support/bytes.ts";
import { BigString } from "./big-string.ts";
import type { Entry } from "./entry.ts";
import { Hash } from "./hash.ts";
import type { Keyspace } from "./keyspace.ts";
import { List } from "./list.ts";
import { RecordFlag, payloadReader, readRecordHeader } from "./record.ts";
import { SetValue } from "./set.ts";
import { Stream } from "./stream.ts";
import type { Value } from "./value.ts";
import { ZSet } from "./zset.ts";

/** Puts what a record says into the entry of its key. @throws RangeError for a damaged record */
export function readValue(keyspace: Keyspace, record: Bytes, entry: Entry): void {
  const header = readRecordHeader(record);
  const { type, flags } = header;
  const isRanged = (flags & RecordFlag.ranged) !== 0;
  let value: Value;
  if (type === "string" && !isRanged) {
    value = record.slice(header.payloadAt);
    entry.isRaw = (flags & RecordFlag.raw) !== 0;
  } else {
    const reader = payloadReader(record, header);
    if (type === "string") value = BigString.read(keyspace, reader);
    else if (type === "hash") value = Hash.read(keyspace, reader, isRanged);
    else if (type === "set")
      value = SetValue.read(keyspace, reader, isRanged, (flags & RecordFlag.intset) !== 0);
    else if (type === "list") value = List.read(keyspace, reader, isRanged);
    else if (type === "stream") value = Stream.read(keyspace, reader, isRanged);
    else value = ZSet.read(keyspace, reader, isRanged);
  }
  entry.hold(value);
  entry.expiresAtMs = header.expiresAtMs;
}
