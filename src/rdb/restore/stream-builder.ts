import type { Keyspace } from "../../keyspace/keyspace.ts";
import { Stream } from "../../keyspace/stream.ts";
import { StreamEdit } from "../../keyspace/stream/edit.ts";
import { encodePairs, entryKey } from "../../keyspace/stream/entries.ts";
import {
  type Group,
  consumerKey,
  encodeConsumer,
  encodeGroup,
  encodePending,
  groupKey,
  newGroup,
  ownedKey,
  pendingKey,
} from "../../keyspace/stream/groups.ts";
import { NEW_STREAM, type StreamHeader } from "../../keyspace/stream/header.ts";
import type { StreamId } from "../../keyspace/stream/id.ts";
import { type Node, encodeNode } from "../../keyspace/stream/node.ts";
import { nodeKey } from "../../keyspace/stream/nodes.ts";
import type { Bytes } from "../../support/bytes.ts";
import type { Int64 } from "../../support/integers.ts";
import type { DecodedGroup, DecodedNode } from "../decode/value-sink.ts";

interface OpenPending {
  readonly deliveredAtMs: number;
  readonly deliveries: Int64;
  /** Null until a consumer says that it is its own. */
  consumer: Bytes | null;
}

/** A group of which more may come. */
interface OpenGroup {
  readonly name: Bytes;
  readonly group: Group;
  readonly pending: Map<StreamId, OpenPending>;
  readonly consumers: Map<Bytes, { readonly seenAtMs: number; readonly owned: StreamId[] }>;
}

/** Gathers what is decoded of a stream, and makes one of it. @throws what `fail` throws */
export class StreamBuilder {
  readonly #fail: (reason: string) => never;
  readonly #elements: (readonly [key: Bytes, value: Bytes])[] = [];
  readonly #names = new Set<Bytes>();
  #header = NEW_STREAM;
  #nodes = 0;
  #tail: Node | null = null;
  #open: OpenGroup | null = null;
  #consumer: Bytes = "";

  constructor(fail: (reason: string) => never) {
    this.#fail = fail;
  }

  node({ node, entries }: DecodedNode): void {
    if (this.#tail !== null) this.#elements.push([nodeKey(this.#tail.first), encodeNode(this.#tail)]);
    this.#tail = node;
    this.#nodes++;
    for (const { id, pairs } of entries) this.#elements.push([entryKey(id), encodePairs(pairs)]);
  }

  header(header: StreamHeader): void {
    this.#header = header;
  }

  group({ name, lastId, entriesRead }: DecodedGroup): void {
    this.#closeGroup();
    if (this.#names.has(name)) this.#fail("a stream has two groups of the same name");
    const group = newGroup(this.#names.size, lastId, entriesRead);
    this.#names.add(name);
    this.#open = { name, group, pending: new Map(), consumers: new Map() };
  }

  pending(id: StreamId, deliveredAtMs: number, deliveries: Int64): void {
    const { pending } = this.#open!;
    if (pending.has(id)) this.#fail("an entry is pending twice");
    pending.set(id, { deliveredAtMs, deliveries, consumer: null });
  }

  consumer(name: Bytes, seenAtMs: number): void {
    const { consumers } = this.#open!;
    if (consumers.has(name)) this.#fail("a group has two consumers of the same name");
    consumers.set(name, { seenAtMs, owned: [] });
    this.#consumer = name;
  }

  owned(id: StreamId): void {
    const { pending, consumers } = this.#open!;
    const entry = pending.get(id);
    if (entry === undefined) this.#fail("a consumer has an entry that is not pending in its group");
    if (entry.consumer !== null) this.#fail("a pending entry belongs to two consumers");
    entry.consumer = this.#consumer;
    consumers.get(this.#consumer)!.owned.push(id);
  }

  #closeGroup(): void {
    const open = this.#open;
    if (open === null) return;
    const { name, pending, consumers } = open;
    let { maxPendingId } = open.group;
    for (const id of pending.keys()) if (id > maxPendingId) maxPendingId = id;
    const group = {
      ...open.group,
      pendingCount: pending.size,
      consumerCount: consumers.size,
      maxPendingId,
    };
    const elements = this.#elements;
    elements.push([groupKey(name), encodeGroup(group)]);
    for (const [consumer, { seenAtMs, owned }] of consumers) {
      elements.push([consumerKey(group, consumer), encodeConsumer({ seenAtMs, pendingCount: owned.length })]);
      for (const id of owned) elements.push([ownedKey(group, consumer, id), ""]);
    }
    for (const [id, { deliveredAtMs, deliveries, consumer }] of pending) {
      if (consumer === null) this.#fail("a pending entry belongs to no consumer");
      elements.push([pendingKey(group, id), encodePending({ consumer, deliveredAtMs, deliveries })]);
    }
    this.#open = null;
  }

  /** All has come, and is right. */
  end(): void {
    this.#closeGroup();
  }

  /** It belongs to no key yet. Writes: the reads of the command have to be done. */
  build(keyspace: Keyspace): Stream {
    const stream = new Stream(keyspace);
    const edit = new StreamEdit(stream);
    for (const [key, value] of this.#elements) edit.put(key, value, null);
    edit.update({
      ...this.#header,
      nodeCount: this.#nodes,
      tail: this.#tail,
      groupCount: this.#names.size,
      nextGroupNumber: this.#names.size,
    });
    edit.apply();
    return stream;
  }
}
