import type { StreamEntry } from "../../keyspace/stream/entries.ts";
import type { StreamHeader } from "../../keyspace/stream/header.ts";
import type { StreamId } from "../../keyspace/stream/id.ts";
import type { Node } from "../../keyspace/stream/node.ts";
import type { Bytes } from "../../support/bytes.ts";
import type { Int64 } from "../../support/integers.ts";

export type CollectionType = "list" | "set" | "zset" | "hash" | "stream";

/** Strings longer than this come in parts: what BigString keeps in chunks (keyspace/big-string.ts). */
export const LONG_STRING_BYTES = 256 << 10;

/** All parts but the last one have this length. */
export const STRING_PART_BYTES = 64 << 10;

/**
 * Takes a value element by element, so that one of any size passes through. One of
 *
 *   string
 *   beginString, stringPart …, end
 *   begin("list" | "set" | "zset" | "hash"), its elements in the file's order, end
 *   begin("stream"), streamNode …, streamHeader, for each group: streamGroup, streamPending …, for each of its
 *   consumers: streamConsumer, streamOwned …; end
 *
 * `end` may come without an element: such a key is left out when a file is loaded, and refused in a DUMP payload.
 * Members, fields, groups, consumers and pending entries may come twice: the sink refuses them (`source.fail`), for it
 * knows which there are. Everything else is checked before it comes here.
 */
export interface ValueSink {
  /** The decoder pauses (yields) until it is false again. */
  readonly isFull: boolean;
  string(bytes: Bytes): void;
  /** A string of more than LONG_STRING_BYTES. */
  beginString(length: number): void;
  stringPart(part: Bytes): void;
  begin(type: CollectionType): void;
  listElement(value: Bytes): void;
  setMember(member: Bytes): void;
  zsetMember(member: Bytes, score: number): void;
  hashField(field: Bytes, value: Bytes): void;
  streamNode(node: DecodedNode): void;
  /** Without groups and nodes, which the sink counts. */
  streamHeader(header: StreamHeader): void;
  streamGroup(group: DecodedGroup): void;
  /** An entry that is pending in the last group. */
  streamPending(id: StreamId, deliveredMs: number, deliveries: Int64): void;
  streamConsumer(name: Bytes, seenMs: number): void;
  /** A pending entry that belongs to the last consumer. */
  streamOwned(id: StreamId): void;
  end(): void;
}

/** One block of entries, as Redis keeps them; at least one is there. */
export interface DecodedNode {
  readonly node: Node;
  /** In the order of their ids, and behind those of the nodes before. */
  readonly entries: readonly StreamEntry[];
}

export interface DecodedGroup {
  readonly name: Bytes;
  readonly lastId: StreamId;
  /** null: unknown. */
  readonly entriesRead: Int64 | null;
}
