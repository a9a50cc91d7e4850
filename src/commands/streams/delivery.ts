import type { StreamEdit } from "../../keyspace/stream/edit.ts";
import { readEntries, readEntry, readyEntries } from "../../keyspace/stream/entries.ts";
import { GroupEdit } from "../../keyspace/stream/group-edit.ts";
import { ownedFrom, readyPending } from "../../keyspace/stream/groups.ts";
import { plus } from "../../keyspace/stream/counter.ts";
import { MAX_ID, type StreamId, formatId, nextId } from "../../keyspace/stream/id.ts";
import { NULL_ARRAY, type Reply } from "../../resp/reply.ts";
import type { Bytes } from "../../support/bytes.ts";
import type { Context } from "../command.ts";
import { propagateClaim, propagateConsumer, propagateProgress } from "./propagate.ts";
import { entryReply } from "./reply.ts";

interface DeliveryRequest {
  readonly key: Bytes;
  readonly group: Bytes;
  readonly consumer: Bytes;
  /** MAX_ID: new entries; else the history of the consumer behind this id. */
  readonly after: StreamId;
  /** Entries at most, 0 for all. */
  readonly count: number;
  readonly noack: boolean;
}

export interface Delivery {
  readonly key: Bytes;
  readonly entries: Reply;
  readonly isNewConsumer: boolean;
}

/** What XREADGROUP gives of one stream, with all that follows for the group; null when nothing is new. */
export function deliver(context: Context, edit: StreamEdit, request: DeliveryRequest): Delivery | null {
  const { nowMs, propagation } = context;
  const { key, consumer, after, noack } = request;
  const group = GroupEdit.of(edit, request.group)!;
  const limit = request.count === 0 ? Infinity : request.count;
  const isHistory = after !== MAX_ID;
  const { length, topId } = edit.header;
  if (!isHistory && (length === 0 || topId <= group.group.lastId)) return null;
  const isNewConsumer = group.see(consumer, nowMs);
  if (isNewConsumer && noack) propagateConsumer(propagation, key, group, consumer);
  const entries = isHistory
    ? history(edit, group, consumer, after, limit, nowMs)
    : news(context, edit, group, request, limit);
  return { key, entries, isNewConsumer };
}

function news(
  { nowMs, propagation }: Context,
  edit: StreamEdit,
  group: GroupEdit,
  { key, consumer, noack }: DeliveryRequest,
  limit: number,
): Reply {
  const from = nextId(group.group.lastId)!;
  const entries = readEntries(edit, { from, to: MAX_ID }, limit);
  const ids = entries.map(({ id }) => id);
  group.advance(ids);
  if (!noack) {
    // The group's last id may have been set back: some may be pending already.
    readyPending(edit, group.group, ids);
    const pending = { consumer, deliveredAtMs: nowMs, deliveries: 1 };
    group.assign(
      consumer,
      ids.map((id) => ({ id, pending, old: group.pending(id) })),
    );
    if (propagation.isWanted) {
      for (const id of ids) propagateClaim(propagation, key, group, formatId(id), pending, id);
    }
  } else if (ids.length > 0) propagateProgress(propagation, key, group);
  return entries.map(entryReply);
}

function history(
  edit: StreamEdit,
  group: GroupEdit,
  consumer: Bytes,
  after: StreamId,
  limit: number,
  nowMs: number,
): Reply {
  const ids = ownedFrom(edit, group.group, consumer, nextId(after)!, limit);
  readyEntries(edit, ids);
  readyPending(edit, group.group, ids);
  return ids.map((id) => {
    const entry = readEntry(edit, id);
    if (entry === null) return [formatId(id), NULL_ARRAY];
    const old = group.pending(id)!;
    const pending = { consumer, deliveredAtMs: nowMs, deliveries: plus(old.deliveries, 1) };
    group.assign(consumer, [{ id, pending, old }]);
    return entryReply(entry);
  });
}
