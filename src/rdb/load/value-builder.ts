import type { StreamHeader } from "../../keyspace/stream/header.ts";
import type { StreamId } from "../../keyspace/stream/id.ts";
import type { Bytes } from "../../support/bytes.ts";
import type { Int64 } from "../../support/integers.ts";
import type { CollectionType, DecodedGroup, DecodedNode, ValueSink } from "../decode/value-sink.ts";
import type { BuildTarget, BuiltValue } from "./build/collection.ts";
import { HashBuilder } from "./build/hash.ts";
import { ListBuilder } from "./build/list.ts";
import { LongStringBuilder } from "./build/long-string.ts";
import { SetBuilder } from "./build/set.ts";
import { StreamBuilder } from "./build/stream.ts";
import { ZsetBuilder } from "./build/zset.ts";

/** What a value becomes, told when it is complete; null: a collection without elements. */
export type ValueDone = (value: BuiltValue | null) => void;

/** Builds the records and elements of one value after the other. */
export class ValueBuilder implements ValueSink {
  readonly #target: BuildTarget & { readonly isFull: boolean };
  #done: ValueDone = () => undefined;
  #offset = 0;
  #longString: LongStringBuilder | null = null;
  #list: ListBuilder | null = null;
  #set: SetBuilder | null = null;
  #zset: ZsetBuilder | null = null;
  #hash: HashBuilder | null = null;
  #stream: StreamBuilder | null = null;

  constructor(target: BuildTarget & { readonly isFull: boolean }) {
    this.#target = target;
  }

  get isFull(): boolean {
    return this.#target.isFull;
  }

  /** The next value, which stands at `offset`. */
  next(offset: number, done: ValueDone): this {
    this.#offset = offset;
    this.#done = done;
    return this;
  }

  string(bytes: Bytes): void {
    this.#done({ type: "string", flags: 0, payload: bytes });
  }

  beginString(): void {
    this.#longString = new LongStringBuilder(this.#target);
  }

  stringPart(part: Bytes): void {
    this.#longString!.add(part);
  }

  begin(type: CollectionType): void {
    const target = this.#target;
    if (type === "list") this.#list = new ListBuilder(target);
    else if (type === "set") this.#set = new SetBuilder(target);
    else if (type === "zset") this.#zset = new ZsetBuilder(target);
    else if (type === "hash") this.#hash = new HashBuilder(target);
    else this.#stream = new StreamBuilder(target);
  }

  listElement(value: Bytes): void {
    this.#list!.add(value);
  }

  setMember(member: Bytes): void {
    this.#set!.add(member);
  }

  zsetMember(member: Bytes, score: number): void {
    this.#zset!.add(member, score);
  }

  hashField(field: Bytes, value: Bytes): void {
    this.#hash!.add(field, value);
  }

  streamNode(node: DecodedNode): void {
    this.#stream!.addNode(node);
  }

  streamHeader(header: StreamHeader): void {
    this.#stream!.setHeader(header);
  }

  streamGroup(group: DecodedGroup): void {
    this.#stream!.addGroup(group);
  }

  streamPending(id: StreamId, deliveredMs: number, deliveries: Int64): void {
    this.#stream!.addPending(id, deliveredMs, deliveries);
  }

  streamConsumer(name: Bytes, seenMs: number): void {
    this.#stream!.addConsumer(name, seenMs);
  }

  streamOwned(id: StreamId): void {
    this.#stream!.addOwned(id);
  }

  end(): void {
    const builder = this.#longString ?? this.#list ?? this.#set ?? this.#zset ?? this.#hash ?? this.#stream!;
    this.#longString = this.#list = this.#set = this.#zset = this.#hash = this.#stream = null;
    this.#done(builder.isEmpty ? null : builder.finish(this.#offset));
  }
}
