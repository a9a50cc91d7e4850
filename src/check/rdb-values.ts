import type { StreamId } from "../keyspace/stream/id.ts";
import type { ByteSource } from "../rdb/decode/source.ts";
import type { CollectionType, DecodedGroup, ValueSink } from "../rdb/decode/value-sink.ts";
import { StreamBuilder } from "../rdb/restore/stream-builder.ts";
import type { Bytes } from "../support/bytes.ts";
import type { Int64 } from "../support/integers.ts";

/** Elements of one collection that are remembered, to find one that comes twice. */
const MAX_REMEMBERED = 1_000_000;

/** Counts values by type, and refuses what a server could not load. */
export class CountingSink implements ValueSink {
  readonly isFull = false;
  readonly #source: ByteSource;
  readonly #count: (type: string) => void;
  readonly #seen = new Set<Bytes>();
  #stream: StreamBuilder | null = null;

  constructor(source: ByteSource, count: (type: string) => void) {
    this.#source = source;
    this.#count = count;
  }

  string(_bytes: Bytes): void {
    this.#count("string");
  }

  beginString(): void {
    this.#count("string");
  }

  stringPart(): void {}

  begin(type: CollectionType): void {
    this.#count(type);
    this.#seen.clear();
    this.#stream = type === "stream" ? new StreamBuilder((reason) => this.#source.fail(reason)) : null;
  }

  listElement(): void {}

  setMember(member: Bytes): void {
    this.#once(member);
  }

  zsetMember(member: Bytes): void {
    this.#once(member);
  }

  hashField(field: Bytes): void {
    this.#once(field);
  }

  #once(member: Bytes): void {
    const seen = this.#seen;
    if (seen.size >= MAX_REMEMBERED) return;
    const before = seen.size;
    if (seen.add(member).size === before) this.#source.fail("the same element twice");
  }

  /** Entries are checked against each other by the decoder: they need not be kept. */
  streamNode(): void {}

  streamHeader(): void {}

  streamGroup(group: DecodedGroup): void {
    this.#stream!.group(group);
  }

  streamPending(id: StreamId, deliveredMs: number, deliveries: Int64): void {
    this.#stream!.pending(id, deliveredMs, deliveries);
  }

  streamConsumer(name: Bytes, seenMs: number): void {
    this.#stream!.consumer(name, seenMs);
  }

  streamOwned(id: StreamId): void {
    this.#stream!.owned(id);
  }

  end(): void {
    this.#stream?.end();
    this.#stream = null;
    this.#seen.clear();
  }
}
