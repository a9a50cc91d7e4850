import type { PackingLimits } from "../../../keyspace/keyspace.ts";
import { RecordFlag } from "../../../keyspace/record.ts";
import { collectionPrefix } from "../../../storage/layout.ts";
import { u64, varint } from "../../../storage/numbers.ts";
import type { Bytes } from "../../../support/bytes.ts";

/** Where values are built into. */
export interface BuildTarget {
  readonly limits: PackingLimits;
  /** For a collection that gets elements of its own. */
  takeId(): number;
  /** `key` with tag and id before it. */
  putElement(key: Bytes, value: Bytes): void;
  /** The value has no elements to come: its record does. */
  closeId(id: number): void;
  /** The elements were more than can be remembered: later it is counted whether none came twice. */
  countLater(count: ElementCount): void;
  fail(reason: string): never;
}

export interface ElementCount {
  readonly gte: Bytes;
  readonly lt: Bytes;
  readonly expected: number;
  /** Where the value begins. */
  readonly offset: number;
  readonly reason: string;
}

/** A record without its head. */
export interface BuiltValue {
  readonly type: "string" | "list" | "set" | "zset" | "hash" | "stream";
  readonly flags: number;
  readonly payload: Bytes;
}

/** What of one collection is in memory at the most, before it goes to elements. */
const MAX_HELD_BYTES = 4 << 20;
const MAX_HELD_ELEMENTS = 32_768;

/**
 * Gathers a collection as long as it is small; then its elements go to the target as they come. At the end it is packed
 * or ranged by the limits that hold for commands.
 */
export abstract class CollectionBuilder {
  protected readonly target: BuildTarget;
  /** Before the keys of elements; null while all of it is held in memory. */
  #prefix: Bytes | null = null;
  #id = 0;
  #hasSpilled = false;
  protected count = 0;
  /** As `Collection.contentBytes`. */
  protected bytes = 0;
  /** Of all fields, members or values. */
  protected longest = 0;

  constructor(target: BuildTarget) {
    this.target = target;
  }

  protected abstract readonly type: BuiltValue["type"];

  /** All that is held goes to `put`, and is not held any longer. */
  protected abstract spill(): void;

  /** The packed record; null when it has to be ranged. */
  protected abstract pack(): { readonly flags: number; readonly payload: Bytes } | null;

  /** The prefix of the elements that are counted, and what more of them than expected says; null: they are not. */
  protected abstract readonly counted: { readonly part: Bytes; readonly reason: string } | null;

  /** What a ranged record has behind id, count and bytes. */
  protected rangedTail(): Bytes {
    return "";
  }

  protected get isHeld(): boolean {
    return this.#prefix === null;
  }

  /** After each element, of so many bytes. */
  protected added(bytes: number, longest: number): void {
    this.count++;
    this.bytes += bytes;
    if (longest > this.longest) this.longest = longest;
    if (this.isHeld && (this.bytes > MAX_HELD_BYTES || this.count > MAX_HELD_ELEMENTS)) {
      this.#hasSpilled = true;
      this.#spread();
    }
  }

  #spread(): void {
    this.#id = this.target.takeId();
    this.#prefix = collectionPrefix(this.#id);
    this.spill();
  }

  put(key: Bytes, value: Bytes): void {
    this.target.putElement(this.#prefix! + key, value);
  }

  /** For what writes, inserts and deletes elements: here all are new. */
  insert(key: Bytes, value: Bytes): void {
    this.put(key, value);
  }

  /** Nothing is ever deleted here. */
  delete(): void {}

  get isEmpty(): boolean {
    return this.count === 0;
  }

  /** `offset` of the value, for errors. */
  finish(offset: number): BuiltValue {
    const { type } = this;
    const packed = this.isHeld ? this.pack() : null;
    if (packed !== null) return { type, ...packed };
    if (this.isHeld) this.#spread();
    const prefix = this.#prefix!;
    const { counted } = this;
    if (this.#hasSpilled && counted !== null) {
      const { part, reason } = counted;
      const gte = prefix + part;
      const lt = prefix + String.fromCharCode(part.charCodeAt(0) + 1);
      this.target.countLater({ gte, lt, expected: this.count, offset, reason });
    }
    this.target.closeId(this.#id);
    const payload = u64(this.#id) + varint(this.count) + varint(this.bytes) + this.rangedTail();
    return { type, flags: RecordFlag.ranged, payload };
  }
}
