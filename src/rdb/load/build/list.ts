import { MIDDLE, elementKey, mayPackList } from "../../../keyspace/list.ts";
import { u64, varint } from "../../../storage/numbers.ts";
import type { Bytes } from "../../../support/bytes.ts";
import { CollectionBuilder } from "./collection.ts";

export class ListBuilder extends CollectionBuilder {
  protected readonly type = "list";
  /** Nothing can be there twice. */
  protected readonly counted = null;
  #values: Bytes[] = [];

  add(value: Bytes): void {
    if (this.isHeld) this.#values.push(value);
    else this.put(elementKey(MIDDLE + this.count), value);
    this.added(value.length, value.length);
  }

  protected spill(): void {
    this.#values.forEach((value, i) => this.put(elementKey(MIDDLE + i), value));
    this.#values = [];
  }

  protected pack(): { readonly flags: number; readonly payload: Bytes } | null {
    if (!mayPackList(this.target.limits, this.count, this.bytes)) return null;
    let payload = varint(this.count);
    for (const value of this.#values) payload += varint(value.length) + value;
    return { flags: 0, payload };
  }

  protected override rangedTail(): Bytes {
    return u64(MIDDLE);
  }
}
