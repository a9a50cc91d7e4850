import type { StreamEntry } from "../../keyspace/stream/entries.ts";
import { NEW_STREAM, type StreamHeader } from "../../keyspace/stream/header.ts";
import { ID_LENGTH, MIN_ID, type StreamId, formatId } from "../../keyspace/stream/id.ts";
import { entriesReadAt } from "../../keyspace/stream/lag.ts";
import { type Node, nodeOfBlock } from "../../keyspace/stream/node.ts";
import { u32 } from "../../storage/numbers.ts";
import type { Bytes } from "../../support/bytes.ts";
import { type Int64, narrowInteger } from "../../support/integers.ts";
import { RdbType } from "../opcodes.ts";
import { type Fail, failureOf } from "./blob.ts";
import { Listpack } from "./listpack.ts";
import { type ByteSource, type Decoding, repeat, whenThere } from "./source.ts";
import { readBlob, readLength, readString, readUnsigned } from "./strings.ts";
import type { ValueSink } from "./value-sink.ts";

/** Nodes, what is told of the stream as a whole, groups with their consumers. */
export function* decodeStream(source: ByteSource, type: number, sink: ValueSink): Decoding {
  sink.begin("stream");
  const nodes = yield* whenThere(source, () => readLength(source));
  const found: FoundEntries = { count: 0, first: null, last: null, lastBlock: null };
  yield* repeat(source, nodes, sink, () => decodeNode(source, found, sink));
  const header = yield* whenThere(source, () => readHeader(source, type, found));
  sink.streamHeader(header);
  const groups = yield* whenThere(source, () => readLength(source));
  for (let left = groups; left > 0; left--) yield* decodeGroup(source, type, header, sink);
  sink.end();
}

interface FoundEntries {
  count: number;
  first: StreamId | null;
  last: StreamId | null;
  /** The last id in the node before, deleted or not. */
  lastBlock: StreamId | null;
}

const FLAG_DELETED = 1;
const FLAG_SAME_FIELDS = 2;

/**
 * A listpack that goes by its master id: live entries, deleted ones, fields, their names, 0; then each entry: flags, ms
 * and sequence beyond the master id, fields and names unless they are the same, values, the number of these parts.
 */
function decodeNode(source: ByteSource, found: FoundEntries, sink: ValueSink): void {
  const { offset } = source;
  const masterId = readString(source);
  if (masterId.length !== ID_LENGTH) source.fail("a stream node whose id is none", offset);
  if (found.lastBlock !== null && masterId <= found.lastBlock)
    source.fail("stream nodes that are not in order", offset);
  const blobAt = source.offset;
  const blob = readBlob(source);
  const fail = failureOf(source, "stream listpack", blobAt);
  const { entries, node } = readBlock(new Listpack(blob, fail), blob.length, masterId, fail);
  found.lastBlock = node.last;
  // Redis takes a block away with its last entry.
  if (entries.length === 0) return;
  found.count += entries.length;
  found.first ??= entries[0]!.id;
  found.last = entries[entries.length - 1]!.id;
  sink.streamNode({ node, entries });
}

function readBlock(
  listpack: Listpack,
  blobBytes: number,
  masterId: StreamId,
  fail: Fail,
): { readonly entries: StreamEntry[]; readonly node: Node } {
  const countersAt = listpack.at;
  const live = readCount(listpack, fail);
  const deleted = readCount(listpack, fail);
  const countersEnd = listpack.at;
  const fields: Bytes[] = [];
  for (let left = readCount(listpack, fail); left > 0; left--) fields.push(listpack.bytes());
  if (listpack.integer() !== 0) fail("no 0 behind the first fields", listpack.at);
  const entries: StreamEntry[] = [];
  let last: StreamId | null = null;
  for (let left = live + deleted; left > 0; left--) {
    const at = listpack.at;
    const flags = BigInt(listpack.integer());
    const id = idBeyond(masterId, listpack.integer(), listpack.integer());
    if (last !== null && id <= last) fail("ids that do not ascend", at);
    last = id;
    const pairs = readPairs(listpack, (flags & BigInt(FLAG_SAME_FIELDS)) === 0n ? null : fields, fail);
    if ((flags & BigInt(FLAG_DELETED)) === 0n) entries.push({ id, pairs });
  }
  if (!listpack.done) fail("more than its entries", listpack.at);
  listpack.checkCount();
  if (entries.length !== live) fail("the number of entries is another one", countersAt);
  const bytes = blobBytes - (countersEnd - countersAt);
  const node = nodeOfBlock({ first: masterId, last: last ?? masterId, live, deleted, bytes, fields });
  return { entries, node };
}

/** `fields`: those that the entry leaves out; null: it has its own. */
function readPairs(listpack: Listpack, fields: readonly Bytes[] | null, fail: Fail): Bytes[] {
  const { at } = listpack;
  const pairs: Bytes[] = [];
  let parts = 3;
  if (fields === null) {
    const count = readCount(listpack, fail);
    for (let left = count; left > 0; left--) pairs.push(listpack.bytes(), listpack.bytes());
    parts += 1 + 2 * count;
  } else {
    for (const field of fields) pairs.push(field, listpack.bytes());
    parts += fields.length;
  }
  if (listpack.integer() !== parts) fail("the number of an entry's parts is another one", at);
  return pairs;
}

function readCount(listpack: Listpack, fail: Fail): number {
  const { at } = listpack;
  const count = listpack.integer();
  return typeof count !== "number" || count < 0 ? fail("a count that is none", at) : count;
}

/** Both halves of the sum turn over at 2^64, as in C. */
function idBeyond(masterId: StreamId, ms: Int64, sequence: Int64): StreamId {
  return u64Plus(masterId, 0, ms) + u64Plus(masterId, 8, sequence);
}

function u64Plus(id: StreamId, at: 0 | 8, addend: Int64): Bytes {
  if (addend === 0) return id.slice(at, at + 8);
  const own = BigInt(`0x${Buffer.from(id.slice(at, at + 8), "latin1").toString("hex")}`);
  return u64Bytes(BigInt.asUintN(64, own + BigInt(addend)));
}

function u64Bytes(value: bigint): Bytes {
  return u32(Number(value >> 32n)) + u32(Number(value & 0xffff_ffffn));
}

function readId(source: ByteSource): StreamId {
  const ms = readUnsigned(source);
  return u64Bytes(ms) + u64Bytes(readUnsigned(source));
}

/** A number of 64 bits with sign, written as if it had none. */
function readCounter(source: ByteSource): Int64 {
  return narrowInteger(BigInt.asIntN(64, readUnsigned(source)));
}

function readHeader(source: ByteSource, type: number, found: FoundEntries): StreamHeader {
  const { offset } = source;
  const length = readLength(source);
  if (length !== found.count) source.fail(`a stream of ${length} entries has ${found.count}`, offset);
  const lastId = readId(source);
  if (found.last !== null && lastId < found.last)
    source.fail(`the last id of a stream, ${formatId(lastId)}, is not that of its last entry`, offset);
  let maxDeletedId = MIN_ID;
  let entriesAdded: Int64 = length;
  if (type !== RdbType.stream) {
    // The first entry's id, which is known.
    readId(source);
    maxDeletedId = readId(source);
    entriesAdded = readCounter(source);
  }
  return {
    ...NEW_STREAM,
    length,
    lastId,
    firstId: found.first ?? MIN_ID,
    topId: found.last ?? MIN_ID,
    maxDeletedId,
    entriesAdded,
  };
}

function* decodeGroup(source: ByteSource, type: number, header: StreamHeader, sink: ValueSink): Decoding {
  const group = yield* whenThere(source, () => {
    const name = readString(source);
    const lastId = readId(source);
    if (type === RdbType.stream) return { name, lastId, entriesRead: entriesReadAt(header, lastId) };
    const read = readCounter(source);
    return { name, lastId, entriesRead: read === UNKNOWN_READS ? null : read };
  });
  sink.streamGroup(group);
  const pending = yield* whenThere(source, () => readLength(source));
  yield* repeat(source, pending, sink, () => {
    const id = source.bytes(ID_LENGTH);
    const deliveredMs = readTime(source);
    sink.streamPending(id, deliveredMs, readCounter(source));
  });
  const consumers = yield* whenThere(source, () => readLength(source));
  for (let left = consumers; left > 0; left--) yield* decodeConsumer(source, type, sink);
}

const UNKNOWN_READS = -1;

function* decodeConsumer(source: ByteSource, type: number, sink: ValueSink): Decoding {
  yield* whenThere(source, () => {
    const name = readString(source);
    const seenMs = readTime(source);
    // When it was last given entries, which Redis 7.0 does not know.
    if (type === RdbType.stream3) source.i64();
    sink.streamConsumer(name, seenMs);
  });
  const owned = yield* whenThere(source, () => readLength(source));
  yield* repeat(source, owned, sink, () => sink.streamOwned(source.bytes(ID_LENGTH)));
}

function readTime(source: ByteSource): number {
  const time = source.i64();
  if (time < 0n || time > MAX_TIME_MS) source.fail(`a time of ${time} ms`, source.offset - 8);
  return Number(time);
}

const MAX_TIME_MS = BigInt(Number.MAX_SAFE_INTEGER);
