import { fieldKey, mayPackHash, packFields } from "../../../keyspace/hash.ts";
import type { Bytes } from "../../../support/bytes.ts";
import { CollectionBuilder } from "./collection.ts";

export class HashBuilder extends CollectionBuilder {
  protected readonly type = "hash";
  protected readonly counted = { part: "\0", reason: "a hash with a field that is there twice" };
  #fields = new Map<Bytes, Bytes>();

  add(field: Bytes, value: Bytes): void {
    if (this.isHeld) {
      const before = this.#fields.size;
      this.#fields.set(field, value);
      if (this.#fields.size === before) this.target.fail(this.counted.reason);
    } else {
      this.put(fieldKey(field), value);
    }
    this.added(field.length + value.length, Math.max(field.length, value.length));
  }

  protected spill(): void {
    for (const [field, value] of this.#fields) this.put(fieldKey(field), value);
    this.#fields = new Map();
  }

  protected pack(): { readonly flags: number; readonly payload: Bytes } | null {
    if (!mayPackHash(this.target.limits, this.count, this.longest)) return null;
    return { flags: 0, payload: packFields(this.#fields) };
  }
}
