import { CHUNK_BYTES } from "../keyspace/big-string.ts";
import type { RecordHeader } from "../keyspace/record.ts";
import { readStreamHeader } from "../keyspace/stream/header.ts";
import { putElement } from "../keyspace/zset-elements.ts";
import { COLLECTION_PREFIX_LENGTH, collectionRange } from "../storage/layout.ts";
import { ByteReader, readScore, readU32, readU64 } from "../storage/numbers.ts";
import type { Store } from "../storage/store.ts";
import { crc32 } from "../support/crc32.ts";
import type { Bytes } from "../support/bytes.ts";
import { RecordDamage } from "./packed.ts";
import { StreamElements } from "./stream-elements.ts";

const RUN = 1000;

/** Part u8, crc32 u32, then the member or field. */
const MEMBER_AT = 5;
const MEMBERS = "\0";
const ORDER = "\x01";
const SCORE_BYTES = 8;

/** What a type makes of its elements, in the order of their keys. They throw RecordDamage. */
interface ElementCheck {
  /** What the record counts beside elements. */
  readonly others?: number;
  /** Bytes as the record counts them; null: it is not one that the record counts. */
  add(key: Bytes, value: Bytes): number | null;
  end?(): void;
  /** Elements that there have to be because of those that came since the last call. */
  wanted?(): readonly (readonly [key: Bytes, value: Bytes])[];
}

export interface CheckedElements {
  readonly count: number;
  readonly bytes: number;
}

/** The id of the collection that a record points to. */
export const idOf = (record: Bytes, header: RecordHeader): number => readU64(record, header.payloadAt);

/**
 * Reads all elements of a collection that has some, in runs, and compares them with its record.
 * @throws RecordDamage, RangeError
 */
export async function checkElements(
  store: Store,
  record: Bytes,
  header: RecordHeader,
): Promise<CheckedElements> {
  const reader = new ByteReader(record, header.payloadAt);
  const id = reader.u64();
  if (header.type === "string") return checkRun(store, id, chunkCheck(reader.varint()), null);
  const told = { count: reader.varint(), bytes: reader.varint() };
  if (told.count === 0) throw new RecordDamage("an empty collection");
  const check = checkOf(header.type, reader, told.count);
  if (!reader.done) throw new RecordDamage("bytes behind its end");
  return checkRun(store, id, check, told);
}

function checkOf(
  type: Exclude<RecordHeader["type"], "string">,
  reader: ByteReader,
  count: number,
): ElementCheck {
  if (type === "hash") return { add: (key, value) => memberOf(key).length + value.length };
  if (type === "set") return { add: (key, value) => withoutValue(memberOf(key), value).length };
  if (type === "zset") return zsetCheck();
  if (type === "list") return listCheck(reader.u64(), count);
  const stream = new StreamElements(readStreamHeader(reader));
  return {
    // Its header.
    others: 1,
    add: (key, value) => {
      stream.add(key, value);
      return key.length + value.length;
    },
    end: () => stream.end(),
  };
}

async function checkRun(
  store: Store,
  id: number,
  check: ElementCheck,
  told: CheckedElements | null,
): Promise<CheckedElements> {
  let count = 0;
  let bytes = 0;
  const range = collectionRange(id);
  const head = range.gte;
  const iterator = store.iterate(range);
  try {
    for (let run = await iterator.next(RUN); run.length > 0; run = await iterator.next(RUN)) {
      for (const [key, value] of run) {
        const counted = check.add(key.slice(COLLECTION_PREFIX_LENGTH), value);
        if (counted === null) continue;
        count++;
        bytes += counted;
      }
      await checkWanted(store, head, check.wanted?.() ?? []);
    }
  } finally {
    await iterator.close();
  }
  check.end?.();
  if (told === null) return { count, bytes };
  const expected = told.count - (check.others ?? 0);
  if (count !== expected) throw new RecordDamage(`${count} elements, and it says ${expected}`);
  if (bytes !== told.bytes) throw new RecordDamage(`${bytes} bytes, and it says ${told.bytes}`);
  return { count, bytes };
}

async function checkWanted(
  store: Store,
  head: Bytes,
  wanted: readonly (readonly [key: Bytes, value: Bytes])[],
): Promise<void> {
  if (wanted.length === 0) return;
  const found = await store.getMany(wanted.map(([key]) => head + key));
  if (wanted.some(([, value], i) => found[i] !== value))
    throw new RecordDamage("a member that is not in the order");
}

/** The field or member, whose checksum stands before it. */
function memberOf(key: Bytes): Bytes {
  const member = key.slice(MEMBER_AT);
  if (!key.startsWith(MEMBERS) || readU32(key, 1) !== crc32(member))
    throw new RecordDamage("an element under a wrong key");
  return member;
}

function withoutValue(member: Bytes, value: Bytes): Bytes {
  if (value !== "") throw new RecordDamage("a member with a value");
  return member;
}

/** As many members as there are in the order, each of them in its place there. */
function zsetCheck(): ElementCheck {
  let members = 0;
  let ordered = 0;
  let wanted: [Bytes, Bytes][] = [];
  const put = (key: Bytes, value: Bytes): void => void wanted.push([key, value]);
  const expect = { put, insert: put, delete: () => undefined };
  return {
    add(key, value) {
      if (key.startsWith(ORDER)) {
        ordered++;
        return null;
      }
      const member = memberOf(key);
      if (value.length !== SCORE_BYTES) throw new RecordDamage("a score that is none");
      members++;
      putElement(expect, member, readScore(value), null);
      return member.length;
    },
    wanted() {
      const now = wanted;
      wanted = [];
      return now;
    },
    end() {
      if (members !== ordered) throw new RecordDamage(`${members} members, and ${ordered} in their order`);
    },
  };
}

/** Its places are in a row. */
function listCheck(first: number, count: number): ElementCheck {
  let next = first;
  return {
    add(key, value) {
      const place = readU64(key, 1);
      if (place !== next || place >= first + count) throw new RecordDamage("an element out of its row");
      next++;
      return value.length;
    },
  };
}

/** A missing chunk, and what a short one lacks, is zeros. */
function chunkCheck(length: number): ElementCheck {
  const chunks = Math.ceil(length / CHUNK_BYTES);
  return {
    add(key, value) {
      const number = readU32(key, 1);
      if (number >= chunks || value.length > Math.min(CHUNK_BYTES, length - number * CHUNK_BYTES))
        throw new RecordDamage("a chunk behind its end");
      return value.length;
    },
  };
}
