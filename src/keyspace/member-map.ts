import type { Bytes } from "../support/bytes.ts";
import { BytesTable } from "../support/bytes-table.ts";

/** Fewer are near the processor anyway, or soon, and a `Map` keeps them in the order of insertion. */
const FEW = 4096;

/** Members of a large collection. */
export interface WideMembers {
  /** Brings what lookups of these members will need near to the processor: who looks for one after the other waits for each. */
  touch(members: readonly Bytes[]): void;
}

/** Members or fields of a collection with what belongs to each: a `Map`, and of many a table in which many are found together. */
export class MemberMap<V> implements WideMembers {
  #few: Map<Bytes, V> | null = new Map();
  #many: BytesTable<V> | null = null;

  get size(): number {
    return this.#few === null ? this.#many!.size : this.#few.size;
  }

  get(member: Bytes): V | undefined {
    return this.#few === null ? this.#many!.get(member) : this.#few.get(member);
  }

  has(member: Bytes): boolean {
    return this.#few === null ? this.#many!.has(member) : this.#few.has(member);
  }

  set(member: Bytes, value: V): void {
    if (this.#few === null) {
      this.#many!.set(member, value);
      return;
    }
    this.#few.set(member, value);
    if (this.#few.size > FEW && !this.keepsOrder) this.#spread(this.#few);
  }

  /** However many there are, they are to be in the order of insertion. */
  protected get keepsOrder(): boolean {
    return false;
  }

  #spread(few: ReadonlyMap<Bytes, V>): void {
    const many = new BytesTable<V>();
    for (const [member, value] of few) many.add(member, value);
    this.#few = null;
    this.#many = many;
  }

  /** False when it is not there. */
  delete(member: Bytes): boolean {
    return this.#few === null ? this.#many!.delete(member) : this.#few.delete(member);
  }

  /** A few in the order of insertion, many in none. A new array. */
  keys(): Bytes[] {
    return this.#few === null ? this.#many!.keys() : [...this.#few.keys()];
  }

  /** In the same order. It must not be changed meanwhile. */
  [Symbol.iterator](): IterableIterator<[member: Bytes, value: V]> {
    return (this.#few ?? this.#many!)[Symbol.iterator]();
  }

  /** This, when there are so many that it pays to `touch` what will be looked for. */
  get wide(): WideMembers | null {
    return this.#few === null ? this : null;
  }

  touch(members: readonly Bytes[]): void {
    const many = this.#many;
    many?.touch(members, (_, count) => this.valuesTouched(many, count));
  }

  /** Of so many members that were touched the values are to come near as well. */
  protected valuesTouched(_table: BytesTable<V>, _count: number): void {}
}
