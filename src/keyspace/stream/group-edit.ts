import type { Bytes } from "../../support/bytes.ts";
import type { Int64 } from "../../support/integers.ts";
import { plus } from "./counter.ts";
import type { StreamEdit } from "./edit.ts";
import {
  type Consumer,
  type Group,
  type Pending,
  consumerKey,
  encodeConsumer,
  encodeGroup,
  encodePending,
  groupKey,
  newGroup,
  ownedFrom,
  ownedKey,
  pendingFrom,
  pendingKey,
  readConsumer,
  readConsumers,
  readGroup,
  readPending,
} from "./groups.ts";
import { MIN_ID, type StreamId } from "./id.ts";
import { entriesReadAt, hasDeletedBehind } from "./lag.ts";

/** Makes a group; false when there is one of that name. */
export function createGroup(
  edit: StreamEdit,
  name: Bytes,
  lastId: StreamId,
  entriesRead: Int64 | null,
): boolean {
  if (readGroup(edit, name) !== null) return false;
  const { groupCount, nextGroupNumber } = edit.header;
  edit.put(groupKey(name), encodeGroup(newGroup(nextGroupNumber, lastId, entriesRead)), null);
  edit.update({ groupCount: groupCount + 1, nextGroupNumber: nextGroupNumber + 1 });
  return true;
}

/** Changes to one group of a stream. What it changes goes into the edit at once. */
export class GroupEdit {
  readonly #edit: StreamEdit;
  readonly name: Bytes;
  #group: Group;

  private constructor(edit: StreamEdit, name: Bytes, group: Group) {
    this.#edit = edit;
    this.name = name;
    this.#group = group;
  }

  /** Null when there is no such group. */
  static of(edit: StreamEdit, name: Bytes): GroupEdit | null {
    const group = readGroup(edit, name);
    return group === null ? null : new GroupEdit(edit, name, group);
  }

  get group(): Group {
    return this.#group;
  }

  update(changes: Partial<Group>): void {
    const old = encodeGroup(this.#group);
    this.#group = { ...this.#group, ...changes };
    this.#edit.put(groupKey(this.name), encodeGroup(this.#group), old);
  }

  // ─── consumers ─────────────────────────────────────────────────────────────────────────────────

  consumer(name: Bytes): Consumer | null {
    return readConsumer(this.#edit, this.#group, name);
  }

  /** Notes that a consumer was seen, and makes it if there is none: true when it is new. */
  see(name: Bytes, nowMs: number): boolean {
    const consumer = this.consumer(name);
    this.#putConsumer(name, { seenAtMs: nowMs, pendingCount: consumer?.pendingCount ?? 0 }, consumer);
    if (consumer === null) this.update({ consumerCount: this.#group.consumerCount + 1 });
    return consumer === null;
  }

  #putConsumer(name: Bytes, consumer: Consumer, old: Consumer | null): void {
    const value = encodeConsumer(consumer);
    this.#edit.put(consumerKey(this.#group, name), value, old === null ? null : encodeConsumer(old));
  }

  /** Removes a consumer with all that it has pending; returns how many those were, null when there is none. */
  deleteConsumer(name: Bytes): number | null {
    const edit = this.#edit;
    const group = this.#group;
    const consumer = this.consumer(name);
    if (consumer === null) return null;
    const ids = ownedFrom(edit, group, name, MIN_ID, Infinity);
    edit.ready(ids.map((id) => pendingKey(group, id)));
    for (const id of ids) {
      edit.delete(pendingKey(group, id), edit.get(pendingKey(group, id))!);
      edit.delete(ownedKey(group, name, id), "");
    }
    edit.delete(consumerKey(group, name), encodeConsumer(consumer));
    this.update({
      consumerCount: group.consumerCount - 1,
      pendingCount: group.pendingCount - ids.length,
    });
    return consumer.pendingCount;
  }

  /** Removes the group with all that belongs to it. */
  destroy(): void {
    const edit = this.#edit;
    const group = this.#group;
    for (const { id, pending } of pendingFrom(edit, group, MIN_ID, Infinity)) {
      edit.delete(pendingKey(group, id), encodePending(pending));
      edit.delete(ownedKey(group, pending.consumer, id), "");
    }
    for (const { name, consumer } of readConsumers(edit, group)) {
      edit.delete(consumerKey(group, name), encodeConsumer(consumer));
    }
    edit.delete(groupKey(this.name), encodeGroup(group));
    edit.update({ groupCount: edit.header.groupCount - 1 });
  }

  // ─── pending entries ───────────────────────────────────────────────────────────────────────────

  pending(id: StreamId): Pending | null {
    return readPending(this.#edit, this.#group, id);
  }

  /** Gives pending entries to a consumer, which there is; `old` of each: as it is pending now, null if it is not. */
  assign(
    consumer: Bytes,
    entries: readonly { readonly id: StreamId; readonly pending: Pending; readonly old: Pending | null }[],
  ): void {
    const edit = this.#edit;
    const group = this.#group;
    const gained = new Map<Bytes, number>();
    let added = 0;
    let { maxPendingId } = group;
    for (const { id, pending, old } of entries) {
      edit.put(pendingKey(group, id), encodePending(pending), old === null ? null : encodePending(old));
      if (old?.consumer === consumer) continue;
      if (old === null) added++;
      else {
        edit.delete(ownedKey(group, old.consumer, id), "");
        count(gained, old.consumer, -1);
      }
      edit.put(ownedKey(group, consumer, id), "", null);
      count(gained, consumer, 1);
      if (id > maxPendingId) maxPendingId = id;
    }
    this.#addPending(gained);
    if (added > 0) this.update({ pendingCount: group.pendingCount + added, maxPendingId });
  }

  /** Takes entries out of what is pending. */
  release(entries: readonly { readonly id: StreamId; readonly pending: Pending }[]): void {
    if (entries.length === 0) return;
    const edit = this.#edit;
    const group = this.#group;
    const lost = new Map<Bytes, number>();
    for (const { id, pending } of entries) {
      edit.delete(pendingKey(group, id), encodePending(pending));
      edit.delete(ownedKey(group, pending.consumer, id), "");
      count(lost, pending.consumer, -1);
    }
    this.#addPending(lost);
    this.update({ pendingCount: group.pendingCount - entries.length });
  }

  #addPending(deltas: ReadonlyMap<Bytes, number>): void {
    for (const [name, delta] of deltas) {
      const consumer = this.consumer(name)!;
      this.#putConsumer(name, { ...consumer, pendingCount: consumer.pendingCount + delta }, consumer);
    }
  }

  // ─── progress ──────────────────────────────────────────────────────────────────────────────────

  /** Entries with these ids, in order, are delivered: the group's last id, and the count of what it has read, follow. */
  advance(ids: readonly StreamId[]): void {
    const { header } = this.#edit;
    let { lastId, entriesRead } = this.#group;
    for (const id of ids) {
      if (id <= lastId) continue;
      if (entriesRead !== null && !hasDeletedBehind(header, id)) entriesRead = plus(entriesRead, 1);
      else if (header.entriesAdded !== 0) entriesRead = entriesReadAt(header, id);
      lastId = id;
    }
    if (lastId !== this.#group.lastId) this.update({ lastId, entriesRead });
  }
}

function count(counts: Map<Bytes, number>, name: Bytes, by: number): void {
  counts.set(name, (counts.get(name) ?? 0) + by);
}
