import { ByteReader, varint } from "../../storage/numbers.ts";
import { crc32 } from "../../support/crc32.ts";
import type { Bytes } from "../../support/bytes.ts";
import { parseInteger } from "../../support/integers.ts";
import { ID_LENGTH, type StreamId, idDifference } from "./id.ts";

/**
 * A run of entries that Redis would keep in one block (a listpack in its radix tree). Here entries have no blocks, but
 * where Redis' begin and end decides what approximate trimming removes, and what XINFO STREAM counts: so it is kept
 * account of, and the sizes are those of Redis' encoding, to the byte.
 */
export interface Node {
  /** The id of the first entry that it was given, deleted or not. */
  readonly first: StreamId;
  /** The id of the last one. */
  readonly last: StreamId;
  /** Entries that are there. */
  readonly live: number;
  /** Entries that were deleted one by one. */
  readonly deleted: number;
  /** Of Redis' block, without its two counters. */
  readonly bytes: number;
  /** Checksum of the first entry's field names: Redis leaves the names out where they are the same. */
  readonly names: number;
}

/** Past these an entry begins another node; 0: no limit. Redis' options of the same names. */
export interface NodeLimits {
  readonly streamNodeMaxBytes: number;
  readonly streamNodeMaxEntries: number;
}

/** The last id, then live, deleted, bytes, names as varints. The first id stands before it, or is the key. */
export function encodeNode(node: Node): Bytes {
  return node.last + varint(node.live) + varint(node.deleted) + varint(node.bytes) + varint(node.names);
}

export function readNode(first: StreamId, reader: ByteReader): Node {
  return {
    first,
    last: reader.take(ID_LENGTH),
    live: reader.varint(),
    deleted: reader.varint(),
    bytes: reader.varint(),
    names: reader.varint(),
  };
}

export function decodeNode(first: StreamId, value: Bytes): Node {
  return readNode(first, new ByteReader(value));
}

/** The node, with an entry more: null when that entry begins another. `pairs`: field, value, field, value … */
export function grown(node: Node, id: StreamId, pairs: readonly Bytes[], limits: NodeLimits): Node | null {
  let contentBytes = 0;
  for (const bytes of pairs) contentBytes += bytes.length;
  const { streamNodeMaxBytes, streamNodeMaxEntries } = limits;
  const maxBytes = streamNodeMaxBytes === 0 ? MAX_BLOCK : Math.min(streamNodeMaxBytes, MAX_BLOCK);
  const bytes = node.bytes + integerSize(node.live) + integerSize(node.deleted);
  if (bytes + contentBytes >= maxBytes) return null;
  if (streamNodeMaxEntries > 0 && node.live + node.deleted >= streamNodeMaxEntries) return null;
  const hasSameNames = namesOf(pairs) === node.names;
  return {
    first: node.first,
    last: id,
    live: node.live + 1,
    deleted: node.deleted,
    bytes: node.bytes + entrySize(node.first, id, pairs, hasSameNames),
    names: node.names,
  };
}

export function firstNode(id: StreamId, pairs: readonly Bytes[]): Node {
  let bytes = EMPTY_BLOCK + integerSize(pairs.length / 2) + integerSize(0);
  for (let i = 0; i < pairs.length; i += 2) bytes += elementSize(pairs[i]!);
  return {
    first: id,
    last: id,
    live: 1,
    deleted: 0,
    bytes: bytes + entrySize(id, id, pairs, true),
    names: namesOf(pairs),
  };
}

/** Of a block that Redis made: `bytes` without its two counters, `fields` the names that its entries leave out. */
export function nodeOfBlock({
  fields,
  ...block
}: Omit<Node, "names"> & { readonly fields: readonly Bytes[] }): Node {
  return { ...block, names: namesOf(fields.flatMap((field) => [field, ""])) };
}

/** Redis' largest block, and largest entry. */
export const MAX_BLOCK = 2 ** 30;

/** Header and end mark. */
const EMPTY_BLOCK = 7;

function namesOf(pairs: readonly Bytes[]): number {
  let names = pairs.length;
  for (let i = 0; i < pairs.length; i += 2) names = (Math.imul(names, 31) ^ crc32(pairs[i]!)) >>> 0;
  return names;
}

/** Flags, distances to the node's first id, values, the names unless they are the first entry's, number of parts. */
function entrySize(first: StreamId, id: StreamId, pairs: readonly Bytes[], hasSameNames: boolean): number {
  const fields = pairs.length / 2;
  let size = integerSize(hasSameNames ? 2 : 0);
  size += integerSize(idDifference(id, first, 0)) + integerSize(idDifference(id, first, 8));
  if (!hasSameNames) size += integerSize(fields);
  for (let i = hasSameNames ? 1 : 0; i < pairs.length; i += hasSameNames ? 2 : 1)
    size += elementSize(pairs[i]!);
  return size + integerSize(hasSameNames ? fields + 3 : 2 * fields + 4);
}

/** What a listpack needs for an element: https://github.com/antirez/listpack/blob/master/listpack.md */
function elementSize(bytes: Bytes): number {
  const { length } = bytes;
  const integer = length <= 20 ? parseInteger(bytes) : null;
  if (integer !== null) return integerSize(integer);
  return withBackwardLength(length < 64 ? 1 + length : length < 4096 ? 2 + length : 5 + length);
}

function integerSize(value: number | bigint): number {
  if (value >= 0 && value <= 127) return 2;
  if (value >= -4096 && value <= 4095) return 3;
  if (value >= -(2 ** 15) && value < 2 ** 15) return 4;
  if (value >= -(2 ** 23) && value < 2 ** 23) return 5;
  if (value >= -(2 ** 31) && value < 2 ** 31) return 6;
  return 10;
}

function withBackwardLength(length: number): number {
  if (length <= 127) return length + 1;
  if (length < 16383) return length + 2;
  if (length < 2097151) return length + 3;
  return length + (length < 268435455 ? 4 : 5);
}
