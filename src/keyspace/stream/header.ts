import { type ByteReader, varint } from "../../storage/numbers.ts";
import type { Bytes } from "../../support/bytes.ts";
import type { Int64 } from "../../support/integers.ts";
import { COUNTER_LENGTH, counterBytes, readCounter } from "./counter.ts";
import { ID_LENGTH, MIN_ID, type StreamId } from "./id.ts";
import { type Node, encodeNode, readNode } from "./node.ts";

/** What is told of a stream without looking at its entries; it is in the record. Never changed, only replaced. */
export interface StreamHeader {
  /** Entries that are there. */
  readonly length: number;
  /** The last id that was given, whether its entry is still there or not. */
  readonly lastId: StreamId;
  /** The id of the first entry that is there; MIN_ID for an empty stream. */
  readonly firstId: StreamId;
  /** The id of the last entry that is there; MIN_ID for an empty stream. */
  readonly topId: StreamId;
  /** The greatest id that XDEL has deleted. */
  readonly maxDeletedId: StreamId;
  /** All entries ever added. */
  readonly entriesAdded: Int64;
  readonly groupCount: number;
  /** A group's elements are found by its number; numbers are not used twice. */
  readonly nextGroupNumber: number;
  readonly nodeCount: number;
  /** The node that new entries go to, null when there is none. The others are elements. */
  readonly tail: Node | null;
}

export const NEW_STREAM: StreamHeader = {
  length: 0,
  lastId: MIN_ID,
  firstId: MIN_ID,
  topId: MIN_ID,
  maxDeletedId: MIN_ID,
  entriesAdded: 0,
  groupCount: 0,
  nextGroupNumber: 0,
  nodeCount: 0,
  tail: null,
};

/**
 * Four ids, entries added i64; length, groups, next group's number, nodes as varints; the tail node, when there are
 * nodes: first id, and what `encodeNode` makes of it.
 */
export function encodeStreamHeader(header: StreamHeader): Bytes {
  const { tail } = header;
  return (
    header.lastId +
    header.firstId +
    header.topId +
    header.maxDeletedId +
    counterBytes(header.entriesAdded) +
    varint(header.length) +
    varint(header.groupCount) +
    varint(header.nextGroupNumber) +
    varint(header.nodeCount) +
    (tail === null ? "" : tail.first + encodeNode(tail))
  );
}

export function readStreamHeader(reader: ByteReader): StreamHeader {
  const lastId = reader.take(ID_LENGTH);
  const firstId = reader.take(ID_LENGTH);
  const topId = reader.take(ID_LENGTH);
  const maxDeletedId = reader.take(ID_LENGTH);
  const entriesAdded = readCounter(reader.take(COUNTER_LENGTH), 0);
  const length = reader.varint();
  const groupCount = reader.varint();
  const nextGroupNumber = reader.varint();
  const nodeCount = reader.varint();
  const tail = nodeCount === 0 ? null : readNode(reader.take(ID_LENGTH), reader);
  return {
    length,
    lastId,
    firstId,
    topId,
    maxDeletedId,
    entriesAdded,
    groupCount,
    nextGroupNumber,
    nodeCount,
    tail,
  };
}
