import { CommandError, WRONG_TYPE } from "../../errors.ts";
import { BigString, CHUNKED_FROM_BYTES, type Part } from "../../keyspace/big-string.ts";
import type { Database } from "../../keyspace/database.ts";
import type { Entry } from "../../keyspace/entry.ts";
import type { Bytes } from "../../support/bytes.ts";
import type { Context } from "../command.ts";

/** What the commands share that change parts of a string. */

export const OFFSET_OUT_OF_RANGE = new CommandError("ERR offset is out of range");
export const STRING_TOO_LONG = new CommandError(
  "ERR string exceeds maximum allowed size (proto-max-bulk-len)",
);

/** @throws WRONG_TYPE */
export function findString(db: Database, key: Bytes): Entry | null {
  const entry = db.find(key);
  if (entry !== null && entry.type !== "string") throw WRONG_TYPE;
  return entry;
}

/** Of the entry of a string, or of none. */
export function stringOf(entry: Entry | null): Bytes | BigString {
  return entry === null ? "" : (entry.value as Bytes | BigString);
}

/** In bytes. */
export function lengthOf(entry: Entry | null): number {
  return stringOf(entry).length;
}

/** What a master has done is done. @throws STRING_TOO_LONG */
export function checkLength({ client, server }: Context, length: number): void {
  if (length > server.config.values.protoMaxBulkLen && client.type !== "master") throw STRING_TOO_LONG;
}

/** A string that Redis takes for changed although its bytes are the same: from now on its encoding is `raw`. */
export function markChanged(db: Database, entry: Entry): void {
  if (typeof entry.value === "string") db.putString(entry, entry.value, true);
}

/** Redis holds the same bytes in another way now, which is no change to WATCH, client tracking or replicas. */
export function markUnseen({ db, keyspace, propagation }: Context, entry: Entry): void {
  keyspace.hidesChanges = true;
  propagation.prevent();
  markChanged(db, entry);
}

/**
 * Writes parts, which must not overlap, over a string or (`entry` null) a new one, which is `length` bytes long
 * afterwards: not less than before, nor than the parts need. What is new between them is zeros. A write touches
 * only the chunks of a long string that it changes. Reads first: it may fault.
 */
export function writeParts(
  { db, keyspace }: Context,
  key: Bytes,
  entry: Entry | null,
  parts: readonly Part[],
  length: number,
): void {
  const value = stringOf(entry);
  if (value instanceof BigString) {
    value.readyToWrite(parts);
    writeAll(value, parts, length);
  } else if (length > CHUNKED_FROM_BYTES) {
    const big = BigString.of(keyspace, value);
    writeAll(big, parts, length);
    db.put(key, big, entry?.expiresAtMs ?? 0);
  } else {
    const changed =
      parts.length === 1 ? overwritten(value, parts[0]!, length) : withParts(value, parts, length);
    if (entry === null) db.put(key, changed, 0, true);
    else db.putString(entry, changed, true);
  }
}

function writeAll(value: BigString, parts: readonly Part[], length: number): void {
  for (const { offset, bytes } of parts) value.write(offset, bytes);
  if (length > value.length) value.setLength(length);
}

/** A string with a part written over it, and zeros behind that as far as `length`. */
export function overwritten(value: Bytes, { offset, bytes }: Part, length: number): Bytes {
  const head = offset <= value.length ? value.slice(0, offset) : padded(value, offset);
  return padded(head + bytes + value.slice(offset + bytes.length), length);
}

function withParts(value: Bytes, parts: readonly Part[], length: number): Bytes {
  const buffer = Buffer.alloc(length);
  buffer.latin1Write(value, 0);
  for (const { offset, bytes } of parts) buffer.latin1Write(bytes, offset);
  return buffer.latin1Slice();
}

/** With zeros behind it where it is shorter than that. */
export function padded(value: Bytes, length: number): Bytes {
  return value.length < length ? value + "\0".repeat(length - value.length) : value;
}
