import { IntSet } from "../../keyspace/int-set.ts";
import type { TypeName } from "../../keyspace/value.ts";
import { WHOLE_ORDER, memberOfOrder, scoreOfOrder } from "../../keyspace/zset-elements.ts";
import { type ByteReader, readScore, u64 } from "../../storage/numbers.ts";
import type { Bytes } from "../../support/bytes.ts";
import { formatDouble } from "../../support/doubles.ts";
import { RdbType } from "../opcodes.ts";
import { encodeIntset } from "./intset.ts";
import { ListNodes } from "./list-nodes.ts";
import { Listpack } from "./listpack.ts";
import type { RdbOutput } from "./output.ts";
import type { Pack } from "./pack.ts";
import { type Reads, forEach } from "./reads.ts";
import { Ziplist } from "./ziplist.ts";

/** Versions of RDB files from which on there is more to choose. */
const BINARY_SCORES = 8;
const LISTPACKS = 10;
const SET_LISTPACKS = 11;

export type CollectionType = Exclude<TypeName, "string" | "stream">;

/** Lists of elements of their own are written as nodes up to so many bytes: the nodes are counted first, in memory. */
const MAX_GATHERED_BYTES = 1 << 20;

/** Of a ranged hash or set: part and crc32 stand before the field or member. */
const MEMBER_AT = 5;

type Head = (rdbType: number) => void;

/** Hashes, sets, sorted sets and lists, in the encodings of a version. */
export class CollectionEncoder {
  readonly #output: RdbOutput;
  readonly #version: number;
  readonly #hasListpacks: boolean;
  readonly #pack: Pack;
  readonly #nodes: ListNodes;

  constructor(output: RdbOutput, version: number, options: { readonly listMaxListpackSize: number }) {
    this.#output = output;
    this.#version = version;
    this.#hasListpacks = version >= LISTPACKS;
    this.#pack = this.#hasListpacks ? new Listpack() : new Ziplist();
    this.#nodes = new ListNodes(output, this.#pack, this.#hasListpacks, options.listMaxListpackSize);
  }

  /** One that is whole in its record: in the packed encodings of Redis. */
  encodePacked(type: CollectionType, reader: ByteReader, isIntset: boolean, head: Head): void {
    if (isIntset) {
      head(RdbType.setIntset);
      this.#output.blob(encodeIntset(IntSet.unpack(reader)));
      return;
    }
    const count = reader.varint();
    if (type === "list") {
      head(this.#listType);
      this.#nodes.start();
      for (let left = count; left > 0; left--) this.#nodes.add(reader.sized());
      this.#nodes.finish();
    } else if (type === "set" && this.#version < SET_LISTPACKS) {
      head(RdbType.set);
      this.#output.length(count);
      for (let left = count; left > 0; left--) this.#output.string(reader.sized());
    } else {
      const pack = this.#pack;
      pack.start();
      for (let left = count; left > 0; left--) {
        pack.add(reader.sized());
        if (type === "hash") pack.add(reader.sized());
        else if (type === "zset") pack.add(formatDouble(readScore(reader.take(8))));
      }
      head(this.#packType(type));
      this.#output.blob(pack.finish());
    }
  }

  #packType(type: "hash" | "set" | "zset"): number {
    if (type === "set") return RdbType.setListpack;
    if (type === "hash") return this.#hasListpacks ? RdbType.hashListpack : RdbType.hashZiplist;
    return this.#hasListpacks ? RdbType.zsetListpack : RdbType.zsetZiplist;
  }

  get #listType(): number {
    return this.#hasListpacks ? RdbType.listQuicklist2 : RdbType.listQuicklist;
  }

  /** One with elements of its own; `reader` stands behind its id. */
  encodeRanged(type: CollectionType, reader: ByteReader, head: Head): Reads {
    const count = reader.varint();
    const bytes = reader.varint();
    if (type === "list") return this.#rangedList(count, bytes, reader.u64(), head);
    head(type === "hash" ? RdbType.hash : type === "set" ? RdbType.set : this.#zsetType);
    this.#output.length(count);
    if (type === "zset") return this.#rangedZset();
    return this.#members(type === "hash");
  }

  #members(hasValues: boolean): Reads {
    const output = this.#output;
    return forEach({ gte: "" }, (key, value) => {
      output.string(key.slice(MEMBER_AT));
      if (hasValues) output.string(value);
    });
  }

  get #zsetType(): number {
    return this.#version >= BINARY_SCORES ? RdbType.zset2 : RdbType.zset;
  }

  /** From the greatest score on: Redis puts each at the beginning then. */
  #rangedZset(): Reads {
    const output = this.#output;
    const isBinary = this.#version >= BINARY_SCORES;
    return forEach({ ...WHOLE_ORDER, reverse: true }, (key, value) => {
      output.string(memberOfOrder(key));
      const score = scoreOfOrder(key, value);
      if (isBinary) output.double(score);
      else this.#scoreText(score);
    });
  }

  /** As text behind its length; 254 and 255 stand for the infinities. 1.5 ⇒ `03 31 2E 35` */
  #scoreText(score: number): void {
    if (score === Infinity) this.#output.byte(254);
    else if (score === -Infinity) this.#output.byte(255);
    else {
      const text = formatDouble(score);
      this.#output.byte(text.length);
      this.#output.raw(text);
    }
  }

  *#rangedList(count: number, bytes: number, place: number, head: Head): Reads {
    // What was popped or pushed aside may still lie beside the list's places.
    const range = { gte: itemKey(place), lt: itemKey(place + count), isExact: true };
    if (bytes <= MAX_GATHERED_BYTES && count <= MAX_GATHERED_BYTES) {
      head(this.#listType);
      const items: Bytes[] = [];
      yield* forEach(range, (_, item) => items.push(item));
      this.#nodes.start();
      for (const item of items) this.#nodes.add(item);
      this.#nodes.finish();
      return;
    }
    head(RdbType.list);
    this.#output.length(count);
    yield* forEach(range, (_, item) => this.#output.string(item));
  }
}

const itemKey = (place: number): Bytes => `\0${u64(place)}`;
