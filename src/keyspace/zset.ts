import type { Bytes } from "../support/bytes.ts";
import { crc32 } from "../support/crc32.ts";
import type { Element, Elements } from "../storage/elements.ts";
import { type ByteReader, readScore, scoreBytes, u32, varint } from "../storage/numbers.ts";
import { Collection } from "./collection.ts";
import type { Keyspace } from "./keyspace.ts";

/** By member: crc32 and member ⇒ score. */
const MEMBERS = "\0";
/** In order: score and member ⇒ nothing. */
const ORDER = "\x01";

const memberKey = (member: Bytes): Bytes => MEMBERS + u32(crc32(member)) + member;

const MEMBER_AT = 5;

/** A sorted set: members, each with a score. */
export class ZSet extends Collection<Map<Bytes, number>> {
  readonly type = "zset";

  constructor(keyspace: Keyspace) {
    super(keyspace, new Map());
  }

  static read(keyspace: Keyspace, reader: ByteReader, isRanged: boolean): ZSet {
    const zset = new ZSet(keyspace);
    if (isRanged) zset.readRanged(reader);
    else zset.#unpack(reader);
    return zset;
  }

  #unpack(reader: ByteReader): void {
    const members = this.resident!;
    let bytes = 0;
    for (let left = reader.varint(); left > 0; left--) {
      const member = reader.sized();
      members.set(member, readScore(reader.take(8)));
      bytes += member.length;
    }
    this.counted(members.size, bytes);
  }

  protected pack(members: Map<Bytes, number>): Bytes {
    let packed = varint(members.size);
    for (const [member, score] of members) packed += varint(member.length) + member + scoreBytes(score);
    return packed;
  }

  protected writeAll(elements: Elements, members: Map<Bytes, number>): void {
    for (const [member, score] of members) {
      elements.put(memberKey(member), scoreBytes(score));
      elements.put(ORDER + scoreBytes(score) + member, "");
    }
  }

  protected wholeRange(): { gte: Bytes; lt: Bytes } {
    return { gte: MEMBERS, lt: ORDER };
  }

  protected build(elements: readonly Element[]): Map<Bytes, number> {
    return new Map(elements.map(([key, value]) => [key.slice(MEMBER_AT), readScore(value)]));
  }

  protected residentBytes(count: number, bytes: number): number {
    return bytes + count * 110;
  }

  get encoding(): string {
    return this.isPacked ? "listpack" : "skiplist";
  }
}
