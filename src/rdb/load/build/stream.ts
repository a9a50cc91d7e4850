import { encodePairs, entryKey } from "../../../keyspace/stream/entries.ts";
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
} from "../../../keyspace/stream/groups.ts";
import { NEW_STREAM, type StreamHeader, encodeStreamHeader } from "../../../keyspace/stream/header.ts";
import type { StreamId } from "../../../keyspace/stream/id.ts";
import { type Node, encodeNode } from "../../../keyspace/stream/node.ts";
import { nodeKey } from "../../../keyspace/stream/nodes.ts";
import { varint } from "../../../storage/numbers.ts";
import type { Bytes } from "../../../support/bytes.ts";
import type { Int64 } from "../../../support/integers.ts";
import type { DecodedGroup, DecodedNode } from "../../decode/value-sink.ts";
import { type BuildTarget, CollectionBuilder } from "./collection.ts";

/** A pending entry whose consumer is not known yet. */
interface LooseEntry {
  readonly deliveredMs: number;
  readonly deliveries: Int64;
  isOwned: boolean;
}

/**
 * The pending entries of one group at a time are in memory: the file tells of them first and then, consumer by
 * consumer, whose they are.
 */
export class StreamBuilder extends CollectionBuilder {
  protected readonly type = "stream";
  /** Ids ascend, names and pending entries are looked up: nothing is there twice. */
  protected readonly counted = null;
  #held: [key: Bytes, value: Bytes][] = [];
  #header: StreamHeader = NEW_STREAM;
  #nodeCount = 0;
  #tail: Node | null = null;
  readonly #groupNames = new Set<Bytes>();
  #group: Group | null = null;
  #groupName: Bytes = "";
  readonly #pending = new Map<StreamId, LooseEntry>();
  #ownedCount = 0;
  readonly #consumerNames = new Set<Bytes>();
  #consumer: { readonly name: Bytes; readonly seenMs: number; owned: number } | null = null;

  constructor(target: BuildTarget) {
    super(target);
    // The header counts as an element.
    this.count = 1;
  }

  #element(key: Bytes, value: Bytes): void {
    if (this.isHeld) this.#held.push([key, value]);
    else this.put(key, value);
    this.added(key.length + value.length, 0);
  }

  addNode({ node, entries }: DecodedNode): void {
    for (const { id, pairs } of entries) this.#element(entryKey(id), encodePairs(pairs));
    if (this.#tail !== null) this.#element(nodeKey(this.#tail.first), encodeNode(this.#tail));
    this.#tail = node;
    this.#nodeCount++;
  }

  setHeader(header: StreamHeader): void {
    this.#header = header;
  }

  addGroup({ name, lastId, entriesRead }: DecodedGroup): void {
    this.#endGroup();
    if (this.#groupNames.has(name)) this.target.fail("a stream with two groups of one name");
    this.#group = newGroup(this.#groupNames.size, lastId, entriesRead);
    this.#groupName = name;
    this.#groupNames.add(name);
  }

  addPending(id: StreamId, deliveredMs: number, deliveries: Int64): void {
    if (this.#pending.has(id)) this.target.fail("a pending entry that is there twice");
    this.#pending.set(id, { deliveredMs, deliveries, isOwned: false });
  }

  addConsumer(name: Bytes, seenMs: number): void {
    this.#endConsumer();
    if (this.#consumerNames.has(name)) this.target.fail("a group with two consumers of one name");
    this.#consumerNames.add(name);
    this.#consumer = { name, seenMs, owned: 0 };
  }

  addOwned(id: StreamId): void {
    const group = this.#group!;
    const { name } = this.#consumer!;
    const entry = this.#pending.get(id);
    if (entry === undefined) this.target.fail("a consumer has a pending entry that its group has not");
    if (entry.isOwned) this.target.fail("a pending entry that two consumers have");
    entry.isOwned = true;
    this.#ownedCount++;
    this.#consumer!.owned++;
    const { deliveredMs, deliveries } = entry;
    this.#element(
      pendingKey(group, id),
      encodePending({ consumer: name, deliveredAtMs: deliveredMs, deliveries }),
    );
    this.#element(ownedKey(group, name, id), "");
  }

  #endConsumer(): void {
    const consumer = this.#consumer;
    if (consumer === null) return;
    const { name, seenMs, owned } = consumer;
    this.#element(consumerKey(this.#group!, name), encodeConsumer({ seenAtMs: seenMs, pendingCount: owned }));
    this.#consumer = null;
  }

  #endGroup(): void {
    const group = this.#group;
    if (group === null) return;
    this.#endConsumer();
    if (this.#ownedCount !== this.#pending.size) this.target.fail("a pending entry that no consumer has");
    let { maxPendingId } = group;
    for (const id of this.#pending.keys()) if (id > maxPendingId) maxPendingId = id;
    const { size: consumerCount } = this.#consumerNames;
    const { size: pendingCount } = this.#pending;
    this.#element(
      groupKey(this.#groupName),
      encodeGroup({ ...group, consumerCount, pendingCount, maxPendingId }),
    );
    this.#group = null;
    this.#pending.clear();
    this.#consumerNames.clear();
    this.#ownedCount = 0;
  }

  protected spill(): void {
    for (const [key, value] of this.#held) this.put(key, value);
    this.#held = [];
  }

  override finish(offset: number): ReturnType<CollectionBuilder["finish"]> {
    this.#endGroup();
    return super.finish(offset);
  }

  get #wholeHeader(): StreamHeader {
    const groupCount = this.#groupNames.size;
    return {
      ...this.#header,
      groupCount,
      nextGroupNumber: groupCount,
      nodeCount: this.#nodeCount,
      tail: this.#tail,
    };
  }

  protected pack(): { readonly flags: number; readonly payload: Bytes } | null {
    if (this.bytes > this.target.limits.streamMaxPackedBytes) return null;
    const held = this.#held.sort(([a], [b]) => (a < b ? -1 : 1));
    let payload = encodeStreamHeader(this.#wholeHeader);
    for (const [key, value] of held) payload += varint(key.length) + key + varint(value.length) + value;
    return { flags: 0, payload };
  }

  protected override rangedTail(): Bytes {
    return encodeStreamHeader(this.#wholeHeader);
  }
}
