import type { Int64 } from "../../support/integers.ts";
import { minus, plus } from "./counter.ts";
import type { Group } from "./groups.ts";
import type { StreamHeader } from "./header.ts";
import { MIN_ID, type StreamId } from "./id.ts";

/** How far a group has come, as far as Redis can tell it: https://redis.io/docs/latest/commands/xinfo-groups/ */

/** Whether the greatest id that XDEL deleted is `id` or behind it, among the entries that are there. */
export function hasDeletedBehind(header: StreamHeader, id: StreamId): boolean {
  const { length, firstId, maxDeletedId } = header;
  return length > 0 && maxDeletedId !== MIN_ID && firstId <= maxDeletedId && id <= maxDeletedId;
}

/** How many entries were added up to `id`, that one included; null where nothing tells. */
export function entriesReadAt(header: StreamHeader, id: StreamId): Int64 | null {
  const { entriesAdded, length, lastId, firstId, maxDeletedId } = header;
  if (entriesAdded === 0) return 0;
  if (id === lastId || (length === 0 && id < lastId)) return entriesAdded;
  if (id > lastId) return null;
  if (maxDeletedId !== MIN_ID && maxDeletedId >= firstId) return null;
  const before = minus(entriesAdded, length);
  if (id < firstId) return before;
  return id === firstId ? plus(before, 1) : null;
}

/** Entries that a group has yet to read; null where nothing tells. */
export function lagOf(header: StreamHeader, group: Group): Int64 | null {
  const { entriesAdded } = header;
  if (entriesAdded === 0) return 0;
  let read = group.entriesRead;
  if (read === null || hasDeletedBehind(header, group.lastId)) read = entriesReadAt(header, group.lastId);
  return read === null ? null : minus(entriesAdded, read);
}
