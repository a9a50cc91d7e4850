import type { Bytes } from "../support/bytes.ts";
import { ByteReader, u64 } from "../storage/numbers.ts";
import { RecordFlag, readRecordHeader as readHeader } from "../storage/record-header.ts";
import { TYPE_NUMBERS, type TypeName, type Value } from "./value.ts";

export { RecordFlag };

const chr = String.fromCharCode;
const PLAIN_STRING_HEADER = chr(TYPE_NUMBERS.string, 0);

/**
 * What stands before the payload in the record of a key (docs/storage-format.md):
 *
 *   type u8      1 string, 2 hash, 3 set, 4 zset, 5 list, 6 stream
 *   flags u8     see RecordFlag
 *   expiry u64   Unix ms, only with RecordFlag.expires
 *   the rest     string: its bytes, or (ranged) id u64, length varint
 *                collection, packed: its elements, see each type
 *                collection, ranged: id u64, count varint, bytes of all elements varint
 *
 * String "ab" without expiry ⇒ `01 00 61 62`.
 */
export function encodeRecordHeader(value: Value, expiresAtMs: number, isRaw: boolean): Bytes {
  const isString = typeof value === "string";
  if (isString && expiresAtMs === 0 && !isRaw) return PLAIN_STRING_HEADER;
  const type = TYPE_NUMBERS[isString ? "string" : value.type];
  return recordHead(type, isString ? (isRaw ? RecordFlag.raw : 0) : value.recordFlags(), expiresAtMs);
}

/** What stands before the payload: `flags` without RecordFlag.expires. */
export function recordHead(typeNumber: number, flags: number, expiresAtMs: number): Bytes {
  if (expiresAtMs === 0) return chr(typeNumber, flags);
  return chr(typeNumber, flags | RecordFlag.expires) + u64(expiresAtMs);
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

/** Redis' word: in the millisecond that a key is given it still lives. */
export function hasExpired(expiresAtMs: number, nowMs: number): boolean {
  return expiresAtMs !== 0 && expiresAtMs < nowMs;
}

/** @throws RangeError for a record of a type that this version does not know. */
export function readRecordHeader(record: Bytes): RecordHeader {
  const { typeNumber, flags, expiresAtMs, payloadAt } = readHeader(record);
  const type = TYPE_NAMES[typeNumber];
  if (type === undefined) throw new RangeError("damaged record: unknown type");
  return { type, flags, expiresAtMs, payloadAt };
}

export function payloadReader(record: Bytes, header: RecordHeader): ByteReader {
  return new ByteReader(record, header.payloadAt);
}
