import type { Undo } from "../storage/undo.ts";
import type { Entry } from "./entry.ts";
import type { Keyspace } from "./keyspace.ts";
import { readValue } from "./read-value.ts";
import { encodeRecordHeader } from "./record.ts";

/**
 * What gives an entry its present state back after a transaction had to be thrown away. A value object is rebuilt from
 * its record: small if its elements are on disk, since what was written to those undoes itself.
 */
export function restorer(keyspace: Keyspace, entry: Entry, undo: Undo): () => void {
  const { value, object, expiresAtMs, isRaw, accessedAtS } = entry;
  const restoreFields = (): void => {
    entry.expiresAtMs = expiresAtMs;
    entry.isRaw = isRaw;
    entry.accessedAtS = accessedAtS;
    entry.db.restored(entry);
  };
  if (object === null) {
    return () => {
      entry.hold(value);
      restoreFields();
    };
  }
  const record = encodeRecordHeader(object, expiresAtMs, isRaw) + object.recordPayload();
  const elements = object.elementRange;
  return () => {
    const isUnchanged =
      object.elementRange === elements &&
      (elements === null || !undo.knows(elements)) &&
      encodeRecordHeader(object, expiresAtMs, isRaw) + object.recordPayload() === record;
    // What did not change stays as it is, in memory.
    if (isUnchanged) entry.hold(object);
    else keyspace.reopening(elements, () => readValue(keyspace, record, entry));
    restoreFields();
  };
}
