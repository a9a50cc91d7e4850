import type { Element, ElementRange } from "../../storage/elements.ts";
import { ByteReader, u32, u64, varint } from "../../storage/numbers.ts";
import type { Bytes } from "../../support/bytes.ts";
import type { Int64 } from "../../support/integers.ts";
import { COUNTER_LENGTH, counterBytes, readCounter } from "./counter.ts";
import { ID_LENGTH, MIN_ID, type StreamId } from "./id.ts";
import { PART, type StreamView } from "./view.ts";

/** Where consumer groups stand among a stream's elements, and how they are read. */

export interface Group {
  readonly number: number;
  readonly lastId: StreamId;
  /** Entries read since the first one ever, null when it is not known. */
  readonly entriesRead: Int64 | null;
  readonly consumerCount: number;
  readonly pendingCount: number;
  /** No pending entry has a greater id. */
  readonly maxPendingId: StreamId;
}

export interface Consumer {
  /** Unix time in ms. */
  readonly seenAtMs: number;
  readonly pendingCount: number;
}

/** An entry that was delivered and not acknowledged. */
export interface Pending {
  readonly consumer: Bytes;
  /** Unix time in ms. */
  readonly deliveredAtMs: number;
  readonly deliveries: Int64;
}

// ─── groups ──────────────────────────────────────────────────────────────────────────────────────

export const groupKey = (name: Bytes): Bytes => PART.groups + name;

/** Stands for `entriesRead` null. */
export const UNKNOWN_READS = -1;

export function encodeGroup(group: Group): Bytes {
  return (
    u32(group.number) +
    group.lastId +
    counterBytes(group.entriesRead ?? UNKNOWN_READS) +
    group.maxPendingId +
    varint(group.consumerCount) +
    varint(group.pendingCount)
  );
}

function decodeGroup(value: Bytes): Group {
  const reader = new ByteReader(value);
  const number = reader.u32();
  const lastId = reader.take(ID_LENGTH);
  const entriesRead = readCounter(reader.take(COUNTER_LENGTH), 0);
  const maxPendingId = reader.take(ID_LENGTH);
  return {
    number,
    lastId,
    entriesRead: entriesRead === UNKNOWN_READS ? null : entriesRead,
    consumerCount: reader.varint(),
    pendingCount: reader.varint(),
    maxPendingId,
  };
}

export function readGroup(view: StreamView, name: Bytes): Group | null {
  if (view.header.groupCount === 0) return null;
  const value = view.get(groupKey(name));
  return value === null ? null : decodeGroup(value);
}

export interface NamedGroup {
  readonly name: Bytes;
  readonly group: Group;
}

export const groupOfElement = ([key, value]: Element): NamedGroup => ({
  name: key.slice(PART.groups.length),
  group: decodeGroup(value),
});

/** All groups, in the order of their names. */
export function readGroups(view: StreamView): NamedGroup[] {
  const { groupCount } = view.header;
  if (groupCount === 0) return [];
  return view.range({ gte: PART.groups, lt: PART.consumers }, groupCount).map(groupOfElement);
}

// ─── consumers ───────────────────────────────────────────────────────────────────────────────────

const consumersOf = (group: Group): Bytes => PART.consumers + u32(group.number);

export const consumerKey = (group: Group, name: Bytes): Bytes => consumersOf(group) + name;

const CONSUMER_NAME_AT = 5;

/** Unix time in ms u64, pending entries varint. */
export function encodeConsumer({ seenAtMs, pendingCount }: Consumer): Bytes {
  return u64(seenAtMs) + varint(pendingCount);
}

function decodeConsumer(value: Bytes): Consumer {
  const reader = new ByteReader(value);
  return { seenAtMs: reader.u64(), pendingCount: reader.varint() };
}

export function readConsumer(view: StreamView, group: Group, name: Bytes): Consumer | null {
  if (group.consumerCount === 0) return null;
  const value = view.get(consumerKey(group, name));
  return value === null ? null : decodeConsumer(value);
}

export interface NamedConsumer {
  readonly name: Bytes;
  readonly consumer: Consumer;
}

export const consumersRange = (group: Group): ElementRange => ({
  gte: consumersOf(group),
  lt: PART.consumers + u32(group.number + 1),
});

export const consumerOfElement = ([key, value]: Element): NamedConsumer => ({
  name: key.slice(CONSUMER_NAME_AT),
  consumer: decodeConsumer(value),
});

/** All consumers of a group, in the order of their names. */
export function readConsumers(view: StreamView, group: Group): NamedConsumer[] {
  if (group.consumerCount === 0) return [];
  return view.range(consumersRange(group), group.consumerCount).map(consumerOfElement);
}

// ─── pending entries ─────────────────────────────────────────────────────────────────────────────

const pendingOf = (group: Group): Bytes => PART.pending + u32(group.number);

export const pendingKey = (group: Group, id: StreamId): Bytes => pendingOf(group) + id;

const PENDING_ID_AT = 5;

const ownedOf = (group: Group, consumer: Bytes): Bytes =>
  PART.owned + u32(group.number) + varint(consumer.length) + consumer;

export const ownedKey = (group: Group, consumer: Bytes, id: StreamId): Bytes => ownedOf(group, consumer) + id;

/** Unix time in ms u64, deliveries i64, the consumer's name. */
export function encodePending({ consumer, deliveredAtMs, deliveries }: Pending): Bytes {
  return u64(deliveredAtMs) + counterBytes(deliveries) + consumer;
}

function decodePending(value: Bytes): Pending {
  const reader = new ByteReader(value);
  return {
    deliveredAtMs: reader.u64(),
    deliveries: readCounter(reader.take(COUNTER_LENGTH), 0),
    consumer: reader.rest(),
  };
}

export function readPending(view: StreamView, group: Group, id: StreamId): Pending | null {
  if (group.pendingCount === 0 || id > group.maxPendingId) return null;
  const value = view.get(pendingKey(group, id));
  return value === null ? null : decodePending(value);
}

/** After this, `readPending` of these ids does not fault. */
export function readyPending(view: StreamView, group: Group, ids: readonly StreamId[]): void {
  if (group.pendingCount === 0) return;
  view.ready(ids.filter((id) => id <= group.maxPendingId).map((id) => pendingKey(group, id)));
}

export interface PendingEntry {
  readonly id: StreamId;
  readonly pending: Pending;
}

/** At most `limit` pending entries of a group, from an id on. */
export function pendingFrom(view: StreamView, group: Group, from: StreamId, limit: number): PendingEntry[] {
  if (group.pendingCount === 0) return [];
  const range = { gte: pendingKey(group, from), lt: `${pendingKey(group, group.maxPendingId)}\0` };
  return view.range(range, limit).map(pendingOfElement);
}

/** The last pending entry of a group that has some. */
export function lastPending(view: StreamView, group: Group): PendingEntry {
  const range = { gte: pendingOf(group), lt: `${pendingKey(group, group.maxPendingId)}\0`, reverse: true };
  return pendingOfElement(view.range(range, 1)[0]!);
}

/** All pending entries of a group that has some. */
export const pendingRange = (group: Group): ElementRange => ({
  gte: pendingOf(group),
  lt: `${pendingKey(group, group.maxPendingId)}\0`,
});

export function pendingOfElement([key, value]: Element): PendingEntry {
  return { id: key.slice(PENDING_ID_AT), pending: decodePending(value) };
}

/** The ids of at most `limit` pending entries of a consumer, from an id on. */
export function ownedFrom(
  view: StreamView,
  group: Group,
  consumer: Bytes,
  from: StreamId,
  limit: number,
): StreamId[] {
  if (group.pendingCount === 0) return [];
  const prefix = ownedOf(group, consumer);
  const range = { gte: prefix + from, lt: `${prefix}${group.maxPendingId}\0` };
  return view.range(range, limit).map(([key]) => key.slice(prefix.length));
}

/** All that a consumer has pending, by id. */
export function ownedRange(group: Group, consumer: Bytes): ElementRange {
  const prefix = ownedOf(group, consumer);
  return { gte: prefix, lt: `${prefix}${group.maxPendingId}\0` };
}

export const idOfOwned = (key: Bytes): StreamId => key.slice(-ID_LENGTH);

/** A group as it is when it is made. */
export function newGroup(number: number, lastId: StreamId, entriesRead: Int64 | null): Group {
  return { number, lastId, entriesRead, consumerCount: 0, pendingCount: 0, maxPendingId: MIN_ID };
}
