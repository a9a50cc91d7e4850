import type { Bytes } from "../../support/bytes.ts";
import { parseDouble } from "../../support/doubles.ts";
import { RdbNode, RdbType } from "../opcodes.ts";
import { failureOf } from "./blob.ts";
import { intsetMembers } from "./intset.ts";
import { listpackElements } from "./listpack.ts";
import { decodeModule } from "./module.ts";
import { type ByteSource, type Decoding, repeat, whenThere } from "./source.ts";
import { decodeStream } from "./stream.ts";
import { decodeString, readBlob, readLength, readString } from "./strings.ts";
import type { CollectionType, ValueSink } from "./value-sink.ts";
import { zipmapPairs } from "./zipmap.ts";
import { ziplistElements } from "./ziplist.ts";

/**
 * Decodes a value of one of the types of `RdbType` into the sink; everything is checked as `sanitize-dump-payload yes`
 * does it. @throws RdbError
 */
export function* decodeValue(source: ByteSource, type: number, sink: ValueSink): Decoding {
  switch (type) {
    case RdbType.string:
      return yield* decodeString(source, sink);
    case RdbType.list:
      return yield* decodeEach(source, "list", sink, () => sink.listElement(readString(source)));
    case RdbType.set:
      return yield* decodeEach(source, "set", sink, () => sink.setMember(readString(source)));
    case RdbType.hash:
      return yield* decodeEach(source, "hash", sink, () => {
        const field = readString(source);
        sink.hashField(field, readString(source));
      });
    case RdbType.zset:
      return yield* decodeEach(source, "zset", sink, () => {
        const member = readString(source);
        sink.zsetMember(member, readTextScore(source));
      });
    case RdbType.zset2:
      return yield* decodeEach(source, "zset", sink, () => {
        const member = readString(source);
        sink.zsetMember(member, checkedScore(source, source.double()));
      });
    case RdbType.listQuicklist:
      return yield* decodeEach(source, "list", sink, () =>
        listFrom(readElements(source, "ziplist", ziplistElements), sink),
      );
    case RdbType.listQuicklist2:
      return yield* decodeEach(source, "list", sink, () => readNode(source, sink));
    case RdbType.listZiplist:
      return yield* decodeBlob(source, "list", sink, () =>
        listFrom(readElements(source, "ziplist", ziplistElements), sink),
      );
    case RdbType.setIntset:
      return yield* decodeBlob(source, "set", sink, () =>
        setFrom(readElements(source, "intset", intsetMembers), sink),
      );
    case RdbType.setListpack:
      return yield* decodeBlob(source, "set", sink, () =>
        setFrom(readElements(source, "listpack", listpackElements), sink),
      );
    case RdbType.hashZipmap:
      return yield* decodeBlob(source, "hash", sink, () =>
        hashFrom(source, readElements(source, "zipmap", zipmapPairs), sink),
      );
    case RdbType.hashZiplist:
      return yield* decodeBlob(source, "hash", sink, () =>
        hashFrom(source, readElements(source, "ziplist", ziplistElements), sink),
      );
    case RdbType.hashListpack:
      return yield* decodeBlob(source, "hash", sink, () =>
        hashFrom(source, readElements(source, "listpack", listpackElements), sink),
      );
    case RdbType.zsetZiplist:
      return yield* decodeBlob(source, "zset", sink, () =>
        zsetFrom(source, readElements(source, "ziplist", ziplistElements), sink),
      );
    case RdbType.zsetListpack:
      return yield* decodeBlob(source, "zset", sink, () =>
        zsetFrom(source, readElements(source, "listpack", listpackElements), sink),
      );
    case RdbType.stream:
    case RdbType.stream2:
    case RdbType.stream3:
      return yield* decodeStream(source, type, sink);
    case RdbType.module:
    case RdbType.module2:
      return yield* decodeModule(source, type);
    case RdbType.hashExpiring:
    case RdbType.hashExpiringBeforeRelease:
    case RdbType.hashExpiringListpack:
    case RdbType.hashExpiringListpackBeforeRelease:
      return source.fail("a hash with fields that expire (Redis 7.4), which Redis 7.0 does not know");
    default:
      return source.fail(`unknown type of value: ${type}`);
  }
}

/** A number, and then so many elements or nodes. */
function* decodeEach(source: ByteSource, type: CollectionType, sink: ValueSink, read: () => void): Decoding {
  const count = yield* whenThere(source, () => readLength(source));
  sink.begin(type);
  yield* repeat(source, count, sink, read);
  sink.end();
}

function* decodeBlob(source: ByteSource, type: CollectionType, sink: ValueSink, read: () => void): Decoding {
  sink.begin(type);
  yield* whenThere(source, read);
  sink.end();
}

function readElements(
  source: ByteSource,
  what: string,
  elementsOf: (blob: Buffer, fail: ReturnType<typeof failureOf>) => Bytes[],
): Bytes[] {
  const { offset } = source;
  const blob = readBlob(source);
  return elementsOf(blob, failureOf(source, what, offset));
}

/** A node of a list: a listpack, or one large element. */
function readNode(source: ByteSource, sink: ValueSink): void {
  const { offset } = source;
  const container = readLength(source);
  if (container === RdbNode.packed) {
    listFrom(readElements(source, "listpack", listpackElements), sink);
  } else if (container === RdbNode.plain) {
    const element = readString(source);
    if (element === "") source.fail("an empty node of a list", offset);
    sink.listElement(element);
  } else source.fail(`unknown node of a list: ${container}`, offset);
}

function listFrom(elements: readonly Bytes[], sink: ValueSink): void {
  for (const element of elements) sink.listElement(element);
}

function setFrom(members: readonly Bytes[], sink: ValueSink): void {
  for (const member of members) sink.setMember(member);
}

function hashFrom(source: ByteSource, pairs: readonly Bytes[], sink: ValueSink): void {
  if (pairs.length % 2 !== 0) source.fail("a field without a value");
  for (let i = 0; i < pairs.length; i += 2) sink.hashField(pairs[i]!, pairs[i + 1]!);
}

function zsetFrom(source: ByteSource, pairs: readonly Bytes[], sink: ValueSink): void {
  if (pairs.length % 2 !== 0) source.fail("a member without a score");
  for (let i = 0; i < pairs.length; i += 2) {
    sink.zsetMember(pairs[i]!, checkedScore(source, parseDouble(pairs[i + 1]!) ?? Number.NaN));
  }
}

/** As Redis before 4.0 wrote it: a length and digits, or 255 −inf, 254 inf, 253 no number. */
function readTextScore(source: ByteSource): number {
  const length = source.u8();
  if (length === 255) return -Infinity;
  if (length === 254) return Infinity;
  if (length === 253) return checkedScore(source, Number.NaN);
  return checkedScore(source, parseDouble(source.bytes(length)) ?? Number.NaN);
}

function checkedScore(source: ByteSource, score: number): number {
  return Number.isNaN(score) ? source.fail("a score that is not a number") : score;
}
