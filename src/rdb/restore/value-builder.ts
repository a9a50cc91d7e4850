import { BigString } from "../../keyspace/big-string.ts";
import { Hash } from "../../keyspace/hash.ts";
import type { Keyspace } from "../../keyspace/keyspace.ts";
import { List } from "../../keyspace/list.ts";
import { MemberSet } from "../../keyspace/member-set.ts";
import { SetValue } from "../../keyspace/set.ts";
import type { StreamHeader } from "../../keyspace/stream/header.ts";
import type { StreamId } from "../../keyspace/stream/id.ts";
import type { Value } from "../../keyspace/value.ts";
import { ZSet } from "../../keyspace/zset.ts";
import type { Bytes } from "../../support/bytes.ts";
import type { Int64 } from "../../support/integers.ts";
import type { ByteSource } from "../decode/source.ts";
import {
  type CollectionType,
  type DecodedGroup,
  type DecodedNode,
  type ValueSink,
} from "../decode/value-sink.ts";
import { StreamBuilder } from "./stream-builder.ts";

/** What is decoded is larger than it may be. */
export class TooLargeError extends Error {
  override readonly name = "TooLargeError";
}

/** A member, field or element takes about so much memory beside its bytes while it is being restored. */
const ELEMENT_BYTES = 128;

/** Makes a value of what a DUMP payload holds. Nothing is written before `build`. */
export class ValueBuilder implements ValueSink {
  readonly isFull = false;
  readonly #source: ByteSource;
  readonly #keyspace: Keyspace;
  readonly #maxBytes: number;
  #bytes = 0;
  #build: (() => Value) | null = null;
  /** What is wrong at the end with what has come so far. */
  #lacks: string | null = null;
  readonly #chunks: [number: number, chunk: Bytes][] = [];
  readonly #list: Bytes[] = [];
  readonly #set: MemberSet;
  readonly #hash = new Map<Bytes, Bytes>();
  readonly #scores = new Map<Bytes, number>();
  readonly #stream: StreamBuilder;

  /**
   * @param source says where what is wrong is
   * @param maxBytes of memory for what is decoded; a payload of few bytes can hold many
   */
  constructor(source: ByteSource, keyspace: Keyspace, maxBytes: number) {
    this.#source = source;
    this.#keyspace = keyspace;
    this.#maxBytes = maxBytes;
    this.#set = new MemberSet(keyspace.limits);
    this.#stream = new StreamBuilder((reason) => source.fail(reason));
  }

  /** What has been decoded, belonging to no key. Writes: the reads of the command have to be done. */
  build(): Value {
    return this.#build!();
  }

  /** @throws TooLargeError */
  #take(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > this.#maxBytes) throw new TooLargeError("too large to be restored");
  }

  string(bytes: Bytes): void {
    this.#build = () => bytes;
  }

  beginString(length: number): void {
    this.#build = () => BigString.ofChunks(this.#keyspace, length, this.#chunks);
  }

  stringPart(part: Bytes): void {
    this.#take(part.length);
    this.#chunks.push([this.#chunks.length, part]);
  }

  begin(type: CollectionType): void {
    const keyspace = this.#keyspace;
    this.#lacks = type === "stream" ? null : `a ${type} without elements`;
    this.#build = {
      list: () => List.of(keyspace, this.#list),
      set: () => SetValue.of(keyspace, this.#set),
      zset: () => this.#sorted(),
      hash: () => this.#hashOf(),
      stream: () => this.#stream.build(keyspace),
    }[type];
  }

  listElement(value: Bytes): void {
    this.#element(value.length);
    this.#list.push(value);
  }

  setMember(member: Bytes): void {
    this.#element(member.length);
    if (!this.#set.add(member)) this.#source.fail("a set has the same member twice");
  }

  zsetMember(member: Bytes, score: number): void {
    this.#element(member.length);
    if (this.#scores.has(member)) this.#source.fail("a sorted set has the same member twice");
    this.#scores.set(member, score);
  }

  hashField(field: Bytes, value: Bytes): void {
    this.#element(field.length + value.length);
    if (this.#hash.has(field)) this.#source.fail("a hash has the same field twice");
    this.#hash.set(field, value);
  }

  #element(bytes: number): void {
    this.#lacks = null;
    this.#take(bytes + ELEMENT_BYTES);
  }

  #sorted(): ZSet {
    const order = [...this.#scores].sort(([a, first], [b, second]) => first - second || (a < b ? -1 : 1));
    return ZSet.of(this.#keyspace, {
      scores: order.map(([, score]) => score),
      members: order.map(([member]) => member),
    });
  }

  #hashOf(): Hash {
    const hash = new Hash(this.#keyspace);
    for (const [field, value] of this.#hash) hash.set(field, value);
    return hash;
  }

  streamNode(decoded: DecodedNode): void {
    for (const { pairs } of decoded.entries) {
      let bytes = ELEMENT_BYTES;
      for (const part of pairs) bytes += part.length;
      this.#take(bytes);
    }
    this.#stream.node(decoded);
  }

  streamHeader(header: StreamHeader): void {
    this.#stream.header(header);
  }

  streamGroup(group: DecodedGroup): void {
    this.#take(ELEMENT_BYTES + group.name.length);
    this.#stream.group(group);
  }

  streamPending(id: StreamId, deliveredMs: number, deliveries: Int64): void {
    this.#take(ELEMENT_BYTES);
    this.#stream.pending(id, deliveredMs, deliveries);
  }

  streamConsumer(name: Bytes, seenMs: number): void {
    this.#take(ELEMENT_BYTES + name.length);
    this.#stream.consumer(name, seenMs);
  }

  streamOwned(id: StreamId): void {
    this.#take(ELEMENT_BYTES);
    this.#stream.owned(id);
  }

  end(): void {
    if (this.#lacks !== null) this.#source.fail(this.#lacks);
    this.#stream.end();
  }
}
