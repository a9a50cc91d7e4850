import type { Bytes } from "../support/bytes.ts";
import { ByteReader, readU64, u64 } from "../storage/numbers.ts";
import { TYPE_NUMBERS, type TypeName, type Value } from "./value.ts";

/**
 * The record of a key (docs/storage-format.md):
 *
 *   type u8      1 string, 2 hash, 3 set, 4 zset
 *   flags u8     see RecordFlag
 *   expiry u64   Unix ms, only with RecordFlag.expires
 *   the rest     string: its bytes, or (ranged) id u64, length varint
 *                collection, packed: its elements, see each type
 *                collection, ranged: id u64, count varint, bytes of all elements varint
 *
 * String "ab" without expiry ⇒ `01 00 61 62`.
 */
export const RecordFlag = {
  /** Elements (or chunks) are in a range of their own; the record has the id. */
  ranged: 0x01,
  expires: 0x02,
  /** String: changed in place. */
  raw: 0x04,
  /** Set: all members are integers, kept in order. */
  intset: 0x08,
} as const;

const chr = String.fromCharCode;
const PLAIN_STRING_HEADER = chr(TYPE_NUMBERS.string, 0);

export function encodeRecord(value: Value, expiresAtMs: number, isRaw: boolean): Bytes {
  if (typeof value === "string" && expiresAtMs === 0 && !isRaw) return PLAIN_STRING_HEADER + value;
  let flags = expiresAtMs === 0 ? 0 : RecordFlag.expires;
  const expiry = expiresAtMs === 0 ? "" : u64(expiresAtMs);
  if (typeof value === "string") {
    if (isRaw) flags |= RecordFlag.raw;
    return chr(TYPE_NUMBERS.string, flags) + expiry + value;
  }
  flags |= value.recordFlags();
  return chr(TYPE_NUMBERS[value.type], flags) + expiry + value.recordPayload();
}

const TYPE_NAMES: Readonly<Record<number, TypeName>> = Object.fromEntries(
  Object.entries(TYPE_NUMBERS).map(([name, number]) => [number, name as TypeName]),
);

export interface RecordHeader {
  readonly type: TypeName;
  readonly flags: number;
  /** 0 for never. */
  readonly expiresAtMs: number;
  /** Where the payload begins. */
  readonly payloadAt: number;
}

/** @throws RangeError for a record of a type that this version does not know. */
export function readRecordHeader(record: Bytes): RecordHeader {
  const type = TYPE_NAMES[record.charCodeAt(0)];
  if (type === undefined || record.length < 2) throw new RangeError("damaged record: unknown type");
  const flags = record.charCodeAt(1);
  const expires = (flags & RecordFlag.expires) !== 0;
  return { type, flags, expiresAtMs: expires ? readU64(record, 2) : 0, payloadAt: expires ? 10 : 2 };
}

export function payloadReader(record: Bytes, header: RecordHeader): ByteReader {
  return new ByteReader(record, header.payloadAt);
}
