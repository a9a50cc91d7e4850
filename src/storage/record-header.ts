import type { Bytes } from "../support/bytes.ts";
import { readU64 } from "./numbers.ts";

/** Bits of the second byte of a record (docs/storage-format.md). Frozen. */
export const RecordFlag = {
  /** Elements (or chunks) are in a range of their own; the payload begins with its id. */
  ranged: 0x01,
  expires: 0x02,
  /** String: changed in place. */
  raw: 0x04,
  /** Set: all members are integers, kept in order. */
  intset: 0x08,
} as const;

/** What stands before the payload of every record: type u8, flags u8, expiry u64 (only with `expires`). */
export interface RecordHeader {
  readonly typeNumber: number;
  readonly flags: number;
  /** Unix ms, 0 for never. */
  readonly expiresAtMs: number;
  readonly payloadAt: number;
}

/** `01 02 0000018F0E2B1C00 61 62` ⇒ type 1, expires, payload from byte 10. @throws RangeError */
export function readRecordHeader(record: Bytes): RecordHeader {
  if (record.length < 2) throw new RangeError("damaged record: it ends too early");
  const flags = record.charCodeAt(1);
  const expires = (flags & RecordFlag.expires) !== 0;
  return {
    typeNumber: record.charCodeAt(0),
    flags,
    expiresAtMs: expires ? readU64(record, 2) : 0,
    payloadAt: expires ? 10 : 2,
  };
}

/** The collection that a record points to; null when all is in the record. */
export function collectionOf(record: Bytes, header: RecordHeader): number | null {
  return (header.flags & RecordFlag.ranged) === 0 ? null : readU64(record, header.payloadAt);
}
