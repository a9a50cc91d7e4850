import { NO_SUCH_KEY } from "../../errors.ts";
import { BigString } from "../../keyspace/big-string.ts";
import { Collection } from "../../keyspace/collection.ts";
import type { Entry } from "../../keyspace/entry.ts";
import { encodeRecordHeader } from "../../keyspace/record.ts";
import { type Reply, Status } from "../../resp/reply.ts";
import type { Bytes } from "../../support/bytes.ts";
import { crc32 } from "../../support/crc32.ts";
import type { Context } from "../command.ts";

/**
 * DEBUG OBJECT key. V8 moves objects, so the place of a value is where it is on disk: the generation of its database
 * and the checksum of its key. The length is that of its record, and of all elements that have entries of their own.
 */
export function debugObject(context: Context, args: readonly Bytes[]): Reply {
  const key = args[2]!;
  const entry = context.db.peek(key);
  if (entry === null) throw NO_SUCH_KEY;
  const place = context.db.generation * 2 ** 32 + crc32(key);
  const nowS = Math.floor(context.nowMs / 1000);
  return new Status(
    `Value at:0x${place.toString(16)} refcount:1 encoding:${entry.encoding} ` +
      `serializedlength:${storedBytes(entry)} lru:${entry.accessedAtS % 2 ** 24} ` +
      `lru_seconds_idle:${Math.max(nowS - entry.accessedAtS, 0)}`,
  );
}

function storedBytes(entry: Entry): number {
  const value = entry.value!;
  const payload = typeof value === "string" ? value : value.recordPayload();
  const record = encodeRecordHeader(value, entry.expiresAtMs, entry.isRaw).length + payload.length;
  if (typeof value === "string") return record;
  if (value instanceof Collection) return record + (value.isPacked ? 0 : value.contentBytes);
  return value instanceof BigString ? record + value.length : record;
}
